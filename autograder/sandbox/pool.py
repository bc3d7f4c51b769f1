"""The judge's side: a fork server, workers forked from it, and one request at a time to each.

Nothing a worker says is believed except the arrays and texts themselves: frames are checked, texts
are capped and cleaned, and time and memory are watched from here.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import select
import signal
import socket
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from numpy.typing import NDArray

from . import answers, wire
from .errors import GraderFault, TooLarge, Violation, WorkerGone
from .handle import Forked, ForkServer, ForkServerGone
from .selftest import Finding, examine
from .text import printable

Arrays = dict[str, NDArray[Any]]
Header = Mapping[str, Any]
Reply = tuple[dict[str, Any], Arrays]
Answer = Callable[[dict[str, Any], Arrays], tuple[dict[str, Any], bytes]]
"""Answers a worker's question: (header of the ask, its arrays) → (answer, packed body)."""

Names = tuple[str, ...]
T = TypeVar("T")
LOOKS = 0.005
"""Seconds after which it is looked at what a process has taken, where many answers come."""
MUCH_TIME = "it used more processor time than allowed"

TICK = 50
ENDING = 300
READY_SECONDS = 20.0
OUTPUT_LIMIT = 65_536
ASK_LIMIT = 20_000
PAGE, CLOCK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
THREADS = {"cpu": 64, "cuda": 256}
"""How many threads a worker may have; for users of their own, the kernel sees to it, too."""


class Sandbox:
    """A fork server for one kind of arrays, from which workers are forked.

    arrays: "numpy" (torch cannot be loaded at all) or "torch".  isolation: "walls", or "process"
    for separate processes without walls.  memory: bytes over those of the fork server.  course:
    the folder that no worker may read.  wait: seconds that its start may take.
    without: layers to leave out, to see what the self-test says then ("Landlock", "libseccomp",
    "seccompy", "mounts", "root").  preloaded: the socket of a `Preloaded`, which saves imports.
    Raises GraderFault where it cannot work, and where walls are asked for and do not hold.
    """

    def __init__(
        self,
        arrays: Literal["numpy", "torch"],
        *,
        isolation: Literal["walls", "process"] = "walls",
        device: Literal["cpu", "cuda"] = "cpu",
        memory: int = 2 * 2**30,
        course: Path,
        wait: float = 60,
        without: Collection[str] = (),
        preloaded: socket.socket | None = None,
    ) -> None:
        self.arrays, self.isolation, self.device = arrays, isolation, device
        self.memory, self.course = memory, Path(course).resolve()
        config: dict[str, Any] = {"arrays": arrays, "isolation": isolation, "device": device}
        config |= {"course": str(self.course), "without": tuple(without)}
        self._start = partial(_fork_server, config, wait, preloaded)
        self._clones = preloaded is not None
        self._owner = os.getpid()
        self._servers: dict[Names, ForkServer] = {(): self._start(())}
        self._asked: set[Names] = set()
        try:
            self.finding: Finding = examine(self)
        except BaseException:
            self.close()
            raise

    @property
    def server(self) -> ForkServer:
        """The fork server; raises GraderFault once the sandbox is closed."""
        if not self._servers or self._owner != os.getpid():
            raise GraderFault("the sandbox is closed, or belongs to another process")
        return self._servers[()]

    def worker(self, refused: Names = ()) -> Worker:
        """A fresh worker, locked and ready.  Raises GraderFault.

        refused: what will be asked to refuse in it.  Where many workers are, this is taken out of
        a fork server of their own, once for them all.  A fork server that has died is started
        again, once.
        """
        for _ in range(2):
            server, names = self._serving(refused)
            try:
                return Worker(self, server, server.fork(self.memory))
            except ForkServerGone:
                server.close()
                self._servers[names] = self._start(names)
        raise GraderFault("the fork server died twice in a row; look at the machine's memory")

    def _serving(self, refused: Names) -> tuple[ForkServer, Names]:
        """The fork server for such a worker, and what is taken out there already."""
        first = self.server
        if not refused or not self._clones or refused not in self._asked:
            self._asked.add(refused)
            return first, ()
        if refused not in self._servers:
            server = self._start(refused)
            if server.walls != first.walls:
                server.close()
                raise GraderFault("two fork servers of one judge have different walls")
            self._servers[refused] = server
        return self._servers[refused], refused

    def close(self) -> None:
        """End the fork servers and all workers that are left; safe to call twice."""
        if self._owner == os.getpid():
            while self._servers:
                self._servers.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Batch:
    """Calls of one entry point, packed once and sent at once, to as many workers as need them.

    shared: what a header says of them all, as the end of its JSON.  body: their packed arrays.
    count: how many there are.
    """

    shared: bytes
    body: bytes
    count: int

    @staticmethod
    def of(header: Header, body: bytes, count: int) -> Batch:
        """header: {"calls", "scenarios", "arguments"}.  Raises BadFrame where it is too large."""
        batch = Batch(b"," + wire.encoded(header)[1:], body, count)
        batch.beginning("", "x" * 200)
        return batch

    def beginning(self, ident: str, entry: str) -> bytes:
        """The frame's beginning, up to the body."""
        own = {"op": "calls", "id": ident, "answers": False, "entry": entry}
        return wire.beginning(
            wire.encoded(own)[:-1] + self.shared, len(self.body), wire.LOAD_LIMIT
        )


