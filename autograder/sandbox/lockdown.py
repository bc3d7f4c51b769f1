"""Everything that is done to a worker between its fork and its first request, layer by layer.

What can be prepared is prepared once, in the fork server; a worker only puts it into force.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import kernel, landlock, mounts, syscalls
from .scratch import Scratch

CPU_SECONDS = 3600
FILE_BYTES = 16 * 2**20
OPEN_FILES, PROCESSES = 64, 64
NICE = 5
FIRST_UID = 1_000_000_000
NOBODY = 65_534


@dataclass
class Slot:
    """A worker's place: its scratch folder, its user, and its prepared Landlock rules, if any."""

    path: str
    uid: int
    rules: Any


class Walls:
    """The layers as far as this machine has them; `report` says which."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.walled, self.device = config["isolation"] == "walls", config["device"]
        self.proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        without = config["without"]
        self.landlock, self.no_landlock = landlock.version()
        if "Landlock" in without:
            self.landlock, self.no_landlock = 0, "left out"
        self.allowed = landlock.allowed_paths(
            config["site"], config["arrays"], self.device, config["course"]
        )
        self.program, self.maker = syscalls.program(self.device, without)
        may_mount = "mounts" not in without and mounts.own_mounts()
        own_root = may_mount and self.walled and self.device == "cpu" and "root" not in without
        self.hidden = own_root and mounts.move_in(config["folder"], self.allowed)
        self.uids = _usable_uids(self.allowed, config["folder"])
        self.scratch = Scratch(config["folder"], may_mount)
        self._free: list[Slot] = [self._slot()]

    def report(self) -> dict[str, Any]:
        """What the judge needs to know about the layers here; "no_…" says why not."""
        return {
            "landlock": self.landlock,
            "no_landlock": self.no_landlock,
            "seccomp": self.maker if self.program else "",
            "no_seccomp": "" if self.program else self.maker,
            "no_hiding": "" if self.hidden else "a worker can ask whether a file exists",
            "other_user": bool(self.uids),
            "mounts": self.scratch.mounts,
        }

    def _slot(self) -> Slot:
        path, uid = self.scratch.make(self.uids)
        rules = landlock.ruleset(self.allowed, path) if self.walled and self.landlock else None
        return Slot(path, uid, rules)

    def take(self) -> Slot:
        """A free place with an empty scratch folder.  Raises OSError where there is none left."""
        return self._free.pop() if self._free else self._slot()

    def close_others(self, own: Slot, taken: Iterable[Slot]) -> None:
        """In a worker: close the rules of all other places, while their descriptors are theirs."""
        for slot in (*self._free, *taken):
            if slot is not own and slot.rules is not None:
                slot.rules.close()

    def outside(self, slot: Slot) -> str | None:
        """The folder that the judge has to watch, where nothing else bounds it."""
        return None if self.scratch.mounts else slot.path

    def give_back(self, slot: Slot) -> None:
        """Empty a place for the next worker, or retire it."""
        if self.scratch.empty(slot.path):
            self._free.append(slot)
        elif slot.rules is not None:
            slot.rules.close()

    def own(self, name: str) -> str:
        """The text of a file in this process's own folder of /proc, wherever its root is."""
        with open(os.open(f"self/{name}", os.O_RDONLY, dir_fd=self.proc)) as file:  # noqa: PTH123
            return file.read()

    def threads(self) -> int:
        """How many threads this process has."""
        fd = os.open("self/task", os.O_RDONLY, dir_fd=self.proc)
        try:
            return len(os.listdir(fd))  # noqa: PTH208
        finally:
            os.close(fd)

    def apply(self, slot: Slot, fds: list[int], memory: int) -> tuple[int, int]:
        """Lock this process, for good: (requests, responses), its only pipes.

        fds: requests, responses, output.  memory: bytes over those it has now.
        Raises OSError where a layer cannot be put into force.
        """
        os.setsid()
        size = int(self.own("statm").split()[0]) * os.sysconf("SC_PAGE_SIZE")
        self._yield_to_others()
        _place_descriptors(fds, slot.rules.fileno() if slot.rules is not None else -1)
        kernel.die_with_parent()
        _own_environment(slot.path)
        _limit(size + memory, self.device, private=slot.uid >= FIRST_UID)
        if slot.uid != os.geteuid():
            _become(slot.uid)
        kernel.drop_capabilities()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        kernel.die_with_parent()
        if os.getppid() != self.config["forkserver"]:
            os._exit(0)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS)
        if self.walled:
            self._restrict(slot)
        return 3, 4

    def _restrict(self, slot: Slot) -> None:
        if slot.rules is not None:
            landlock.enforce(slot.rules)
        if self.program:
            kernel.install_filter(self.program)

    def _yield_to_others(self) -> None:
        """Last in line for the processor, first in line when memory runs out."""
        os.nice(NICE)
        with contextlib.suppress(OSError):
            kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
            fd = os.open("self/oom_score_adj", os.O_WRONLY, dir_fd=self.proc)
            os.write(fd, b"1000")


