"""What a terminal shows: a line for each exercise as it ends, then what is to be done first."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from .explain import room
from .finish import End
from .html import SIGNS
from .message import HEADLINES, Message
from .run import Checked
from .session import hints, message_of, progress_line, score_of
from .supervisor import Standing
from .visible import VisibleExercise

BOLD, DIM, RESET = "\033[1m", "\033[2m", "\033[0m"
COLOURS = {"right": "\033[32m", "partly": "\033[33m", "unfinished": DIM, "missing": DIM}
WRONG = "\033[31m"
CLEAR = "\033[2J\033[H"


class Screen:
    """Where a student reads: whatever a program does to print, this goes on writing."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.is_terminal = out.isatty()

    def say(self, text: str = "", end: str = "\n") -> None:
        """Write a text; a reader that has gone away is no error."""
        with contextlib.suppress(BrokenPipeError):
            self._out.write(f"{text}{end}")
            self._out.flush()

    def close(self, unless: Sequence[TextIO]) -> None:
        """Nothing that is its own stays open; unless: what it may have been given."""
        if self._out not in unless:
            with contextlib.suppress(OSError):
                self._out.close()

    def at_once(self, text: str) -> None:
        """Write from wherever the process is, between two instructions of a program's."""
        with contextlib.suppress(OSError, ValueError):
            os.write(self._out.fileno(), text.encode())

    def clear(self) -> None:
        """An empty screen, where it is one."""
        if self.is_terminal:
            self.say(CLEAR, end="")

    def all_of(
        self,
        found: Iterable[Checked],
        exercises: Mapping[str, VisibleExercise],
        standing: Standing,
    ) -> int:
        """A line for each as it ends, then the first that is not right; the exit status."""
        checked = self.lines(found, exercises, standing)
        first = first_not_right(checked)
        self.say()
        if first is not None:
            self.message(first)
            self.say()
        self.progress(exercises, checked)
        return 0 if first is None else 1

    def lines(
        self,
        found: Iterable[Checked],
        exercises: Mapping[str, VisibleExercise],
        standing: Standing,
    ) -> dict[str, Checked]:
        """A line for each exercise as it ends; lines that stand there already are left out."""
        checked: dict[str, Checked] = {}
        width = max(map(len, exercises))
        for one in found:
            checked[one.exercise.name] = one
            if len(checked) > standing.shown:
                self.line(one, width)
                standing.tell_shown(len(checked))
        return checked

    def line(self, checked: Checked, width: int) -> None:
        """One exercise in one line: its sign, name, points and how it ended."""
        sign, most = SIGNS.get(checked.outcome, "✗"), checked.exercise.points
        score = f"{score_of(checked):g}/{most:g}".rjust(9)
        text = f"{sign} {checked.exercise.name:<{width}} {score}  {HEADLINES[checked.outcome]}"
        self.say(self._coloured(text, checked.outcome))

    def message(self, checked: Checked, ask: str = "") -> None:
        """What was found out about one exercise; ask: how to ask for a hint."""
        self._message(message_of(checked, notebook=False, ask=ask))

    def progress(
        self, exercises: Mapping[str, VisibleExercise], checked: Mapping[str, Checked]
    ) -> None:
        """How far the lab is."""
        self.say(progress_line(exercises, checked))

    def end(self, end: End) -> None:
        """The page for who is through."""
        head, _, rest = end.text(room()).partition("\n")
        self.say(f"\n{self._coloured(head, 'right')}\n{rest}")

    def hint(self, checked: Checked, step: int) -> None:
        """The first `step` hints for an exercise."""
        name, most = checked.exercise.name, checked.exercise.points
        lines = tuple(hints(checked, step))
        self._message(Message(name, checked.outcome, score_of(checked), most, lines))

    def _message(self, message: Message) -> None:
        head, _, rest = message.text(room()).partition("\n")
        self.say(self._coloured(head, message.outcome))
        if rest:
            self.say(rest)

    def _coloured(self, text: str, outcome: str) -> str:
        """With colour on a terminal that wants it."""
        if not self.is_terminal or "NO_COLOR" in os.environ:
            return text
        return f"{BOLD}{COLOURS.get(outcome, WRONG)}{text}{RESET}"


def first_not_right(checked: Mapping[str, Checked]) -> Checked | None:
    """The first exercise that is not right in full."""
    return next((one for one in checked.values() if one.outcome != "right"), None)
