"""A folder that somebody else has filled, copied: ordinary files, so many, so large, so deep."""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course.walking import ENTRIES, Refuse, opened_below, refuse_foreign, walk, why
from autograder.judge.submission import Unreadable
from autograder.pages.naming import is_line, told

DEPTH = 20
CHUNK = 2**20


@dataclass(frozen=True)
class Limits:
    """What of a folder is copied.

    ignore, include: patterns of names, as nbgrader has them.  largest, total: bytes of a file and
    of all.  modes: of what is made.  wanted: more reasons to leave a file out, by its name.
    """

    ignore: Collection[str] = ()
    include: Collection[str] = ("*",)
    largest: int = 100_000_000
    total: int = 100_000_000
    entries: int = ENTRIES
    deep: int = DEPTH
    file_mode: int = 0o644
    folder_mode: int = 0o755
    wanted: Callable[[str], str] = lambda name: ""


def copied(source: Path, target: Path, limits: Limits) -> dict[str, str]:
    """Copy what can be copied into a folder that is there; what was left out, and why.

    Raises OSError where the source is no folder, or nothing can be written.
    """
    owner = _owner(source)
    enter = lambda name: not _is_any(name, limits.ignore)  # noqa: E731
    found = walk(source, limits.entries, limits.deep, enter)
    left_out, total = dict(found.left_out), 0
    for entry in found.entries:
        name, size = entry.name, entry.status.st_size
        last = name.rpartition("/")[2]
        if _is_any(last, limits.ignore) or not _is_any(last, limits.include):
            continue
        reason = _too_much(size, total, limits) if entry.is_file else entry.sort
        reason = reason or limits.wanted(name)
        if reason:
            left_out[name] = reason
            continue
        try:
            total += _copy(source, name, target, limits, refuse_foreign(owner))
        except Unreadable as error:
            left_out[name] = str(error)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise
            left_out[name] = why(error)
    if found.full:
        left_out = {"some of it": f"there are more than {limits.entries} files"} | left_out
    return left_out


def _owner(source: Path) -> int:
    status = source.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "it is a link, or no folder", str(source))
    return status.st_uid


def _is_any(name: str, patterns: Collection[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _too_much(size: int, total: int, limits: Limits) -> str:
    if size > limits.largest:
        return f"it is larger than {limits.largest / 1e6:g} MB"
    if total + size > limits.total:
        return f"it would be more than {limits.total / 1e6:g} MB with what comes before"
    return ""


def _copy(source: Path, name: str, target: Path, limits: Limits, refuse: Refuse) -> int:
    """Copy one file; how large it was.  A name that is no text is written as it is told."""
    written = target / (name if is_line(name) else told(name).replace("\\", "_"))
    _folders(target, written.parent, limits.folder_mode)
    with opened_below(source, name, refuse) as opened:
        status = os.fstat(opened)
        size = 0
        try:
            with open(written, "xb", opener=_new) as file:
                while chunk := os.read(opened, CHUNK):
                    size += len(chunk)
                    if size > limits.largest:
                        raise Unreadable("it grew while it was read")
                    file.write(chunk)
                os.fchmod(file.fileno(), limits.file_mode)
        except Unreadable:
            written.unlink()
            raise
        os.utime(written, ns=(status.st_mtime_ns, status.st_mtime_ns))
    return size


def _new(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _folders(top: Path, folder: Path, mode: int) -> None:
    if folder != top and not folder.is_dir():
        _folders(top, folder.parent, mode)
        folder.mkdir()
        folder.chmod(mode)


@contextlib.contextmanager
def replaced(target: Path, mode: int = 0o755) -> Iterator[Path]:
    """A new folder that takes the place of another as a whole once it is filled, or not at all."""
    mark = secrets.token_hex(4)
    new, old = (target.with_name(f".{target.name}.{what}-{mark}") for what in ("new", "old"))
    target.parent.mkdir(parents=True, exist_ok=True)
    new.mkdir(mode=0o700)
    try:
        yield new
        new.chmod(mode)
        there = os.path.lexists(target)
        if there:
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if there:
                old.rename(target)
            raise
        if there:
            _remove(old)
    finally:
        if new.exists():
            _remove(new)


def _remove(folder: Path) -> None:
    """All of a folder, and of a link only that."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink()
    else:
        shutil.rmtree(folder)