def prepare(config: dict[str, Any]) -> Walls:
    """The layers for workers of this fork server, which itself becomes harder to look into."""
    config["forkserver"] = os.getpid()
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER)
    walls = Walls(config)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    return walls


def _usable_uids(allowed: landlock.Allowed, home: str) -> list[int]:
    """Users to become, one per place; none where this is not root or the libraries need root."""
    if os.geteuid() != 0:
        return []
    first = FIRST_UID + os.getpid() * mounts.PLACES
    for uids in (list(range(first, first + mounts.PLACES)), [NOBODY]):
        if _readable_as(uids[-1], allowed, home):
            return uids
    return []


def _readable_as(uid: int, allowed: landlock.Allowed, home: str) -> bool:
    def become_and_read() -> None:
        _become(uid)
        for folder in allowed.listed:
            list(Path(folder).iterdir())
        for path in (os.__file__, fcntl.__file__, str(sys.modules["numpy"].__file__)):
            Path(path).read_bytes()
        Path(home, ".").stat()

    return mounts.works_in_a_child(become_and_read)


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _place_descriptors(fds: list[int], rules: int) -> None:
    """0 from nowhere, 1 and 2 to the output, 3 requests, 4 responses; all else closed."""
    requests, responses, output = fds
    ordered = (os.open("/dev/null", os.O_RDONLY), output, output, requests, responses)
    above = [fcntl.fcntl(fd, fcntl.F_DUPFD, 16) for fd in ordered]
    for number, fd in enumerate(above):
        os.dup2(fd, number, inheritable=False)
    last = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if rules < 5:
        os.closerange(5, last)
    else:
        os.closerange(5, rules)
        os.closerange(rules + 1, last)


def _own_environment(folder: str) -> None:
    """The scratch folder as place, home and temporary folder; nothing else to be read."""
    cuda = {name: value for name, value in os.environ.items() if name.startswith("CUDA_")}
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(cuda, HOME=folder, TMPDIR=folder, MPLCONFIGDIR=folder, MPLBACKEND="Agg")
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    tempfile.tempdir = folder
    os.umask(0o077)


def _limit(memory: int, device: str, private: bool) -> None:
    """Limits of the kernel; the judge watches memory and time as well.

    memory: bytes of address space, not on CUDA, which reserves more than any machine has.
    """
    wider = 1 if device == "cpu" else 4
    none = (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE)
    limits = {resource.RLIMIT_CPU: CPU_SECONDS, resource.RLIMIT_FSIZE: FILE_BYTES}
    limits |= {resource.RLIMIT_NOFILE: OPEN_FILES * wider, **dict.fromkeys(none, 0)}
    if device == "cpu":
        limits[resource.RLIMIT_AS] = memory
    if private:
        limits[resource.RLIMIT_NPROC] = PROCESSES * wider
    for kind, most in limits.items():
        hard = resource.getrlimit(kind)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (value, value))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
