"""The self-test: a program that tries all that is forbidden, and what that says of the walls.

Tiers: "A+" Landlock, seccomp, rlimits, and paths hidden; "A" the same, but that a file exists can
be guessed; "B" paths hidden, seccomp and rlimits, no Landlock; "none" for anything less, or where
the self-test got something.
"""

from __future__ import annotations

import inspect
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..labcheck import tree
from .errors import GraderFault, SandboxError, WorkerGone

STATEMENTS = {
    "A+": "isolated",
    "A": "isolated; that a file exists can be guessed",
    "B": "isolated by namespaces",
    "none": "not isolated",
}
WAY_OUT = (
    "Grade on a Linux machine with a kernel from 5.13 on, or, if you trust the people who wrote "
    "the submissions, say --isolation=process; every report will then say: not isolated."
)
PACKAGE = Path(__file__).parent.parent
MANY = 300
"""Threads that the self-test starts, more than any worker may have."""


class Tried(Protocol):
    """The sandbox that is tried, as far as this module knows it; see `pool.Sandbox`."""

    arrays: Any
    isolation: Any
    device: Any
    memory: int
    course: Path

    @property
    def server(self) -> Any:
        """The handle of its fork server."""

    def worker(self) -> Any:
        """A fresh worker."""


@dataclass(frozen=True)
class Layer:
    """One wall: whether it held, and what was seen of it."""

    name: str
    in_force: bool
    detail: str


@dataclass(frozen=True)
class Finding:
    """How well submissions are kept apart from everything else on this machine.

    tier: "A+", "A", "B" or "none".  statement: the same in a few words.
    """

    tier: str
    statement: str
    layers: tuple[Layer, ...]


def examine(sandbox: Tried) -> Finding:
    """Send the self-test into a worker of this sandbox.

    Raises GraderFault where walls are asked for and do not hold.
    """
    walls = sandbox.server.walls
    if sandbox.isolation == "process":
        return Finding("none", STATEMENTS["none"], _switched_off())
    attempts = _attempts(sandbox)
    layers = _layers(attempts, walls)
    reached = any(outcome for kind, _, outcome in attempts if kind == "files")
    tier = _tier({layer.name: layer.in_force for layer in layers}, reached)
    if tier == "none":
        failed = next(layer for layer in layers if not layer.in_force)
        raise GraderFault(
            f"submissions cannot be isolated here: {failed.name}: {failed.detail}. {WAY_OUT}"
        )
    return Finding(tier, STATEMENTS[tier], layers)


def _switched_off() -> tuple[Layer, ...]:
    off = "switched off by --isolation=process"
    names = ("Landlock", "seccomp")
    return (*(Layer(name, False, off) for name in names), Layer("rlimits", True, "not tried"))


def _tier(force: dict[str, bool], reached: bool) -> str:
    if reached or not (force["seccomp"] and force["rlimits"]):
        return "none"
    if force["Landlock"]:
        return "A+" if force["hidden paths"] else "A"
    return "B" if force["hidden paths"] else "none"


def _attempts(sandbox: Tried) -> list[tuple[str, str, str]]:
    """(layer, what was tried, what came of it: "" where it was refused) of each attempt."""
    places: dict[str, Any] = {
        "secret": [str(path) for path in dict.fromkeys(_secrets(sandbox))],
        "folders": [str(path) for path in (sandbox.course, _home(), PACKAGE)],
        "judge": os.getpid(),
        "memory": sandbox.memory if sandbox.device == "cpu" else 0,
    }
    source = f"from __future__ import annotations\n{inspect.getsource(probe)}"
    load = {"op": "load", "cells": [{"source": source, "file": "selftest.py", "offset": 0}]}
    args = [[name, tree.encode(value)] for name, value in places.items()]
    try:
        with sandbox.worker() as worker:
            worker.request(load, seconds=10)
            call = {"op": "call", "entry": "probe", "args": args}
            answer, arrays = worker.request(call, seconds=20)
    except SandboxError as error:
        raise GraderFault(f"the self-test did not come back: {error}") from error
    if answer["op"] != "result":
        raise GraderFault(f"the self-test did not come back: {answer}")
    rows = [(row[0], row[1], row[2]) for row in tree.decode(answer["result"], arrays)]
    return [*rows, ("rlimits", f"start {MANY} threads", _threads(sandbox))]


