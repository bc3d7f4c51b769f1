"""Work of our own on what students wrote, in a process that is bounded, killed, and made anew.

`bounded(function, …)` calls a function of this package in a reader: a process forked from a warm
one, which serves one call after another as long as it behaves.  Its processor time and memory are
limited by the kernel, also in the middle of a long call in C, and it ends when whoever asked does.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pickle
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from . import reader_process
from .errors import GraderFault, OverLimit

SECONDS = 10
"""Processor time that one call may take."""
MEMORY = 400 * 2**20
"""Bytes of address space that a reader may take over those that it begins with."""
WAIT = 300.0
"""Seconds after which a reader that has not used its processor time is given up."""
CALLS = 200
"""How many calls a reader serves before a fresh one takes its place."""
WARM = ("autograder.course.finding", "autograder.judge.program")
"""What readers work with, imported before the first is forked."""

P = ParamSpec("P")
R = TypeVar("R")


def bounded(function: Callable[P, R], *args: P.args, **more: P.kwargs) -> R:
    """What a function of this package gives, called in a reader; all that passes is pickled.

    Raises OverLimit where what it was given takes more than the limits, and GraderFault where
    readers fail twice for another reason.
    """
    result: R = _READERS.call(function, args, more)
    return result


def control() -> socket.socket:
    """The way to the process that readers are forked from, to be given to `use` elsewhere."""
    return _READERS.server().control


def use(control_socket: socket.socket) -> None:
    """Have readers forked by a process that another process has started."""
    _READERS.close()
    _READERS.borrowed = control_socket


class Server:
    """The warm process that readers are forked from; it ends with this one."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise GraderFault("grading others' work needs Linux: use WSL2 or a virtual machine")
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        lifeline, self._lifeline = os.pipe2(os.O_CLOEXEC)
        path = [folder or str(Path.cwd()) for folder in sys.path]
        told = json.dumps({"path": path, "warm": WARM})
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", reader_process.__file__, told]
                + [str(fd) for fd in (theirs.fileno(), lifeline)],
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                cwd="/",
                pass_fds=[theirs.fileno(), lifeline],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        os.close(lifeline)

    def close(self) -> None:
        """End it, and its readers with it."""
        self.control.close()
        os.close(self._lifeline)
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:  # it is still importing
            self._process.kill()
            self._process.wait()


class Reader:
    """One reader, as whoever asks holds it.  Raises OSError where its server has gone."""

    def __init__(self, server: socket.socket) -> None:
        self._socket, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe2(os.O_CLOEXEC)
        self._status, status = os.pipe2(os.O_CLOEXEC)
        try:
            fds = [theirs.fileno(), lifeline, status]
            socket.send_fds(server, [json.dumps({"memory": MEMORY}).encode()], fds)
        except BaseException:
            self.close()
            raise
        finally:
            theirs.close()
            os.close(lifeline)
            os.close(status)
        self.calls = 0

    def call(self, message: bytes) -> Any:
        """The answer to a message: ("result", value), or what it was that failed and its text.

        Raises OverLimit, and GraderFault where the reader was ended from outside or hangs.
        """
        self.calls += 1
        try:
            self._socket.sendall(struct.pack("<Q", len(message)) + message)
            size = struct.unpack("<Q", self._received(8))[0]
            answer = pickle.loads(self._received(size))
        except (EOFError, ConnectionError, BrokenPipeError):
            raise self._ended() from None
        return answer

    def _received(self, size: int) -> bytes:
        data = bytearray(size)
        view, done = memoryview(data), 0
        while done < size:
            if not select.select([self._socket], [], [], WAIT)[0]:
                raise GraderFault(f"a reading process did nothing for {WAIT:g} seconds")
            got = self._socket.recv_into(view[done:])
            if not got:
                raise EOFError
            done += got
        return bytes(data)

    def _ended(self) -> OverLimit | GraderFault:
        """What its wait status says."""
        ready = select.select([self._status], [], [], 5)[0]
        told = os.read(self._status, 4) if ready else b""
        status = struct.unpack("<I", told)[0] if len(told) == 4 else 0
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if number == signal.SIGXCPU:
            return OverLimit(f"reading it takes longer than {SECONDS:g} seconds")
        if number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL):
            return OverLimit("reading it breaks the program that reads")
        return GraderFault("the reading process was ended from outside")

    def close(self) -> None:
        """Kill it."""
        self._socket.close()
        os.close(self._lifeline)
        os.close(self._status)


class Readers:
    """The reader of this process, and the server that it comes from."""

    def __init__(self) -> None:
        self.borrowed: socket.socket | None = None
        self._server: Server | None = None
        self._reader: Reader | None = None
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def server(self) -> Server:
        """The warm process, started where it is not there yet."""
        if self._server is None or self._owner != os.getpid():
            self._server, self._owner, self._reader = Server(), os.getpid(), None
            atexit.register(self.close)
        return self._server

    def call(self, function: Callable[..., Any], args: Any, more: Any) -> Any:
        """See `bounded`; a reader that fails for no fault of what it reads is replaced, once."""
        message = pickle.dumps((function, args, more, SECONDS))
        with self._lock:
            for last in (False, True):
                try:
                    kind, value = self._ready().call(message)
                except BaseException as error:
                    self._drop()
                    if isinstance(error, GraderFault | OSError) and not last:
                        self._forget_server()
                        continue
                    raise
                if kind == "result":
                    return value
                self._drop()
                if kind == "over":
                    raise OverLimit(value)
                raise value
        raise GraderFault("nothing can be read here")

    def _ready(self) -> Reader:
        if self._owner != os.getpid():
            self._reader = None
        if self._reader is not None and self._reader.calls >= CALLS:
            self._drop()
        if self._reader is None:
            self._reader = Reader(self.borrowed or self.server().control)
        return self._reader

    def _drop(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _forget_server(self) -> None:
        """The next reader comes from a server of this process's own."""
        self.borrowed = None
        if self._server is not None and self._owner == os.getpid():
            self._server.close()
        self._server = None

    def close(self) -> None:
        """End the reader and its server, where they are this process's own."""
        if self._owner == os.getpid():
            self._drop()
            with contextlib.suppress(OSError):
                self._forget_server()


_READERS = Readers()
