"""What a notebook says when a cell needs a function that is not written, or not there, yet."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable
from typing import Any

from .explain import Line
from .message import Message

CHECK_CELL = re.compile(r"\s*check\(\s*(\w+)\s*\)")


def announce_unwritten(show: Callable[[Message], None]) -> None:
    """In a notebook, show a sentence in place of a traceback for NotImplementedError.

    So too where a check cell names a function whose own cell did not run.

    show: displays a Message.  Elsewhere nothing happens.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "set_custom_exc"):
        return

    def announce(shell: Any, *raised: Any, tb_offset: int | None = None) -> list[str]:
        frame = traceback.extract_tb(raised[2])[-1]
        if isinstance(raised[1], NameError):
            say_what_is_missing(raised[1], frame.line or "")
            shell.showtraceback(raised, tb_offset=tb_offset)
            return []
        of_a_library = frame.filename.startswith((sys.prefix, sys.base_prefix))
        if of_a_library or "raise" not in (frame.line or ""):
            shell.showtraceback(raised, tb_offset=tb_offset)
            return []
        name = frame.name
        cell = "is" if name.startswith("<") else f"calls {name}, which is"
        todo = f"Go up to {name}, write its body, run its cell; then run this again."
        lines = (
            Line("What happened", f"this cell {cell} not written yet."),
            Line("What to do", todo),
        )
        show(Message(name, "unfinished", 0, 0, lines))
        return []

    shell.set_custom_exc((NotImplementedError, NameError), announce)


def say_what_is_missing(error: NameError, line: str) -> None:
    """Let the error of a check cell show as one sentence, if it lacks what is to be checked."""
    named = CHECK_CELL.match(line)
    if named and named[1] == error.name:
        said = f"{error.name} is not defined: does its cell run?"
        error._render_traceback_ = lambda: [said]  # type: ignore[attr-defined]
