"""What one student handed in: the cells of a file, or the reason why there are none."""

from __future__ import annotations

import functools
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.labcheck.reading import (
    CHECK,
    MAX_CELLS,
    MAX_SIZE,
    Cell,
    Given,
    Part,
    Unreadable,
    given_of,
    read_file,
)

__all__ = [
    "CHECK",
    "MAX_CELLS",
    "MAX_SIZE",
    "Cell",
    "Given",
    "Part",
    "Submission",
    "Unreadable",
    "bytes_of",
    "given_in",
    "read",
    "read_bytes",
]


@dataclass(frozen=True)
class Submission:
    """One student's cells, or the reason why there are none.

    notes: what was made of the file, for the top of the report.  parts: all cells of a notebook,
    for the gradebook; empty for a .py.  files: names and texts of the student's own files that the
    program uses.  look_at: why a person should look at what was handed in, or "".  fault: why the
    grader could not read it, which is its own fault, or "".
    """

    student: str
    cells: tuple[Cell, ...] = ()
    problem: str | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    look_at: str = ""
    fault: str = ""

    @property
    def to_judge(self) -> Submission:
        """What is sent to where it is judged."""
        return replace(self, parts=())


def read(path: Path, student: str | None = None, *, given: Given | None = None) -> Submission:
    """The submission in a file; a file that is none has a `problem` that says why.

    given: what was handed out, which is restored.
    """
    name = path.stem if student is None else student
    try:
        raw = bytes_of(path)
    except Unreadable as error:
        return Submission(name, problem=f"unreadable submission: {error}")
    return read_bytes(raw, path.name, name, given=given)


def read_bytes(
    raw: bytes, filename: str, student: str, *, given: Given | None = None
) -> Submission:
    """The submission in the bytes of a file of that name."""
    try:
        found = read_file(raw, filename, given)
    except Unreadable as error:
        return Submission(student, problem=f"unreadable submission: {error}")
    return Submission(student, found.cells, None, found.notes, found.parts, found.files)


def given_in(root: Path, slug: str) -> Given | None:
    """What a course handed out of a lab; None where nothing was released."""
    notebook = root / "release" / slug / f"{slug}.ipynb"
    try:
        status = notebook.stat()
    except OSError:
        return None
    return _given(notebook, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=32)
def _given(notebook: Path, changed: int, size: int) -> Given:
    return given_of(notebook.read_bytes())


def bytes_of(path: Path) -> bytes:
    """What an ordinary file of at most 20 MB holds, no link followed.  Raises Unreadable."""
    try:
        with open(path, "rb", opener=_opened) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable("it is not an ordinary file")
            raw = file.read(MAX_SIZE + 1)
    except IsADirectoryError:
        raise Unreadable("it is a folder") from None
    except OSError as error:
        if path.is_symlink():
            raise Unreadable("it is a symbolic link") from None
        raise Unreadable((error.strerror or "it cannot be read").lower()) from None
    if len(raw) > MAX_SIZE:
        raise Unreadable("it is larger than 20 MB")
    return raw


def _opened(path: str, flags: int) -> int:
    """A handle that follows no link and waits for nobody at the other end of a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
