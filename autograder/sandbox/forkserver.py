"""The fork server: libraries imported, one thread, no secrets; it forks a worker per request.

One for `Preloaded` forks itself: each of its clones then serves a judge of its own.

Started as ``python -I -S - FD forkserver``, its text on stdin, with an empty environment.  What it
knows of the course and the judge ends where a worker begins: that is reached by returning, so that
no frame below a student's program holds any of it.

FD is a SOCK_SEQPACKET socket on which the judge first sends the configuration, then one JSON
message at a time: {"op": "fork"} with three descriptors (requests, responses, output) → {"pid",
"scratch"}, a pidfd; {"op": "reap", "pid"} → {"status", "cpu"} once that worker has ended.  Each
carries a number "n" back.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

MESSAGE_LIMIT = 65_536
KIT = "_kit"
ROOMS = ("labcheck", "sandbox")
NEEDED_BY_WORKERS = (
    *("sandbox.request_loop", "sandbox.cells", "sandbox.modules", "sandbox.wire"),
    *("sandbox.asking", "sandbox.text"),
)
"""What a worker keeps of the kit, beside what students get themselves."""

Loop = Callable[[int, int], NoReturn]


def main() -> NoReturn:
    """The fork server; in each of its children, the worker."""
    try:
        loop, requests, responses = serve()
        loop(requests, responses)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(70)


def serve() -> tuple[Loop, int, int]:
    """Import everything, tell the judge, then serve until the judge has gone.

    Returns in the workers only: their loop, and its pipes.
    """
    control = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(control.recv(MESSAGE_LIMIT))
    judge = os.pidfd_open(config["judge"])
    _lift_limit()
    sys.path += config["site"]
    _set_environment(config)
    lockdown, preload, request_loop = _load_kit(Path(config["package"]), config["arrays"])
    preload.numpy()
    if config["arrays"] == "torch":
        preload.torch(config["device"])
    gc.collect()
    gc.freeze()
    if config["preloaded"]:
        preload.in_large_pages()
        control = clone(control, judge)
        config = json.loads(control.recv(MESSAGE_LIMIT))
        judge = os.pidfd_open(config["judge"])
        _set_environment(config)
    if config["refused"]:
        request_loop.taken_out(config["refused"])
        gc.collect()
        gc.freeze()
    server = Server(control, lockdown.prepare(config))
    ready = {"ready": server.walls.report(), "pid": os.getpid()}
    control.send(json.dumps(ready).encode())
    try:
        pipes = server.serve(judge)
    except BaseException:
        os._exit(0)
    if pipes is None:
        os._exit(0)
    return functools.partial(request_loop.main, frozenset(config["refused"])), *pipes


def _lift_limit() -> None:
    """The judge's own limit of memory, which holds while it is at a submission, is not ours."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def messages(
    control: socket.socket, owner: int, tick: int | None = None
) -> Iterator[tuple[bytes, list[int]]]:
    """Messages with descriptors, until socket or owner has ended; an empty one each `tick` ms."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(owner, select.POLLIN)
    while owner not in (ready := dict(poll.poll(tick))):
        data, fds = socket.recv_fds(control, MESSAGE_LIMIT, 3)[:2] if ready else (b"", [])
        if ready and not data:
            return
        yield data, fds


def clone(control: socket.socket, owner: int) -> socket.socket:
    """Fork for each message, which carries the control socket and the output of a clone.

    Returns in the clones only, that socket; ends once the owner's process or its socket has.
    """
    for _, fds in messages(control, owner, tick=1000):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if fds and os.fork() == 0:
            os.setsid()
            control.close()
            os.close(owner)
            for number in (1, 2):
                os.dup2(fds[1], number)
            os.close(fds[1])
            return socket.socket(fileno=fds[0])
        for fd in fds:
            os.close(fd)
    os._exit(0)


@dataclass
class Child:
    """What a worker is made of: its place, its three descriptors, and bytes of memory."""

    slot: Any
    fds: list[int]
    memory: int


class Server:
    """Forks, reaps, and knows which scratch folder belongs to whom."""

    def __init__(self, control: socket.socket, walls: Any) -> None:
        self.control, self.walls = control, walls
        self.slots: dict[int, Any] = {}
        self.unneeded = _unneeded()

    def serve(self, judge: int) -> tuple[int, int] | None:
        """Answer messages until the socket closes or the judge's process has ended.

        Gives its pipes in a worker, once that is locked, and None in the fork server.
        """
        for data, fds in messages(self.control, judge):
            message = json.loads(data)
            if message["op"] == "fork":
                forked = self.fork(message, fds)
                if isinstance(forked, Child):
                    return self._locked(forked)
                answer, sent = forked
            else:
                answer, sent = self.reap(message["pid"]), []
            answer["n"] = message["n"]
            socket.send_fds(self.control, [json.dumps(answer).encode()], sent)
            for fd in sent:
                os.close(fd)
        return None

    def fork(
        self, message: dict[str, Any], fds: list[int]
    ) -> tuple[dict[str, Any], list[int]] | Child:
        """A new worker that holds the three descriptors and a scratch folder of its own.

        The answer and what is sent with it; in the worker itself what it is made of.
        """
        threads = self.walls.threads()
        try:
            if threads != 1:
                raise OSError(f"the fork server has {threads} threads in place of one")
            slot = self.walls.take()
            pid = os.fork()
            if pid == 0:
                return Child(slot, fds, message["memory"])
            self.slots[pid] = slot
            sent = [os.pidfd_open(pid)]
            answer = {"pid": pid, "scratch": self.walls.outside(slot)}
        except OSError as error:
            sent, answer = [], {"error": f"no worker could be forked: {error}"}
        for fd in fds:
            os.close(fd)
        return answer, sent

    def _locked(self, child: Child) -> tuple[int, int]:
        """The pipes of this process, which is a worker from now on."""
        try:
            self.control.detach()
            self.walls.close_others(child.slot, self.slots.values())
            pipes: tuple[int, int] = self.walls.apply(child.slot, child.fds, child.memory)
            _forget(self.unneeded)
        except BaseException:
            traceback.print_exc()
            os._exit(70)
        return pipes

    def reap(self, pid: int) -> dict[str, Any]:
        """Wait for a worker's end, end what it left behind, and clear its scratch folder."""
        slot = self.slots.pop(pid, None)
        if slot is None:
            return {"status": 0, "cpu": 0.0}
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        self._bury_strays()
        self.walls.give_back(slot)
        return {"status": status, "cpu": usage.ru_utime + usage.ru_stime}

    def _bury_strays(self) -> None:
        """End and reap orphans of workers; under the walls there are none."""
        for text in self.walls.own(f"task/{os.getpid()}/children").split():
            if int(text) not in self.slots:
                os.kill(int(text), signal.SIGKILL)
                os.waitpid(int(text), 0)


