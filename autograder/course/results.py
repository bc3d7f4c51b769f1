"""Judgements kept by content, so that a submission is judged once: results/<lab>/.

reports/<key>.json   one report, under a digest of all that determines it
class/<name>.json    which report is a student's latest, and how far the gradebook knows it
No name of a student is ever part of a path.
"""

from __future__ import annotations

import ast
import contextlib
import datetime
import hashlib
import hmac
import json
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder.judge.report import LabReport
from autograder.judge.submission import Submission
from autograder.spec.retracted import Retraction

FIRST = ("judge/grader.py", "judge/submission.py")
"""Where a judgement begins; what these import determines it too."""

LIBRARIES = ("ipython", "numpy", "torch", "safetensors")
FILE, FOLDER = 0o640, 0o750
"""The modes of what holds names or marks: for its owner, and for the group to read."""
DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError)
"""What reading a file that is not as it was written raises."""


@dataclass(frozen=True)
class Entry:
    """A student's latest submission: its report's key, and the booking that was made of it.

    content: a digest of what was handed in; "" where an earlier version has kept it.
    """

    student: str
    key: str
    booked: str = ""
    content: str = ""


class Results:
    """What is kept of one lab; every file is written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def report(self, key: str) -> LabReport | None:
        """The report under a key; None where there is none that can be read."""
        try:
            return LabReport.from_json(json.loads(self._report(key).read_text("utf-8")))
        except DAMAGED:
            return None

    def keep(self, key: str, report: LabReport) -> None:
        """Keep a report under its key."""
        text = json.dumps(report.to_json(whole=True), ensure_ascii=False, separators=(",", ":"))
        write_whole(self._report(key), text)

    def assign(self, entry: Entry) -> None:
        """Make a report the latest of a student."""
        write_whole(self._entry(entry.student), json.dumps(asdict(entry)))

    def entry(self, student: str) -> Entry | None:
        """A student's entry; None where there is none that can be read."""
        return _entry_in(self._entry(student))

    def forget(self, student: str) -> None:
        """Take a student who handed nothing in, after all, out of the class."""
        self._entry(student).unlink(missing_ok=True)

    def entries(self) -> list[Entry]:
        """The class, sorted by name."""
        entries = map(_entry_in, (self.folder / "class").glob("*.json"))
        return sorted(filter(None, entries), key=lambda entry: entry.student)

    def latest(self) -> Iterator[LabReport]:
        """The latest report of every student, one in memory at a time."""
        for entry in self.entries():
            if report := self.report(entry.key):
                yield report

    def judged_at(self) -> dict[str, datetime.datetime]:
        """When the latest report of each student was written, in UTC."""
        found = {}
        for entry in self.entries():
            with contextlib.suppress(OSError):
                seconds = self._report(entry.key).stat().st_mtime
                found[entry.student] = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        return found

    def _report(self, key: str) -> Path:
        return self.folder / "reports" / f"{key}.json"

    def _entry(self, student: str) -> Path:
        return self.folder / "class" / f"{digest(student)[:32]}.json"


def _entry_in(file: Path) -> Entry | None:
    try:
        data = json.loads(file.read_text("utf-8"))
        same = {name: str(data[name]) for name in ("student", "key", "booked")}
        return Entry(**same, content=str(data.get("content", "")))
    except DAMAGED:
        return None


def kept(root: Path, slug: str) -> Results:
    """What is kept of a lab in a course folder."""
    return Results(root / "results" / slug)


def booked_once(root: Path) -> set[str]:
    """Everybody of whom the gradebook has had a report of any lab that is kept."""
    files = (root / "results").glob("*/class/*.json")
    return {entry.student for entry in map(_entry_in, files) if entry and entry.booked}


def key_of(submission: Submission, fingerprint: str) -> str:
    """The digest under which the report of a submission is kept.

    The student's name is in it: hidden inputs are drawn by name.
    """
    cells = [[cell.source, cell.file, cell.offset, cell.extra] for cell in submission.cells]
    name, problem, notes = submission.student, submission.problem, list(submission.notes)
    rest = [list(submission.files), submission.look_at]
    return digest(json.dumps([fingerprint, name, problem, notes, cells, rest]))


def content_of(submission: Submission) -> str:
    """A digest of a submission alone, whatever it is judged by."""
    return key_of(submission, "")


def fingerprint(
    slug: str,
    root: Path,
    secret: bytes,
    isolation: str,
    device: str,
    taken: Sequence[Retraction] = (),
) -> str:
    """A digest of all that determines a verdict apart from the submission itself.

    taken: the cases that were taken back.
    """
    files = [
        *sources_of(Path(__file__).resolve().parents[1]),
        *sorted((root / "exercises" / slug).glob("*.py")),
        root / "solutions" / f"{slug}.py",
    ]
    determining = [
        slug,
        isolation,
        device,
        platform.python_version(),
        hmac.digest(secret, b"which secret this is", "sha256").hex(),
        *(f"{name} {_version(name)}" for name in LIBRARIES),
        *(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files),
        *([one.exercise, one.case, one.why] for one in taken),
    ]
    return digest(json.dumps(determining))


def sources_of(package: Path) -> list[Path]:
    """The modules of this package that a judgement runs, found by following imports.

    The sandbox is taken whole, for its processes start modules by name.
    """
    todo = [package / name for name in FIRST] + sorted((package / "sandbox").glob("*.py"))
    files: set[Path] = set()
    while todo:
        file = todo.pop()
        if file not in files:
            files.add(file)
            todo += _imported(file, package)
    return sorted(files)


def _imported(file: Path, package: Path) -> Iterator[Path]:
    for node in _imports(ast.parse(file.read_text("utf-8"))):
        module = node.module or ""
        if node.level:
            folder = file.parents[node.level - 1]
        elif f"{module}.".startswith("autograder."):
            folder, module = package, module.removeprefix("autograder").lstrip(".")
        else:
            continue
        named = folder.joinpath(*module.split(".")) if module else folder
        for path in (named, *(named / alias.name for alias in node.names)):
            yield from filter(Path.is_file, (path.with_suffix(".py"), path / "__init__.py"))


def _imports(node: ast.AST) -> Iterator[ast.ImportFrom]:
    """The imports from modules below a node; no expression holds one, so none is looked at."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom):
            yield child
        elif not isinstance(child, ast.expr):
            yield from _imports(child)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def digest(text: str) -> str:
    """The SHA-256 of a text, as hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def write_whole(path: Path, text: str | bytes, *, mode: int = FILE) -> None:
    """Write a whole file or nothing: beside it first, then renamed.

    It holds names and marks: others cannot read it.  Raises OSError, which names the file.
    """

    def opened(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_EXCL, mode)

    make_folder(path.parent)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.unlink(missing_ok=True)  # of a run that was killed
        with open(beside, "wb", opener=opened) as file:
            file.write(text if isinstance(text, bytes) else text.encode("utf-8"))
        beside.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        beside.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, into which others cannot look; what is there stays."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=FOLDER, exist_ok=True)