def _threads(sandbox: Tried) -> str:
    """What came of many threads; "" where they were refused, or the process ended for them."""
    source = f"MANY = {MANY}\n{inspect.getsource(start_many)}"
    load = {"op": "load", "cells": [{"source": source, "file": "selftest.py", "offset": 0}]}
    try:
        with sandbox.worker() as worker:
            worker.request(load, seconds=10)
            call = {"op": "call", "entry": "start_many", "args": []}
            answer, _ = worker.request(call, seconds=20)
    except WorkerGone:
        return ""
    except SandboxError as error:
        raise GraderFault(f"the self-test did not come back: {error}") from error
    started = answer.get("result")
    return "" if isinstance(started, int) and started < MANY else f"{started} run"


def start_many() -> int:
    """Start MANY threads that do nothing: how many there are.  Its text travels."""
    import threading
    import time

    threading.stack_size(65_536)
    for started in range(MANY):
        try:
            threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
        except (RuntimeError, MemoryError):
            return started
    return MANY


def _home() -> Path:
    return Path(os.path.expanduser("~"))  # noqa: PTH111 - never raises, also without a home


def _secrets(sandbox: Tried) -> Iterator[Path]:
    """Files that no worker may read: of the course, of this package, of the home folder."""
    folders = [sandbox.course / name for name in ("solutions", "exercises", "")]
    folders += [PACKAGE, _home()]
    for folder in folders:
        yield from itertools.islice((p for p in _entries(folder) if p.is_file()), 4)
    if sandbox.arrays == "numpy":
        for site in sandbox.server.site:
            yield Path(site) / "torch" / "__init__.py"


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted([*folder.glob("*"), *folder.glob("*/*.py")])
    except OSError:
        return []


def _layers(attempts: list[tuple[str, str, str]], walls: dict[str, Any]) -> tuple[Layer, ...]:
    """What holds here: the machine has it, and nothing that it forbids worked."""

    def layer(name: str, detail: str, missing: str = "", *tried: str) -> Layer:
        own = [(what, outcome) for kind, what, outcome in attempts if kind in (name, *tried)]
        got = [f"a worker could {what} ({outcome})" for what, outcome in own if outcome]
        if missing or got:
            return Layer(name, False, "; ".join([*filter(None, [missing]), *got[:1]]))
        return Layer(name, bool(own), f"{detail}{len(own)} attempts refused")

    user = "a user of their own" if walls["other_user"] else "the user who grades"
    scratch = "a file system of its own" if walls["mounts"] else "watched instead"
    return (
        layer("Landlock", f"ABI {walls['landlock']}, ", walls["no_landlock"], "files", "names"),
        layer("seccomp", f"made by {walls['seccomp']}, ", walls["no_seccomp"]),
        layer("rlimits", ""),
        layer("hidden paths", "", walls["no_hiding"]),
        Layer("own user", walls["other_user"], f"workers run as {user}"),
        Layer("bounded scratch", walls["mounts"], scratch),
    )


