"""labcheck as students get it: one zip archive, labcheck.pyz, that Python runs and imports."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from autograder.spec.collection import specified

ARCHIVE = "labcheck.pyz"

_PACKAGE = Path(__file__).resolve().parents[1] / "labcheck"
_MAIN = """\
import sys

if sys.version_info < (3, 11):
    here = "%d.%d" % sys.version_info[:2]
    sys.stderr.write("labcheck.pyz needs Python 3.11 or later, and this is Python " + here + "\\n")
    sys.exit(2)

from labcheck.supervisor import run

run()
"""
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE, _PROGRAM = 3, 0o100644 << 16, 0o100755 << 16


def archive() -> bytes:
    """The bytes of labcheck.pyz, the same whenever they are made with the same zlib."""
    texts = {f"labcheck/{file.name}": _text(file) for file in _PACKAGE.glob("*.py")}
    texts["__main__.py"] = _MAIN
    return zipped({name: text.encode() for name, text in texts.items()})


def zipped(files: Mapping[str, bytes], programs: Collection[str] = ()) -> bytes:
    """A zip with these files, undated; programs: those that may be executed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as opened:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            mode = _PROGRAM if name in programs else _MODE
            entry.create_system, entry.external_attr = _UNIX, mode
            entry.compress_type = zipfile.ZIP_DEFLATED
            opened.writestr(entry, data)
    return made.getvalue()


def _text(file: Path) -> str:
    """A module with line ends as they are on Unix, however git checked it out."""
    return file.read_text(encoding="utf-8")


def add_labcheck(assignment: str, notebooks: Sequence[str] = (), **_: object) -> None:
    """nbgrader's post_convert_hook: labcheck.pyz into release/, where that is a lab of ours."""
    root = course_of(assignment, notebooks)
    if root is not None:
        (root / "release" / assignment / ARCHIVE).write_bytes(archive())


def course_of(assignment: str, notebooks: Sequence[str]) -> Path | None:
    """The course that has an assignment with these notebooks as a lab of ours, if one has.

    nbgrader may work in another folder than that of the course.
    """
    folders = (folder for notebook in notebooks for folder in Path(notebook).resolve().parents)
    return next((folder for folder in folders if specified(assignment, folder)), None)
