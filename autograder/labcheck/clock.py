"""How long a call may take at home, as it may where programs are graded; then it is stopped.

On the main thread of a system with signals an alarm stops it, elsewhere another thread does.
Neither can stop what runs in one instruction of Python's; `supervisor` does, in a terminal.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

CALL_SECONDS = 10.0
TRAINING_SECONDS = 60.0
CELL_SECONDS = 20.0
AGAIN = 0.5
"""Seconds until it is stopped once more, for a program may catch whatever is raised in it."""

OURS = (__file__, contextlib.__file__)
HERE = __file__.removesuffix("clock.py")

BEGUN: list[Callable[[float], None]] = []
"""Told of each limit as it begins, and with 0 as it ends."""


class TimeUp(BaseException):
    """What runs took longer than it may; no ``except Exception`` hides it."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Inside, TimeUp is raised once so many seconds are over, and again until it ends."""
    for told in BEGUN:
        told(seconds)
    own = threading.current_thread() is threading.main_thread()
    caller = sys._getframe(2)  # above are contextlib's and this one
    alarmed = own and hasattr(signal, "setitimer")
    stop = _alarm(seconds, caller) if alarmed else _watchdog(seconds)
    try:
        yield
    finally:
        _surely(stop)
        for told in BEGUN:
            told(0)


def _surely(stop: Callable[[], None]) -> None:
    """Call it to its end: it may be stopped itself, up to the moment when it has done its work."""
    while True:
        try:
            stop()
        except TimeUp:
            continue
        return


def _alarm(seconds: float, caller: types.FrameType) -> Callable[[], None]:
    """An alarm of the system's, heard in what the caller calls; what ends it."""

    rung: list[int] = []
    traced = sys.gettrace()

    def ring(_: int, frame: types.FrameType | None) -> None:
        below: list[types.FrameType] = []
        while frame is not None and frame is not caller:
            below.append(frame)
            frame = frame.f_back
        if frame is not None and below and below[-1].f_code.co_filename not in OURS:
            if rung:
                _raise_in_handlers(below)
            rung.append(1)
            raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), AGAIN)

    def stop() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if len(rung) > 1:
            sys.settrace(traced)

    return stop


def _raise_in_handlers(frames: list[types.FrameType]) -> None:
    """Have TimeUp raised once more at the next line of a program's, as in what catches it."""

    def line(_: types.FrameType, event: str, __: Any) -> Any:
        if event == "line":
            raise TimeUp
        return line

    sys.settrace(lambda *_: None)
    for frame in frames:
        if not frame.f_code.co_filename.startswith(HERE):
            frame.f_trace = line


def _watchdog(seconds: float) -> Callable[[], None]:
    """A thread that has TimeUp raised in this one; what ends it."""
    this, ended, lock = threading.get_ident(), threading.Event(), threading.Lock()
    raises = ctypes.pythonapi.PyThreadState_SetAsyncExc

    def watch() -> None:
        wait = seconds
        while not ended.wait(wait):
            with lock:
                if not ended.is_set():
                    raises(ctypes.c_ulong(this), ctypes.py_object(TimeUp))
            wait = AGAIN

    def stop() -> None:
        with lock:
            ended.set()
        raises(ctypes.c_ulong(this), None)  # what was to be raised and was not yet

    threading.Thread(target=watch, daemon=True).start()
    return stop
