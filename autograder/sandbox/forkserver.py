"""The fork server: libraries imported, one thread, no secrets; it forks a worker per request.

One for `Preloaded` forks itself: each of its clones then serves a judge of its own.

Started as ``python -I -S forkserver.py FD`` with an empty environment; FD is a SOCK_SEQPACKET
socket on which the judge first sends the configuration, then one JSON message at a time:
{"op": "fork"} with three descriptors (requests, responses, output) → {"pid", "scratch"}, a pidfd;
{"op": "reap", "pid"} → {"status"} once that worker has ended.  Each carries a number "n" back.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

MESSAGE_LIMIT = 65_536
KIT = "_kit"


def main() -> NoReturn:
    """Import everything, tell the judge, then serve until the judge has gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(control.recv(MESSAGE_LIMIT))
    judge = os.pidfd_open(config["judge"])
    sys.path += config["site"]
    _set_environment(config)
    lockdown, preload, request_loop = _load_kit(Path(config["package"]), config["arrays"])
    preload.numpy()
    if config["arrays"] == "torch":
        preload.torch(config["device"])
    gc.collect()
    gc.freeze()
    if config["preloaded"]:
        control = clone(control, judge)
        config = json.loads(control.recv(MESSAGE_LIMIT))
        judge = os.pidfd_open(config["judge"])
        _set_environment(config)
    server = Server(control, lockdown.prepare(config), request_loop)
    ready = {"ready": server.walls.report(), "pid": os.getpid()}
    control.send(json.dumps(ready).encode())
    try:
        server.serve(judge)
    finally:
        os._exit(0)


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


class Server:
    """Forks, reaps, and knows which scratch folder belongs to whom."""

    def __init__(self, control: socket.socket, walls: Any, loop: types.ModuleType) -> None:
        self.control, self.walls, self.request_loop = control, walls, loop
        self.slots: dict[int, Any] = {}

    def serve(self, judge: int) -> None:
        """Answer messages until the socket closes or the judge's process has ended."""
        for data, fds in messages(self.control, judge):
            message = json.loads(data)
            if message["op"] == "fork":
                answer, sent = self.fork(message, fds)
            else:
                answer, sent = self.reap(message["pid"]), []
            answer["n"] = message["n"]
            socket.send_fds(self.control, [json.dumps(answer).encode()], sent)
            for fd in sent:
                os.close(fd)

    def fork(self, message: dict[str, Any], fds: list[int]) -> tuple[dict[str, Any], list[int]]:
        """A new worker that holds the three descriptors and a scratch folder of its own."""
        threads = self.walls.threads()
        try:
            if threads != 1:
                return {"error": f"the fork server has {threads} threads in place of one"}, []
            slot = self.walls.take()
            pid = os.fork()
            if pid == 0:
                self._child(slot, message, fds)
            self.slots[pid] = slot
            return {"pid": pid, "scratch": self.walls.outside(slot)}, [os.pidfd_open(pid)]
        except OSError as error:
            return {"error": f"no worker could be forked: {error}"}, []
        finally:
            for fd in fds:
                os.close(fd)

    def _child(self, slot: Any, message: dict[str, Any], fds: list[int]) -> NoReturn:
        try:
            self.control.detach()
            requests, responses = self.walls.apply(slot, fds, message["memory"])
            self.request_loop.main(requests, responses)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(70)

    def reap(self, pid: int) -> dict[str, Any]:
        """Wait for a worker's end, end what it left behind, and clear its scratch folder."""
        slot = self.slots.pop(pid, None)
        if slot is None:
            return {"status": 0}
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        self._bury_strays()
        self.walls.give_back(slot)
        return {"status": status}

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
    folders = {KIT: "", f"{KIT}.labcheck": "labcheck", f"{KIT}.sandbox": "sandbox"}
    for name, folder in folders.items():
        module = types.ModuleType(name)
        module.__path__ = [str(package / folder)] if folder else []
        sys.modules[name] = module
    names = ("lockdown", "preload", "request_loop")
    modules = [importlib.import_module(f"{KIT}.sandbox.{name}") for name in names]
    if arrays == "torch":  # it imports PyTorch, and calls import it where they need it
        importlib.import_module(f"{KIT}.labcheck.accelerator")
    for name in folders:
        sys.modules[name].__path__ = []
        sys.path_importer_cache.pop(str(package / folders[name]), None)
    return modules


if __name__ == "__main__":
    main()
