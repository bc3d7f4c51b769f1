"""A root folder of one's own: of the whole machine only the libraries, read-only, can be seen.

Where the fork server may mount, it moves in here before its first fork; a worker then cannot
even ask whether a file of the course exists, and libraries in a private home become readable for
other users.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from . import kernel
from .landlock import Allowed

PLACES = 64
"""How many scratch folders there can be."""


def own_mounts() -> bool:
    """Enter a mount namespace of one's own, through a user namespace for an ordinary user.

    False where the system does not allow it; then nothing has changed.
    """
    if not works_in_a_child(_enter):
        return False
    _enter()
    return True


def works_in_a_child(step: Callable[[], None]) -> bool:
    """Whether a step works, tried in a process that does nothing else."""
    pid = os.fork()
    if pid == 0:
        try:
            step()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _enter() -> None:
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        kernel.unshare(kernel.CLONE_NEWNS)
    else:
        kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    kernel.make_mounts_private()
    kernel.mount_tmpfs("/tmp", "size=64k")
    kernel.unmount("/tmp")


def move_in(folder: str, allowed: Allowed) -> bool:
    """Make a root in `folder` that shows what workers may read, and change into it for good.

    The scratch folders ``folder/0`` … are in it, to be mounted upon.  False where the system does
    not allow it; then nothing has changed.  Needs `own_mounts`.
    """

    def trial() -> None:
        kernel.unshare(kernel.CLONE_NEWNS)
        _move(folder, allowed)

    if not works_in_a_child(trial):
        return False
    _move(folder, allowed)
    return True


def _move(folder: str, allowed: Allowed) -> None:
    root = Path(folder) / "root"
    root.mkdir(exist_ok=True)
    kernel.mount_tmpfs(str(root), "size=1m,mode=755")
    library = allowed.listed[0]
    readable = set(allowed.readable)
    _show(library, root)
    for entry in Path(library).iterdir():
        if str(entry) not in readable and not entry.is_symlink():
            _cover(_inside(root, str(entry)))
    packages = tuple(f"{folder}/" for folder in allowed.listed[1:])
    for path in allowed.readable:
        if not path.startswith(library + "/") or path.startswith(packages):
            _show(path, root)
    for number in range(PLACES):
        (_inside(root, folder) / str(number)).mkdir(parents=True)
    kernel.make_read_only(str(root))
    kernel.change_root(str(root))


def _inside(root: Path, path: str) -> Path:
    return root / path.removeprefix("/")


def _show(path: str, root: Path) -> None:
    """Bind a file or folder to the same path in the root."""
    target = _inside(root, path)
    if Path(path).is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    kernel.bind(path, str(target))


def _cover(path: Path) -> None:
    """Lay nothing over a file or folder."""
    if path.is_dir():
        kernel.mount_tmpfs(str(path), "size=4k,mode=755")
    else:
        kernel.bind("/dev/null", str(path))
