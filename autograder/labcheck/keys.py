"""Single keys in a terminal, without Enter; elsewhere none are ever pressed."""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import sys
import time
from collections.abc import Iterator
from typing import Any


def key(seconds: float) -> str:
    """The key that is pressed within so many seconds, in lower case; "" where none is."""
    if not _typed_at():
        time.sleep(seconds)
        return ""
    if os.name == "nt":
        return _on_windows(seconds)
    stream = sys.stdin.fileno()
    with _unbuffered(stream):
        ready, _, _ = select.select([stream], [], [], seconds)
        return os.read(stream, 1).decode("latin-1").lower() if ready else ""


def _typed_at() -> bool:
    """Whether somebody may press keys here."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:
        return False


@contextlib.contextmanager
def _unbuffered(stream: int) -> Iterator[None]:
    """Keys come as they are pressed; whatever happens, the terminal is then as it was."""
    termios, tty = importlib.import_module("termios"), importlib.import_module("tty")
    before = termios.tcgetattr(stream)
    try:
        tty.setcbreak(stream, termios.TCSANOW)
        yield
    finally:
        termios.tcsetattr(stream, termios.TCSANOW, before)


def _on_windows(seconds: float) -> str:
    msvcrt: Any = importlib.import_module("msvcrt")
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if msvcrt.kbhit():
            return str(msvcrt.getwch()).lower()
        time.sleep(0.05)
    return ""
