"""Ctrl-C: a run ends within two seconds, says what is kept, and leaves no process behind."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

import click

STOPPED = 130
"""The exit status of what was ended by SIGINT, as shells have it."""
PATIENCE = 1.0
"""Seconds after which what does not let itself be broken off is ended all the same."""


@contextlib.contextmanager
def ends_on_ctrl_c(told: Callable[[], str]) -> Iterator[None]:
    """Within this, Ctrl-C ends the command with one sentence.  told: what is kept.

    What runs is broken off by KeyboardInterrupt. Libraries may take that for a fault of theirs, or
    wait; whatever becomes of it, the process ends, and all that it began ends with it.
    """
    stop = _Stop(told)
    before = signal.signal(signal.SIGINT, stop.pressed)
    try:
        yield
    except BaseException:
        if not stop.asked:
            raise
        stop.say()
        sys.exit(STOPPED)
    finally:
        if not stop.asked:
            signal.signal(signal.SIGINT, before)


class _Stop:
    """Whether Ctrl-C was pressed, and whether that was said."""

    def __init__(self, told: Callable[[], str]) -> None:
        self.asked = False
        self._told = told
        self._said = threading.Lock()

    def pressed(self, *_: object) -> None:
        """Break off; from here on the process ends, and no further key changes that."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.asked = True
        sys.unraisablehook = lambda _: None
        last = threading.Timer(PATIENCE, self._end)
        last.daemon = True
        last.start()
        raise KeyboardInterrupt

    def say(self) -> None:
        """Tell once what is kept."""
        if self._said.acquire(blocking=False):
            with contextlib.suppress(OSError):
                click.echo(self._told(), err=True)

    def _end(self) -> None:
        self.say()
        if sys.stderr.isatty():
            with contextlib.suppress(OSError):
                os.write(2, b"\x1b[?25h")  # a bar hides the cursor while it is drawn
        os._exit(STOPPED)
