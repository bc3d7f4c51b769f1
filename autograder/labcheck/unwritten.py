"""What a notebook says when a cell needs a function that is not written, or not there, yet."""

from __future__ import annotations

import os
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Collection
from inspect import ismodule as is_module
from typing import Any

from .explain import Line
from .forbidden import bound_names
from .message import Message

WIDTH = 64
"""The longest line that the dialog of nbgrader's Validate button shows whole."""

CHECK_CELL = re.compile(r"\s*check\(\s*(\w+)\s*\)")


class Waiting:
    """Cells that wait for a function that is not written: they do not stop those below them.

    handed: the texts of the cells that were handed out.

    A cell that needs what such a cell would have defined waits for the same function.
    """

    def __init__(self, handed: Collection[str] = ()) -> None:
        self._handed = handed
        self._for: dict[str, str] = {}
        self._space: dict[str, Any] = {}
        self._source = ""
        self._excused = False

    def watch(self, shell: Any) -> None:
        """Listen to each run of a cell."""
        self._space = shell.user_ns
        shell.events.register("pre_run_cell", self.begins)
        shell.events.register("post_run_cell", self.ended)

    def begins(self, info: Any) -> None:
        """A cell is about to run."""
        self._source, self._excused = str(getattr(info, "raw_cell", "")), False
        for name in bound_names(self._source):
            self._for.pop(name, None)

    def waits(self, function: str) -> None:
        """The running cell waits for a function: what it would have defined is not there yet."""
        names = bound_names(self._source)
        self._for |= dict.fromkeys(names, function)
        self._excused = True
        if self._source.strip() in self._handed:  # half of what it makes is worse than nothing
            for name in names:
                if not callable(self._space.get(name)) and not is_module(self._space.get(name)):
                    self._space.pop(name, None)
        if (pictures := sys.modules.get("matplotlib.pyplot")) is not None:
            pictures.close("all")  # an empty one would be shown

    def excuse(self) -> None:
        """What the running cell lacks is said already, and stops nothing."""
        self._excused = True

    def needed(self, name: str) -> str:
        """The function for which the cell waits that defines this name; empty where none does."""
        return self._for.get(name, "")

    def ended(self, result: Any) -> None:
        """A cell that waits has not failed, except where nbgrader asks whether all is done."""
        if self._excused and "NBGRADER_EXECUTION" not in os.environ:
            result.error_in_exec = None


def announce_unwritten(
    show: Callable[[Message], None],
    absent: Callable[[str], str] = lambda _: "",
    handed: Collection[str] = (),
) -> None:
    """In a notebook, show a sentence in place of a traceback for NotImplementedError.

    So too where a check cell names a function whose own cell did not run.  Such a cell does not
    stop those below it.

    show: displays a Message.  absent: why nothing has a name, where that is known.  handed: the
    texts of the cells that were handed out.  Elsewhere nothing happens.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "set_custom_exc"):
        return
    waiting = Waiting(handed)
    if hasattr(shell, "events"):
        waiting.watch(shell)

    def announce(shell: Any, *raised: Any, tb_offset: int | None = None) -> list[str]:
        frame = traceback.extract_tb(raised[2])[-1]
        if isinstance(raised[1], NameError):
            if function := waiting.needed(raised[1].name or ""):
                waiting.waits(function)
                show(_waits(function, f"needs {raised[1].name}, which waits for {function}"))
                return []
            if say_what_is_missing(raised[1], frame.line or "", absent):
                waiting.excuse()
            shell.showtraceback(raised, tb_offset=tb_offset)
            return []
        of_a_library = frame.filename.startswith((sys.prefix, sys.base_prefix))
        if of_a_library or "raise" not in (frame.line or ""):
            shell.showtraceback(raised, tb_offset=tb_offset)
            return []
        name = frame.name
        waiting.waits(name)
        cell = "is" if name.startswith("<") else f"calls {name}, which is"
        show(_waits(name, f"{cell} not written yet"))
        return []

    shell.set_custom_exc((NotImplementedError, NameError), announce)


def _waits(name: str, why: str) -> Message:
    todo = f"Go up to {name}, write its body, run its cell; then run this again."
    lines = (Line("What happened", f"this cell {why}."), Line("What to do", todo))
    return Message(name, "unfinished", 0, 0, lines)


def say_what_is_missing(
    error: NameError, line: str, absent: Callable[[str], str] = lambda _: ""
) -> bool:
    """Let the error of a check cell show as one sentence, if it lacks what is to be checked.

    Whether it does.
    """
    named = CHECK_CELL.match(line)
    if named and named[1] == error.name:
        said = absent(named[1]) or f"{error.name} is not defined: does its cell run?"
        shown = textwrap.wrap(said, WIDTH, break_on_hyphens=False)
        error._render_traceback_ = lambda: shown  # type: ignore[attr-defined]
        return True
    return False
