"""The end page of a lab: what was built, where it took hints, what to hand in; to be printed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .explain import Line, as_text
from .html import COLOURS, as_card, escape
from .visible import VisibleExercise, lab_in

BUILT = "You built"
HANDED = "Hand in"
HINTS = "Hints"
WITHOUT_HINTS = "You asked for none."


@dataclass(frozen=True)
class End:
    """What there is to say of a lab that is done.

    built: (name, what it is) by exercise.  hints: how many were asked for; None if not known.
    """

    title: str
    built: tuple[tuple[str, str], ...]
    hints: Mapping[str, int] | None
    file: str
    when: str

    def lines(self) -> list[Line]:
        """The page as lines of a message."""
        built = "\n".join(f"{name}: {what}" if what else name for name, what in self.built)
        hinted = [] if self.hints is None else [Line(HINTS, self._hinted(self.hints))]
        handed = Line(HANDED, f"{self.file}, saved as it is now. Nothing else is needed.")
        return [Line(BUILT, built), *hinted, handed]

    @staticmethod
    def _hinted(hints: Mapping[str, int]) -> str:
        asked = [(name, count) for name, count in hints.items() if count]
        if not asked:
            return WITHOUT_HINTS
        told = ", ".join(f"{name} ({count})" for name, count in asked)
        one = "That one is" if len(asked) == 1 else "Those are"
        return f"{told}. {one} worth writing once more, from an empty cell, before an exam."

    def text(self, width: int) -> str:
        """The page for a terminal."""
        return f"{self._head()}\n\n{as_text(self.lines(), width)}"

    def html(self) -> str:
        """The page for a notebook."""
        head = f"<b>✓ {escape(self._head())}</b>"
        foot = f"{escape(self.when)} · To keep it, print this page: File, Print."
        return as_card(head, self.lines(), COLOURS["right"], foot=foot)

    def _head(self) -> str:
        return f"{self.title}: all of it is right"


def end_of(
    exercises: Mapping[str, VisibleExercise],
    record: Path | None,
    file: str,
    hints: Mapping[str, int] | None = None,
) -> End:
    """The end page of the lab with this record.

    file: what is handed in; "" for the lab's own notebook.  hints: how many were asked for by
    exercise, where that is known.
    """
    lab, title = lab_in(record) if record is not None else ("", "")
    built = tuple((name, one.what) for name, one in exercises.items())
    handed = file or f"{lab or 'this notebook'}.ipynb"
    return End(title or handed, built, hints, handed, time.strftime("%d %B %Y"))
