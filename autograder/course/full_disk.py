"""Whether a disk is full, whatever library says so, and the one sentence about it."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator

from autograder.sandbox.errors import GraderFault

NUMBERS = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
SQLITE_FULL = 13
_WORDS = "|".join(re.escape(os.strerror(number)) for number in NUMBERS) + "|disk is full"
_LINE = re.compile(rf"^(?:OSError|[\w.]*(?:OperationalError|InvalidEntry)): .*(?:{_WORDS})", re.M)
"""The line of a traceback, as text, in which an error is told."""


class DiskFull(GraderFault):
    """There is no room to write what is to be kept."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the disk is full: {what} cannot be written; make room and run this again, "
            "all that was kept is as it was"
        )


def disk_full(error: BaseException, what: str, logged: Iterable[str] = ()) -> DiskFull | None:
    """What to raise where an error, or what it comes from, is that a disk is full.

    what: what was written, where the error does not name it.  logged: texts of errors that a
    library has logged and not handed on.
    """
    for one in _chain(error):
        if isinstance(one, DiskFull):
            return one
        if isinstance(one, OSError) and one.errno in NUMBERS:
            return DiskFull(str(one.filename or what))
        if isinstance(one, sqlite3.Error) and _code(one) == SQLITE_FULL:
            return DiskFull(what)
    return DiskFull(what) if any(map(_LINE.search, logged)) else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _code(error: sqlite3.Error) -> int | None:
    return getattr(error, "sqlite_errorcode", None)
