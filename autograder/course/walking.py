"""The files below a folder that somebody else has filled: no link is followed, and it has an end.

Folders and files are opened by their names in the folder that is open, never by a path, into which
a link may have been put meanwhile; and what has been opened is looked at once more.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.judge.submission import MAX_SIZE, Unreadable
from autograder.pages.naming import told

DEPTH = 5
"""How many folders deep is looked."""
ENTRIES = 2000
"""How many files and folders are looked at; the uppermost first."""
MOST_TOLD = 20
"""How many of the files that were left out are told, each with its reason."""

LINK, NO_FILE = "it is a symbolic link", "it is not an ordinary file"
FOREIGN = "it is a hard link to a file of somebody else"
SORTS = {
    stat.S_IFLNK: LINK,
    stat.S_IFIFO: "it is a pipe",
    stat.S_IFSOCK: "it is a socket",
    stat.S_IFCHR: "it is a device",
    stat.S_IFBLK: "it is a device",
    stat.S_IFDIR: "it is a folder",
}


def _flags(*names: str) -> int:
    """What os.open is told; a system that lacks one of these grades nobody."""
    return os.O_RDONLY | sum(getattr(os, name, 0) for name in names)


_FOLDER = _flags("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC")
_FILE = _flags("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC")

Refuse = Callable[[os.stat_result], str]
"""Why a file with this status is not taken, or ""."""


@dataclass(frozen=True)
class Entry:
    """What lies below a folder, and is no folder.  name: from there, "/" between folders."""

    name: str
    status: os.stat_result

    @property
    def is_file(self) -> bool:
        """Whether it is an ordinary file."""
        return stat.S_ISREG(self.status.st_mode)

    @property
    def sort(self) -> str:
        """What it is, where it is no ordinary file."""
        return SORTS.get(stat.S_IFMT(self.status.st_mode), NO_FILE)


@dataclass
class Walk:
    """What was found.  left_out: names, each with why.

    full: whether there are more than were asked for; more: or whether some lie too deep.
    """

    entries: list[Entry] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    full: bool = False
    more: bool = False


def walk(
    folder: Path,
    most: int = ENTRIES,
    deep: int = DEPTH,
    enter: Callable[[str], bool] = lambda name: True,
) -> Walk:
    """What lies in a folder and below it, the uppermost first; a folder that is none has nothing.

    enter: whether to look into a folder of this name.
    """
    found, level, left = Walk(), [""], most
    for depth in range(deep + 1):
        below: list[str] = []
        for place in level:
            if depth == deep:
                found.left_out[place.rstrip("/")] = f"it is more than {deep} folders deep"
                continue
            for name, status in _listed(folder, place, left, found):
                left -= 1
                if not stat.S_ISDIR(status.st_mode):
                    found.entries.append(Entry(f"{place}{name}", status))
                elif enter(name):
                    below.append(f"{place}{name}/")
        level = below
    found.full = left <= 0
    found.more = found.full or any("deep" in why for why in found.left_out.values())
    return found


def _listed(folder: Path, place: str, most: int, found: Walk) -> list[tuple[str, os.stat_result]]:
    """The entries of one folder, sorted by name; no more are read than are asked for."""
    if most <= 0:
        return []
    try:
        with _folder(folder, place) as opened, os.scandir(opened) as entries:
            few = itertools.islice(entries, most)
            listed = [(entry.name, entry.stat(follow_symlinks=False)) for entry in few]
    except OSError as error:
        found.left_out[place.rstrip("/") or "."] = why(error)
        return []
    return sorted(listed, key=lambda one: one[0])


@contextlib.contextmanager
def _folder(top: Path, place: str) -> Iterator[int]:
    """A folder below another one, opened step by step."""
    opened = os.open(top, _FOLDER)
    try:
        for name in filter(None, place.split("/")):
            if name in (".", ".."):
                raise OSError(errno.EINVAL, "it leads out of its folder")
            inner = os.open(name, _FOLDER, dir_fd=opened)
            os.close(opened)
            opened = inner
        yield opened
    finally:
        os.close(opened)


@contextlib.contextmanager
def opened_below(top: Path, name: str, refuse: Refuse | None = None) -> Iterator[int]:
    """An ordinary file below a folder, opened to be read.  Raises Unreadable, OSError."""
    place, _, last = name.rpartition("/")
    with _folder(top, place) as folder:
        opened = os.open(last, _FILE, dir_fd=folder)
    try:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is a folder" if stat.S_ISDIR(status.st_mode) else NO_FILE)
        reason = refuse(status) if refuse else ""
        if reason:
            raise Unreadable(reason)
        yield opened
    finally:
        os.close(opened)


def status_below(top: Path, name: str) -> os.stat_result | None:
    """The status of what lies below a folder under this name, or None."""
    place, _, last = name.rpartition("/")
    try:
        with _folder(top, place) as folder:
            return os.stat(last, dir_fd=folder, follow_symlinks=False)
    except (OSError, ValueError):
        return None


def bytes_below(top: Path, name: str, refuse: Refuse | None = None) -> bytes:
    """What an ordinary file of at most 20 MB below a folder holds.  Raises Unreadable."""
    try:
        with opened_below(top, name, refuse) as opened:
            raw = read_at_most(opened, MAX_SIZE + 1)
    except (OSError, ValueError) as error:
        raise Unreadable(why(error)) from None
    if len(raw) > MAX_SIZE:
        raise Unreadable("it is larger than 20 MB")
    return raw


def read_at_most(opened: int, most: int) -> bytes:
    """The beginning of an open file."""
    with open(opened, "rb", closefd=False) as file:
        return file.read(most)


def why(error: OSError | ValueError) -> str:
    """Why something could not be opened, in words."""
    if isinstance(error, ValueError):
        return "its name is none"
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return LINK
    if error.errno == errno.ENXIO:
        return NO_FILE
    if error.errno == errno.ENOTDIR:
        return "a part of its path is a link, or no folder"
    return (error.strerror or "it cannot be read").lower()


def refuse_foreign(owner: int) -> Refuse:
    """Refuses what else is a file of another user's than the owner of the folder that it is in.

    Where all files belong to one user, a hard link cannot be told from the file itself.
    """

    def refuse(status: os.stat_result) -> str:
        return FOREIGN if status.st_nlink > 1 and status.st_uid != owner else ""

    return refuse


def link_in(folder: Path, top: Path) -> str:
    """The first part of a path, below a folder that is trusted, that is a link; or ""."""
    try:
        parts = folder.absolute().relative_to(top.absolute()).parts
    except ValueError:
        return folder.name if folder.is_symlink() else ""
    place = top
    for part in parts:
        place = place / part
        if place.is_symlink():
            return str(place.relative_to(top))
    return ""


def sentences(left_out: dict[str, str]) -> Iterator[str]:
    """What was left out, a line each, as many as are read."""
    for name, reason in itertools.islice(left_out.items(), MOST_TOLD):
        yield f"{told(name)} was left out: {reason}"
    if len(left_out) > MOST_TOLD:
        yield f"and {len(left_out) - MOST_TOLD} more were left out"
