"""In a terminal, the process that outlives a check: it ends what nothing inside could end.

The check runs in a fork of it and tells, through a pipe, what it is at and how long that may take.
If the fork dies, or is stuck where Python hears no signal, another one goes on behind it.
Where there is no fork, as on Windows, the check runs in this process.  It imports nothing but
Python's own modules, for it must be there while NumPy is not.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import linecache
import os
import re
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from . import console

GRACE = 2.0
"""Seconds behind a limit after which no alarm inside can have been heard."""
INTERRUPTED = 130
FRAME = re.compile(r'  File "(?P<file>.+)", line (?P<line>\d+) in ')
HERE = str(Path(__file__).parent)


def _silent(_: str) -> None:
    pass


@dataclass
class Standing:
    """How far a check has come: lines that are shown, and exercises that ended a process.

    gone: (outcome, why) by exercise.  tell: says it to the supervisor.  supervised: whether there
    is one, who hears Ctrl-C.
    """

    shown: int = 0
    gone: dict[str, tuple[str, str]] = field(default_factory=dict)
    tell: Callable[[str], None] = _silent
    supervised: bool = False

    def at(self, exercise: str) -> None:
        """An exercise is tried from here on; "" for none."""
        self.tell(f"at {exercise}")

    def tell_shown(self, lines: int) -> None:
        """So many exercises have their line on the screen."""
        self.shown = lines
        self.tell(f"shown {lines}")

    def again(self, exercise: str) -> None:
        """An exercise that ended a process may be tried once more, for it has changed."""
        if self.gone.pop(exercise, None):
            self.tell(f"again {exercise}")

    def waits(self) -> None:
        """Nothing is done; where nobody is left to be told, the process ends."""
        self.tell("waits")

    @property
    def interrupt(self) -> int:
        """The signal of a Ctrl-C: what a supervisor sends, or the terminal itself."""
        return signal.SIGUSR2 if self.supervised else signal.SIGINT


Work = Callable[[Standing], int]


def run() -> NoReturn:
    """The command line of labcheck.pyz; it ends the process, whatever threads are left."""
    console.prepare()
    status = supervised(_work) if hasattr(os, "fork") else _status(_work, Standing())
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _work(standing: Standing) -> int:
    from .needed import NotInstalled, need

    try:
        need("numpy")
    except NotInstalled as missing:
        print(f"python labcheck.pyz: {missing}", file=sys.stderr)
        return 2
    command = importlib.import_module(".__main__", __package__)
    return int(command.main(None, standing))


def _status(work: Work, standing: Standing) -> int:
    try:
        return work(standing)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0 if error.code is None else 2


# -- the process that outlives -------------------------------------------------------------------


@dataclass
class _Child:
    """A fork at work, what it has told, and until when it may be silent."""

    pid: int
    pipe: int
    exercise: str = ""
    ends: float = float("inf")
    limit: float = 0.0
    done: bool = False
    traces: list[str] = field(default_factory=list)
    rest: str = ""


def supervised(work: Work) -> int:
    """The exit status of work that may end its own process; what it began is ended with it."""
    standing = Standing()
    while True:
        child = _forked(work, standing)
        restore = _signals(child)
        try:
            status = _watched(child, standing)
        finally:
            restore()
            os.close(child.pipe)
        if status is not None:
            return status


def _forked(work: Work, standing: Standing) -> _Child:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return _Child(pid, reading)
    os.close(reading)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable(writing, all_threads=False)
    faulthandler.register(signal.SIGUSR1, writing, all_threads=False)

    def tell(text: str) -> None:
        try:
            os.write(writing, f"{text}\n".encode())
        except OSError:
            os._exit(1)

    from .clock import BEGUN

    BEGUN.append(lambda seconds: tell(f"limit {seconds}"))
    status = _status(work, Standing(standing.shown, dict(standing.gone), tell, True))
    tell("done")
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _signals(child: _Child) -> Callable[[], None]:
    """Ctrl-C interrupts the fork, and twice ends it; what ends this process ends both."""
    pressed: list[int] = []

    def press(*_: Any) -> None:
        pressed.append(1)
        if len(pressed) == 1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGUSR2)
            return
        _kill(child)
        with contextlib.suppress(OSError):
            os.write(2, b"\nInterrupted twice: ended at once.\n")
        os._exit(INTERRUPTED)

    def end(number: int, _: Any) -> None:
        _kill(child)
        os._exit(128 + number)

    handlers = {signal.SIGINT: press, signal.SIGTERM: end, signal.SIGHUP: end}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return restore


def _kill(child: _Child) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)


def _watched(child: _Child, standing: Standing) -> int | None:
    """The exit status of a fork; None where another one is to go on."""
    late = False
    while True:
        left = None if child.ends == float("inf") else max(0.0, child.ends - time.monotonic())
        readable, _, _ = select.select([child.pipe], [], [], left)
        if readable:
            if not _heard(child, standing):
                break
        elif not late:
            late, child.ends = True, time.monotonic() + 1.0
            child.traces.clear()
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGUSR1)  # where is it?
        else:
            _kill(child)
            break
    _, ended = os.waitpid(child.pid, 0)
    if child.done and os.WIFEXITED(ended):
        return os.WEXITSTATUS(ended)
    outcome, why = _why(child, ended, late)
    if not child.exercise or child.exercise in standing.gone:
        print(f"python labcheck.pyz: the file cannot be run. {why}", file=sys.stderr)
        return 1
    standing.gone[child.exercise] = (outcome, why)
    return None


def _heard(child: _Child, standing: Standing) -> bool:
    """Takes in what a fork tells; False once it has nothing more to tell."""
    data = os.read(child.pipe, 65536)
    *lines, child.rest = (child.rest + data.decode("utf-8", "replace")).split("\n")
    for line in lines:
        word, _, value = line.partition(" ")
        if word == "at":
            child.exercise = value
        elif word == "shown":
            standing.shown = int(value)
        elif word == "limit":
            child.limit = float(value) or child.limit
            late = time.monotonic() + float(value) + GRACE
            child.ends = late if float(value) else float("inf")
        elif word == "again":
            standing.gone.pop(value, None)
        elif word == "done":
            child.done = True
        elif word != "waits":
            child.traces.append(line)
    return bool(data)


def _why(child: _Child, ended: int, late: bool) -> tuple[str, str]:
    """The outcome of what ended or stopped a fork, and that in a sentence."""
    place = _place(child.traces)
    if late:
        what = f"It took longer than {child.limit:g} seconds and could not be stopped"
        return "timeout", f"{what}{place}"
    what = f"exit status {os.WEXITSTATUS(ended)}" if os.WIFEXITED(ended) else ""
    if not what:
        number = os.WTERMSIG(ended)
        what = signal.strsignal(number) or f"signal {number}"
        what += ": perhaps memory ran out" if number == signal.SIGKILL else ""
    return "crash", f"It ended Python itself ({what}){place}"


def _place(traces: list[str]) -> str:
    """The innermost line that is the student's own, in a trace of faulthandler's."""
    foreign = (HERE, sys.prefix, sys.base_prefix, "<")
    for match in filter(None, map(FRAME.match, traces)):
        if not match["file"].startswith(foreign):
            number = int(match["line"])
            source = linecache.getline(match["file"], number).strip()
            return f": {Path(match['file']).name}, line {number}: {source}".rstrip(": ")
    return ""