@dataclass
class Stream:
    """The answers to a batch: its id, how many have come of how many, and what came beside."""

    ident: str
    count: int
    place: int = 0
    ahead: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True)
class Usage:
    """What a process holds and has used: bytes of memory, threads, seconds of processor time."""

    resident: int = 0
    threads: int = 0
    cpu: float = 0.0


class Worker:
    """One process that runs one student's program; a context manager, killed at its end.

    cpu: the seconds of processor time that it has used when it was last looked at.  waited: the
    seconds in which it had to wait for a processor, known once it has ended.  late: the seconds
    after which it was ended because they were over, else 0.
    """

    def __init__(self, sandbox: Sandbox, server: ForkServer, forked: Forked) -> None:
        self.pid = forked.pid
        self.device = sandbox.device
        self._server, self._forked = server, forked
        self._gone: WorkerGone | Violation | None = None
        self._closed = False
        self._deadline, self._cpu_ends, self.cpu = 0.0, math.inf, 0.0
        self._stream: Stream | None = None
        self._looked, self.waited, self.late = 0.0, 0.0, 0.0
        self._poll = select.poll()
        self._poll.register(forked.responses, select.POLLIN)
        self._poll.register(forked.pidfd, select.POLLIN)
        self._writing = select.poll()
        self._writing.register(forked.requests, select.POLLOUT)
        self._writing.register(forked.pidfd, select.POLLIN)
        try:
            self._stat = os.open(f"/proc/{self.pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
            self._most = self._usage().resident + sandbox.memory
            self._await_ready()
        except BaseException:
            self.close()
            raise

    def _await_ready(self) -> None:
        self._seconds = READY_SECONDS
        self._deadline = time.monotonic() + READY_SECONDS
        try:
            header, _ = self._guarded(lambda: wire.receive(self._forked.responses, self._wait))
        except (WorkerGone, Violation) as error:
            raise GraderFault(f"a worker could not be locked: {error} {self.output()}") from error
        if header.get("op") != "ready":
            raise GraderFault("a worker did not begin as it should")

    def request(
        self,
        header: Header,
        body: bytes = b"",
        *,
        seconds: float,
        answer: Answer | None = None,
        most: int = wire.BODY_LIMIT,
        cpu: float = math.inf,
    ) -> Reply:
        """Send one request and get its answer: (header, arrays by name, each one's own).

        seconds: the most it may take, time spent in `answer` not counted.  answer: answers the
        questions that the student's replaced functions ask; without it a question is a violation.
        most: bytes of arrays that come back at a time; more is a violation.  cpu: seconds of
        processor time that it may take, in all of its threads.
        Raises WorkerGone, Violation (after either the worker is dead), GraderFault.
        """
        self._limit(seconds, cpu)
        return self._guarded(lambda: self._exchange(header, body, answer, most))

    def begin(self, batch: Batch, entry: str, *, seconds: float, cpu: float = math.inf) -> None:
        """Send several calls; `next` gives an answer to each; nothing else is asked until then.

        Raises as `request` does.
        """
        self._limit(seconds, cpu)
        ident = secrets.token_hex(8)
        start = batch.beginning(ident, entry)
        self._guarded(lambda: self._send(start, batch.body))
        self._stream = Stream(ident, batch.count)

    def next(self, *, seconds: float, most: int = wire.BODY_LIMIT, cpu: float = math.inf) -> Reply:
        """The answer to the next of the calls; limits are for this one, as in `request`."""
        stream, self._stream = self._stream, None
        if stream is None:
            raise GraderFault("no call is under way")
        self._limit(seconds, cpu)
        reply = self._guarded(lambda: self._streamed(stream, most))
        if stream.place < stream.count:
            self._stream = stream
        return reply

    def _limit(self, seconds: float, cpu: float) -> None:
        """What the next step may take; raises where the worker cannot take one."""
        if self._closed or self._stream is not None:
            raise GraderFault("the worker is closed, or is at other calls")
        if self._gone is not None:
            raise self._gone
        self._deadline = time.monotonic() + seconds
        self._seconds, self._cpu_ends = seconds, self.cpu + cpu

    def _streamed(self, stream: Stream, most: int) -> Reply:
        got = wire.receive(self._forked.responses, self._wait, most=most, ahead=stream.ahead)
        reply = answers.checked(got[0], f"{stream.ident}.{stream.place}", "calls")
        arrays = wire.unpack(got[1])
        stream.place += 1
        last = stream.place == stream.count
        if last and stream.ahead:
            raise wire.BadFrame("more answers than calls")
        if last or time.monotonic() - self._looked > LOOKS:
            self._check()
        return reply, arrays

    def _exchange(self, header: Header, body: bytes, answer: Answer | None, most: int) -> Reply:
        ident = secrets.token_hex(8)
        request = {**header, "id": ident, "answers": answer is not None}
        self._send(_start(request, len(body)), body)
        asked = 0
        while True:
            claimed, payload = wire.receive(self._forked.responses, self._wait, most=most)
            reply, arrays = answers.checked(claimed, ident, header["op"]), wire.unpack(payload)
            if reply["op"] != "ask":
                self._check()
                return reply, arrays
            asked += 1
            if answer is None or asked > ASK_LIMIT or reply["number"] != asked:
                raise Violation("the worker asked what it may not ask")
            began = time.monotonic()
            answered, packed = answer(reply, arrays)
            self._deadline += time.monotonic() - began
            response = {**answered, "op": "answer", "number": asked, "id": ident}
            self._send(_start(response, len(packed)), packed)

    def _send(self, start: bytes, body: bytes) -> None:
        try:
            wire.send(self._forked.requests, start, body, self._wait)
        except BrokenPipeError as error:
            raise wire.Ended("the worker does not read") from error

    def _guarded(self, step: Callable[[], T]) -> T:
        """Do a step of the protocol; where it fails, kill the worker and say how it failed."""
        try:
            return step()
        except wire.Ended:
            self._gone = self._ended()
        except (wire.BadFrame, answers.Unexpected, Violation) as error:
            self._end()
            self._gone = Violation(f"the process wrote something that is no answer: {error}")
        except WorkerGone as error:
            self._end()
            self._gone = error
        except BaseException:
            self._gone = Violation("a request was broken off")
            self._end()
            raise
        raise self._gone

    def _wait(self, event: int) -> None:
        """Until the pipe is ready; raises Ended, or WorkerGone for too much time or memory."""
        poll = self._poll if event == select.POLLIN else self._writing
        pipe = self._forked.responses if event == select.POLLIN else self._forked.requests
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                self.late = self._seconds
                raise WorkerGone("timeout", f"it did not end within {self._seconds:g} seconds")
            ready = poll.poll(min(TICK, 1 + int(left * 1000)))
            if any(fd == pipe for fd, _ in ready):
                return
            if ready:
                raise wire.Ended("the process has ended")
            self._check()

    def _check(self) -> None:
        """Raises WorkerGone where the process has taken more than it may."""
        self._looked = time.monotonic()
        usage = self._usage()
        self.cpu = max(self.cpu, usage.cpu)
        if usage.resident > self._most:
            raise WorkerGone("memory", "it used more memory than allowed")
        if usage.threads > THREADS[self.device]:
            raise WorkerGone("crash", f"it started more than {THREADS[self.device]} threads")
        if self.cpu > self._cpu_ends:
            raise WorkerGone("timeout", MUCH_TIME)
        self._forked.check_scratch()

    def _usage(self) -> Usage:
        """What it holds and has used; nothing once it has ended."""
        try:
            fields = os.pread(self._stat, 1024, 0).rpartition(b")")[2].split()
            time_used = (int(fields[11]) + int(fields[12])) / CLOCK
            return Usage(int(fields[21]) * PAGE, int(fields[17]), time_used)
        except (OSError, IndexError):
            return Usage()

    def _waited(self) -> float:
        """Seconds in which its first thread waited for a processor; infinite if that is hidden.

        The kernel counts them in /proc/PID/schedstat, in nanoseconds, as the second number.
        """
        try:
            text = Path(f"/proc/{self.pid}/schedstat").read_text("ascii")
            return int(text.split()[1]) / 1e9
        except FileNotFoundError:
            return 0.0 if Path("/proc/self/schedstat").exists() else math.inf
        except (OSError, ValueError, IndexError):
            return math.inf

    def _ended(self) -> WorkerGone:
        """How the process ended; one that has only closed its pipes is killed."""
        self._poll.unregister(self._forked.responses)
        alive = not self._poll.poll(ENDING)
        status = self._end()
        if alive and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return WorkerGone("crash", "the program closed the connection to the grader")
        return ending(status)

    def _end(self) -> int:
        """Kill the process if it is still there; the status with which it ended."""
        self.waited = max(self.waited, self._waited())
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._forked.pidfd, signal.SIGKILL)
        try:
            status, cpu = self._server.reap(self.pid)
            self.cpu = max(self.cpu, cpu)
            return status
        except ForkServerGone as error:
            raise GraderFault("the fork server died while a program ran") from error

    def output(self) -> str:
        """The first 64 KB of what the program printed."""
        if self._closed:
            return ""
        data = os.pread(self._forked.output, OUTPUT_LIMIT, 0)
        return printable(data.decode("utf-8", "replace"), OUTPUT_LIMIT)

    def close(self) -> None:
        """Kill the process, close all descriptors, clear its scratch folder."""
        if self._closed:
            return
        with contextlib.suppress(GraderFault):
            self._end()
        self._closed = True
        self._forked.close()
        os.close(self._stat)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _fork_server(
    config: dict[str, Any], wait: float, preloaded: socket.socket | None, refused: Names
) -> ForkServer:
    return ForkServer({**config, "refused": refused}, wait, preloaded)


def _start(header: Header, size: int) -> bytes:
    """A frame's beginning; raises WorkerGone for a program, TooLarge for a call, too large."""
    program = header["op"] in ("load", "cell")
    try:
        return wire.head(header, size, wire.LOAD_LIMIT if program else wire.HEADER_LIMIT)
    except wire.BadFrame as error:
        if program:
            raise WorkerGone("memory", "its text is longer than the grader reads") from error
        raise TooLarge(f"a request cannot be sent: {error}") from error


def ending(status: int) -> WorkerGone:
    """What a wait status says, in a sentence."""
    if os.WIFEXITED(status):
        code = os.WEXITSTATUS(status)
        if code == wire.OUT_OF_MEMORY:
            return WorkerGone("memory", "it used more memory than allowed")
        return WorkerGone("crash", f"the program ended the process itself (exit status {code})")
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return WorkerGone("timeout", MUCH_TIME)
    name = (signal.strsignal(number) or "unknown").lower()
    text = f"the process was ended by signal {number} ({name})"
    if number == signal.SIGKILL:
        return WorkerGone("memory", f"{text}; most likely the machine had no memory left")
    return WorkerGone("crash", text)
