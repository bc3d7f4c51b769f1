"""A student's own files that a program names: imported, run, or opened by a literal name."""

from __future__ import annotations

import ast
import functools
import importlib.machinery
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.course.candidates import NOBODYS, File, is_hidden, on_disk
from autograder.judge.submission import Submission, Unreadable
from autograder.labcheck.bounds import with_short_runs
from autograder.labcheck.forbidden import parsed
from autograder.labcheck.reading import own_files, text_of

MOST, MOST_TRIED = 50, 1000
TOTAL = 256 * 2**10
"""How many bytes such files may hold together."""
LONGEST = 200
DEEPEST = 20
"""How many packages deep a module of a student's may lie."""
OURS = frozenset(("autograder", "labcheck", "solutions", "exercises", "submission", "__main__"))
"""Modules of which a file beside a hand-in is never taken for one."""
RUNS = frozenset(("run_line_magic", "magic", "run_path", "import_module", "__import__"))
"""Functions whose argument may name a module without its suffix, or after options."""


@dataclass(frozen=True)
class Companions:
    """files: names and texts, those that the program writes itself first.  found: what was read.

    notes: which these are, and which are left out.
    """

    files: tuple[tuple[str, str], ...] = ()
    found: tuple[File, ...] = ()
    notes: tuple[str, ...] = ()


def companions(
    file: File, submission: Submission, handed_out: Path, never: Collection[Path] = ()
) -> Companions:
    """What of the files beside a hand-in its program names, and what these name in turn.

    handed_out: the folder of the release; what is there counts as it is there.  never: files that
    belong to somebody else, as whole paths.
    """
    gathered = _Gathered(file, handed_out, frozenset(never), dict(submission.files))
    for cell in submission.cells:
        gathered.follow(cell.source, "")
    for name, text in own_files(submission.files).items():
        gathered.follow(text, name)
    return gathered.told()


class _Gathered:
    """Files as they are found, each followed for what it names itself."""

    def __init__(
        self, file: File, handed_out: Path, never: frozenset[Path], files: dict[str, str]
    ) -> None:
        self._beside, self._self, self._never = file.beside, file.last, never
        self._released: Callable[[str], File | None] = on_disk(handed_out / "any").beside
        self._files, self._written = files, frozenset(files)
        self._found: list[File] = []
        self._left_out: list[str] = []
        self._tried: set[str] = set()
        self._size = 0

    def follow(self, source: str, name: str) -> None:
        """Take what the source names; name: the file that it is in, "" for the program itself."""
        todo = [(source, name)]
        while todo:
            text, inside = todo.pop()
            for wanted in _named(text, str(PurePosixPath(inside).parent) if inside else "."):
                if self._take(wanted):
                    code = own_files([(wanted, self._files[wanted])])
                    todo += [(text, wanted) for text in code.values()]

    def _take(self, name: str) -> bool:
        """Whether there is a file of this name that is new."""
        if len(name) > LONGEST or len(self._tried) >= MOST_TRIED:
            return False
        if name in self._tried or name in self._written:
            return False
        self._tried.add(name)
        last = name.rpartition("/")[2]
        released = self._released(name)
        if last in NOBODYS or (released and last.endswith(".ipynb")):
            return False
        file = released or self._beside(name)
        if file is None or (released is None and self._is_not_own(file, name)):
            return False
        try:
            raw = file.read() if file.size <= TOTAL else b""
            text = with_short_runs(text_of(raw, script=last.endswith(".py")))
        except (Unreadable, UnicodeError):
            self._left_out.append(f"{last} is no text")
            return False
        self._size += max(file.size, len(raw))
        if self._size > TOTAL or len(self._files) >= MOST:
            self._size -= max(file.size, len(raw))
            self._left_out.append(last)
            return False
        self._files[name] = text
        if released is None:
            self._found.append(file)
        return True

    def _is_not_own(self, file: File, name: str) -> bool:
        return name == self._self or (file.path is not None and whole(file.path) in self._never)

    def told(self) -> Companions:
        """What was found."""
        notes = []
        if self._found:
            notes.append(f"read with it: {', '.join(file.last for file in self._found)}")
        if self._left_out:
            notes.append(
                f"left out: {', '.join(self._left_out)} (at most {MOST} text files of "
                f"{TOTAL // 2**10} KB together are taken along)"
            )
        return Companions(tuple(self._files.items()), tuple(self._found), tuple(notes))


def whole(path: Path) -> Path:
    """A path from the root without links, as far as these lead anywhere."""
    return Path(os.path.realpath(path))


# -- what a text names ---------------------------------------------------------------------------


def _named(source: str, folder: str) -> Iterator[str]:
    """Names of files that Python in this folder of the hand-in imports, runs or opens, perhaps."""
    module = parsed(source)
    for node in ast.walk(module) if module else ():
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield from _modules(alias.name)
            case ast.ImportFrom(module=head, names=names, level=level):
                yield from _imported_from(head, [alias.name for alias in names], level, folder)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in RUNS:
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield from _run(argument.value)
            case ast.Constant(value=str(text)):
                yield from _file(text)


def _modules(dotted: str) -> Iterator[str]:
    """The files that an import by this name reads."""
    parts = dotted.split(".", DEEPEST)
    if len(parts) <= DEEPEST and is_own(parts[0]):
        for size in range(1, len(parts) + 1):
            yield from _module("/".join(parts[:size]))


def _module(path: str) -> tuple[str, str]:
    return f"{path}.py", f"{path}/__init__.py"


def _imported_from(
    head: str | None, names: Collection[str], level: int, folder: str
) -> Iterator[str]:
    if head and len(head) > LONGEST:
        return
    if not level:
        for dotted in (head or "", *(f"{head}.{name}" for name in names)):
            yield from _modules(dotted)
        return
    parts = [part for part in folder.split("/") if part != "."]
    if level - 1 > len(parts):
        return
    base = parts[: len(parts) - level + 1] + (head.split(".") if head else [])
    for path in (base, *([*base, name] for name in names)):
        if path:
            yield from _module("/".join(path))


def _run(text: str) -> Iterator[str]:
    """``%run -i file`` and ``import_module("name")``."""
    last = (text.split() or [""])[-1].strip("'\"")
    yield from _file(last)
    if re.fullmatch(r"\w+(\.\w+)*", last):
        yield from _modules(last)


def _file(text: str) -> Iterator[str]:
    """The text, if it can be the relative name of a file."""
    if not 0 < len(text) <= LONGEST or not text.isprintable() or "." not in text[1:-1]:
        return
    path = PurePosixPath(text.replace("\\", "/"))
    if not path.is_absolute() and path.parts and not any(map(is_hidden, path.parts)):
        yield str(path)


@functools.lru_cache(maxsize=4096)
def is_own(module: str) -> bool:
    """Whether a module of this name may be a student's: it is neither Python's nor installed."""
    if not module or module in OURS or module in sys.stdlib_module_names:
        return False
    places = sorted({sysconfig.get_path(name) for name in ("purelib", "platlib")})
    return importlib.machinery.PathFinder.find_spec(module, places) is None
