"""Scratch folders: the only place where a worker can write, bounded, and emptied after each.

Where this process may mount, each folder is a small file system in memory in a mount namespace
of its own, gone with the process, whatever ends it.  Elsewhere it is a plain folder that the
judge watches.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from . import kernel

SIZE, FILES = "32m", 512


class Scratch:
    """Hands out folders by number; a folder that cannot be emptied is never used again."""

    def __init__(self, folder: str, mounts: bool) -> None:
        self.folder, self.mounts = folder, mounts
        self._count = 0

    def make(self, uids: list[int]) -> tuple[str, int]:
        """A new, empty folder: (path, its owner's uid), one of `uids`, or this process's own."""
        number, self._count = self._count, self._count + 1
        path = Path(self.folder) / str(number)
        uid = uids[number % len(uids)] if uids else os.geteuid()
        if not path.is_dir():
            path.mkdir(mode=0o700)
        foreign = uid != os.geteuid()
        if self.mounts:
            user = f",uid={uid},gid={uid}" if foreign else ""
            kernel.mount_tmpfs(str(path), f"size={SIZE},nr_inodes={FILES},mode=700{user}")
        elif foreign:
            os.chown(path, uid, uid)
        return str(path), uid

    def empty(self, path: str) -> bool:
        """Remove all that is in a folder; False where something stays, which retires it."""
        try:
            clear(Path(path))
        except OSError:
            if self.mounts:
                kernel.unmount(path)
            return False
        return True


def clear(folder: Path) -> None:
    """Remove all that is in a folder, however deep and whatever its modes.  Raises OSError.

    Folders are moved up before they are looked into, so that no path gets long.
    """
    pending, number, prefix = [folder], 0, secrets.token_hex(8)
    while pending:
        place = pending.pop()
        with os.scandir(place) as listed:
            entries = list(listed)
        for entry in entries:
            path = Path(entry.path)
            if not entry.is_dir(follow_symlinks=False):
                path.unlink()
                continue
            number += 1
            path.chmod(0o700)
            pending.append(path.rename(folder / f"{prefix}{number}"))
        if place != folder:
            place.rmdir()