def _set_environment(config: dict[str, Any]) -> None:
    home = config["folder"]
    os.environ.clear()
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    os.environ.update(dict.fromkeys(threads, "1"))
    os.environ.update(HOME=home, TMPDIR=home, MPLCONFIGDIR=home, MPLBACKEND="Agg")
    os.environ.update(PYTORCH_NVML_BASED_CUDA_CHECK="1", CUDA_VISIBLE_DEVICES="")
    if config["device"] == "cuda":
        del os.environ["CUDA_VISIBLE_DEVICES"]
        os.environ.update(config["cuda"])


def _load_kit(package: Path, arrays: str) -> list[types.ModuleType]:
    """Load lockdown, preload and request_loop, and what they import, under neutral names."""
    for name in (KIT, *(f"{KIT}.{room}" for room in ROOMS)):
        sys.modules[name] = module = types.ModuleType(name)
        module.__path__ = []
    finder = Finder(package)
    sys.meta_path.insert(0, finder)
    names = ("lockdown", "preload", "request_loop")
    modules = [importlib.import_module(f"{KIT}.sandbox.{name}") for name in names]
    if arrays == "torch":  # it imports PyTorch, and calls import it where they need it
        importlib.import_module(f"{KIT}.labcheck.accelerator")
    sys.meta_path.remove(finder)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == KIT:
            module.__spec__ = module.__loader__ = None
            module.__file__ = neutral(name)
            vars(module).pop("__cached__", None)
    return modules


def neutral(name: str) -> str:
    """The file of a module of the kit, as frames and tracebacks have it: of no folder here."""
    return f"/{name.replace('.', '/')}.py"


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of the kit in its folder."""

    def __init__(self, package: Path) -> None:
        self.package = package

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """A spec for a module of the kit."""
        if not name.startswith(f"{KIT}."):
            return None
        file = self.package.joinpath(*name.split(".")[1:]).with_suffix(".py")
        return importlib.util.spec_from_file_location(name, file, loader=Loader(name, str(file)))


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a module whose code says nothing of where it is."""

    def get_code(self, fullname: str) -> types.CodeType | None:
        """The code under its neutral name."""
        code = super().get_code(fullname)
        return None if code is None else renamed(code, neutral(fullname))


def renamed(code: types.CodeType, filename: str) -> types.CodeType:
    """The same code, and all in it, of another file."""
    inner = [
        renamed(one, filename) if isinstance(one, types.CodeType) else one
        for one in code.co_consts
    ]
    return code.replace(co_filename=filename, co_consts=tuple(inner))


def _unneeded() -> list[str]:
    """The modules of the kit that a worker does not need, found once for all of them.

    Who looks through all modules writes to the memory of each name, which is a page to copy.
    """
    needed = {f"{KIT}.{name}" for name in NEEDED_BY_WORKERS}
    return [
        name for name in sys.modules if name.startswith(f"{KIT}.sandbox.") and name not in needed
    ]


def _forget(modules: list[str]) -> None:
    """Let go of what a worker does not need, once it is locked."""
    for name in modules:
        del sys.modules[name]
        delattr(sys.modules[f"{KIT}.sandbox"], name.rpartition(".")[2])
    sys.argv, sys.orig_argv = [""], [""]


if __name__ == "__main__":
    main()
