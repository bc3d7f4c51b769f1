"""Which version of a function a notebook holds: when its cell ran, and whether to its end."""

from __future__ import annotations

import difflib
import inspect
import sys
import time
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from .magics import plain
from .reading import defined_in

LIKENESS = 0.85
"""From here on two names are taken for one and a slip of it."""


@dataclass(frozen=True, eq=False)
class Event:
    """What a run of a cell did to a name: when, why it stopped, and what the name held then.

    why: empty where the cell ran, and no longer defines the name.  instead: what it defines.
    """

    when: str
    held: Any
    why: str = ""
    instead: tuple[str, ...] = ()


class Cells:
    """What the cells of this notebook defined, and which of them stopped; empty elsewhere."""

    def __init__(self) -> None:
        self._defined: dict[str, tuple[int, str]] = {}
        self._stopped: dict[str, Event] = {}
        self._left: dict[str, Event] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._before: dict[str, Any] = {}
        self._runs = 0
        self._shell: Any = None

    def watch(self, shell: Any = None) -> None:
        """Listen to each run of a cell; elsewhere than in a notebook nothing happens."""
        ipython = sys.modules.get("IPython")
        if shell is None and ipython is not None:
            shell = ipython.get_ipython()
        if shell is None or not hasattr(shell, "events"):
            return
        self._shell = shell
        shell.events.register("pre_run_cell", self.begins)
        shell.events.register("post_run_cell", self.ended)

    # -- what IPython tells ----------------------------------------------------------------------

    def begins(self, info: Any) -> None:
        """Remember what the names hold that a cell is about to define."""
        space = self._shell.user_ns
        self._before = {name: space.get(name) for name in _defined(info)}

    def ended(self, result: Any) -> None:
        """Note what a run of a cell left of the names that stand in it."""
        info, space = getattr(result, "info", None), self._shell.user_ns
        names, before = _defined(info), self._before
        when, error = time.strftime("%H:%M"), result.error_before_exec or result.error_in_exec
        for name in names:
            if error is None or space.get(name) is not before.get(name):
                self._runs += 1
                self._defined[name] = self._runs, when
                self._stopped.pop(name, None)
                self._left.pop(name, None)
            else:
                self._stopped[name] = Event(when, space.get(name), _why(error))
        cell = getattr(info, "cell_id", None)
        if cell is not None and error is None:
            known = self._names.get(cell, frozenset())
            for name in known - names:
                new = tuple(sorted(names - known))
                self._left[name] = Event(when, space.get(name), instead=new)
            self._names[cell] = names
        elif cell is not None:
            self._names[cell] = self._names.get(cell, frozenset()) | names

    # -- what there is to say --------------------------------------------------------------------

    def stale(self, name: str, function: Any) -> str:
        """Why what a name holds is not what its cell says; empty where that is not known."""
        stopped, left = self._stopped.get(name), self._left.get(name)
        if stopped is not None and stopped.held is function:
            return (
                f"The cell of {name} did not run to its end at {stopped.when}: {stopped.why}. "
                f"{name} is still {self._version(name)}, so nothing is checked: "
                "mend the cell, run it, and check again."
            )
        if left is not None and left.held is function:
            defined = [f"you defined {one}" for one in left.instead[:1]]
            now = (defined or ["its cell defines nothing"])[0]
            return f"At {left.when} {now} in its place: {self._unchecked(name)}"
        other = self._slip_of(name, (name,))
        if other and _parameters(self._shell.user_ns.get(other)) == _parameters(function):
            return f"At {self._defined[other][1]} you defined {other}: {self._unchecked(name)}"
        return ""

    def _unchecked(self, name: str) -> str:
        return (
            f"{name} is still {self._version(name)}, so nothing is checked. "
            f"Is {name} the name that you mean?"
        )

    def absent(self, name: str) -> str:
        """Why nothing has a name, as far as that is known."""
        if (stopped := self._stopped.get(name)) is not None:
            why = f"its cell did not run to its end at {stopped.when}: {stopped.why}"
            return f"{name} is not defined: {why}."
        near = self._slip_of(name, ())
        return f"{name} is not defined: you defined {near}." if near else ""

    def note(self, name: str, exercises: Collection[str]) -> str:
        """That a later cell defined a name which looks like a slip of this one."""
        other = self._slip_of(name, exercises)
        when = self._defined[other][1] if other else ""
        return f"You defined {other} at {when}; {name} is {self._version(name)}." if other else ""

    def _slip_of(self, name: str, exercises: Collection[str]) -> str:
        """What was defined last, if it looks like a slip of this name and is no exercise."""
        _, other = max(((run, one) for one, (run, _) in self._defined.items()), default=(0, ""))
        return other if other not in exercises and like(other, name) else ""

    def _version(self, name: str) -> str:
        _, when = self._defined.get(name, (0, ""))
        return f"the version of {when}" if when else "an earlier version"


def _parameters(function: Any) -> list[str] | None:
    """The names of what a function takes."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None


def like(one: str, other: str) -> bool:
    """Whether one name looks like a slip of another."""
    mine, due = (name.lower().replace("_", "") for name in (one, other))
    if one == other or one[-1:].isdigit() != other[-1:].isdigit():
        return False
    ratio = difflib.SequenceMatcher(None, mine, due).ratio()
    return mine == due or (ratio >= LIKENESS and len(one) - len(other) in (-1, 0, 1))


def _defined(info: Any) -> frozenset[str]:
    """The functions and classes in the text of a cell, also where it is no Python."""
    source = getattr(info, "raw_cell", None)
    return defined_in(plain(source).source) if isinstance(source, str) else frozenset()


def _why(error: BaseException) -> str:
    """An exception and the line of the cell at which it stopped."""
    kind = type(error).__name__
    if isinstance(error, SyntaxError):
        return f"{kind} in line {error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.name == "<module>"]
    place = f" in line {lines[-1]}" if lines else ""
    text = str(error).strip().split("\n")[0]
    return f"{kind}{place}: {text}" if text else f"{kind}{place}"