def probe(secret: list[str], folders: list[str], judge: int, memory: int) -> list[list[str]]:
    """Try what is forbidden: rows of layer, attempt, and what came of it ("" where refused).

    Runs in a worker; self-contained, because its text travels.  Each attempt is harmless where it
    succeeds.  secret: files; folders: to be listed and written into; judge: a process id; memory:
    bytes that are allowed, 0 on CUDA, whose driver takes what it wants.
    """
    import ctypes
    import mmap
    import os
    import resource
    import signal
    import socket
    from pathlib import Path

    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    name = f".self-test-{os.getpid()}"
    rows = []

    def attempt(layer: str, what: str, action: Any, *args: Any) -> None:
        try:
            outcome = action(*args)
            seen = "it worked" if outcome is None else str(outcome)[:200]
        except (OSError, ImportError, ValueError, OverflowError):
            seen = ""
        rows.append([layer, what, seen])

    def read(path: str) -> str:
        with Path(path).open("rb") as file:
            return f"{len(file.read(1))} byte"

    def count(folder: str) -> str:
        return f"{len(list(Path(folder).iterdir()))} names"

    def write(folder: str) -> None:
        path = Path(folder, name)
        path.touch(exist_ok=False)
        path.unlink()

    def call(function: str, *args: Any) -> None:
        if getattr(libc, function)(*args) == -1:
            raise OSError(ctypes.get_errno(), function)

    def fork() -> None:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)

    def spawn() -> None:
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)

    def connect(kind: int) -> None:
        with socket.socket(socket.AF_INET, kind) as made:
            made.connect_ex(("127.0.0.1", 9))

    def many_files() -> None:
        made = []
        try:
            for _ in range(300):
                made.append(os.dup(1))
        finally:
            for fd in made:
                os.close(fd)

    def large_file() -> None:
        path = Path(name)
        path.touch()
        try:
            fd = os.open(path, os.O_RDWR)
            os.ftruncate(fd, 2**30)
        finally:
            path.unlink()

    def raise_limits() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, 2 * hard))

    for path in [*secret, "/etc/passwd", "/etc/hostname", "/proc/1/status", "/proc/self/maps"]:
        attempt("files", f"read {path}", read, path)
    attempt("files", "read its parent's environment", read, f"/proc/{parent}/environ")
    attempt("files", "read the grader's environment", read, f"/proc/{judge}/environ")
    for folder in [*folders, "/home", "/etc", "/proc"]:
        attempt("names", f"list {folder}", count, folder)
    for folder in [*folders, "/tmp", "/var/tmp", "/dev/shm", str(Path.cwd().parent)]:
        attempt("files", f"write into {folder}", write, folder)
    for module in ("solutions", "autograder", "exercises", "autograder.spec"):
        attempt("files", f"import {module}", __import__, module)
    attempt("seccomp", "open a connection", connect, socket.SOCK_STREAM)
    attempt("seccomp", "send a datagram", connect, socket.SOCK_DGRAM)
    attempt("seccomp", "make a local socket", lambda: socket.socket(socket.AF_UNIX).close())
    attempt("seccomp", "start a process", fork)
    attempt("seccomp", "start a program", spawn)
    attempt("seccomp", "signal its parent", os.kill, parent, 0)
    attempt("seccomp", "signal the grader", os.kill, judge, 0)
    attempt("seccomp", "signal itself", os.kill, os.getpid(), signal.SIGCONT)
    attempt("seccomp", "trace its parent", call, "ptrace", 0x4206, parent, 0, 0)
    attempt("seccomp", "trace the grader", call, "ptrace", 0x4206, judge, 0, 0)
    attempt("seccomp", "read its parent's memory", call, "process_vm_readv", parent, 0, 0, 0, 0, 0)
    attempt("seccomp", "change a file's mode", os.chmod, ".", 0o700)
    attempt("seccomp", "become traceable", call, "prctl", 4, 1, 0, 0, 0)
    attempt("seccomp", "enter a user namespace", call, "unshare", 0x10000000)
    attempt("rlimits", "open 300 files", many_files)
    attempt("rlimits", "write a file of 1 GiB", large_file)
    attempt("rlimits", "raise its limits", raise_limits)
    if memory:
        attempt("seccomp", "make a file in memory", lambda: os.close(os.memfd_create("x")))
        attempt("rlimits", "take too much memory", lambda: mmap.mmap(-1, memory + 2**30).close())
    for path in secret:
        attempt("hidden paths", f"see {path}", lambda path=path: Path(path).stat().st_size)
    return rows
