"""One student's session: which exercises were checked, and how many hints were asked for."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .explain import TEXT_COLUMN, Line
from .html import SIGNS, as_html
from .message import Message, advice, findings, forbidden
from .run import Checked, check_cases
from .visible import VisibleExercise, load

BAR_WIDTH = 24
FOLDER = Path(__file__).resolve().parents[2]
"""The folder of labcheck.pyz, wherever a notebook changes to afterwards."""

START = "Write the body below the docstring in place of NotImplementedError, and check again."
LEAD = "The first difference that the check shows is the best lead."
UNKNOWN = "None of the mistakes that I know gives exactly this."
WIDTH = 64
"""The longest line that the dialog of nbgrader's Validate button shows whole."""


class NotRightError(Exception):
    """Fails a check cell while nbgrader validates; a notebook shows its text and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class NotebookSession:
    """Checks functions against the recorded cases, and remembers the results."""

    def __init__(self, record: Path | None = None) -> None:
        self._record = record
        self._exercises: dict[str, VisibleExercise] | None = None
        self._checked: dict[str, Checked] = {}
        self._hints_asked: dict[str, int] = {}

    @property
    def exercises(self) -> dict[str, VisibleExercise]:
        """The exercises of the lab by name, in teaching order."""
        if self._exercises is None:
            self._exercises = load(self._record or find_record())
        return self._exercises

    def check(self, function: Callable[..., Any]) -> None:
        """Try a function or class on the visible cases, and show what was found.

        While nbgrader validates the notebook, what is not right raises NotRightError.
        """
        name = getattr(function, "__name__", None)
        try:
            exercise = self.exercises.get(name) if isinstance(name, str) else None
        except FileNotFoundError as missing:
            _say(f"{missing}.")
            return
        if exercise is None:
            known = ", ".join(self.exercises)
            _say(f"{name or function!r} is no exercise of this lab. Its exercises: {known}.")
            return
        checked = check_cases(exercise, function)
        if self._checked.get(exercise.name) is None or checked.outcome == "right":
            self._hints_asked.pop(exercise.name, None)
        self._checked[exercise.name] = checked
        message = message_of(checked, notebook=True)
        if validating() and checked.outcome != "right":
            raise NotRightError(narrowed(message).text())
        show(message, self.progress_line())

    def hint(self, function: Callable[..., Any]) -> None:
        """One more step of help for a function: first where to look, then what is wrong."""
        name = getattr(function, "__name__", "")
        exercise = self.exercises.get(name)
        if exercise is None:
            print(f"{name or function!r} is no exercise of this lab.")
            return
        checked = self._checked[name] = check_cases(exercise, function)
        step = self._hints_asked[name] = self._hints_asked.get(name, 0) + 1
        lines = tuple(hints(checked, step))
        show(Message(name, checked.outcome, score_of(checked), exercise.points, lines))

    def progress(self) -> None:
        """How much of the lab is done, exercise by exercise."""
        lines = []
        for name, exercise in self.exercises.items():
            checked = self._checked.get(name)
            sign = "·" if checked is None else SIGNS.get(checked.outcome, "✗")
            lines.append(f"{sign} {name} ({exercise.points:g})")
        print(f"{self.progress_line()}\n\n" + "\n".join(lines))

    def progress_line(self) -> str:
        """ "3 of 12 right, 25 of 100 points [#####-----]" for what was checked so far."""
        return progress_line(self.exercises, self._checked)


def validating() -> bool:
    """Whether nbgrader runs the notebook to tell a student if it passes."""
    return os.environ.get("NBGRADER_EXECUTION") == "validate"


def _say(text: str) -> None:
    """Print why nothing can be checked; while nbgrader validates, raise NotRightError."""
    if validating():
        raise NotRightError(narrow(text, WIDTH))
    print(text)


def narrow(text: str, width: int) -> str:
    """A text with its long lines broken."""
    wrapped = (textwrap.wrap(line, width, break_on_hyphens=False) for line in text.split("\n"))
    return "\n".join(piece for pieces in wrapped for piece in pieces or [""])


def narrowed(message: Message) -> Message:
    """A message whose lines are no longer than WIDTH."""
    width = WIDTH - TEXT_COLUMN
    lines = (Line(line.label, narrow(line.text, width)) for line in message.lines)
    return replace(message, lines=tuple(lines))


def progress_line(exercises: dict[str, VisibleExercise], checked: dict[str, Checked]) -> str:
    """The progress of a lab in one line with a bar."""
    right = sum(result.outcome == "right" for result in checked.values())
    score = sum(map(score_of, checked.values()))
    most = sum(exercise.points for exercise in exercises.values())
    full = round(BAR_WIDTH * score / most) if most else 0
    bar = "█" * full + "░" * (BAR_WIDTH - full)
    done = f"{right} of {len(exercises)} right, {round(score, 2):g} of {most:g} points so far"
    return f"{bar}  {done}"


def message_of(checked: Checked, notebook: bool) -> Message:
    """The feedback on the visible cases; a recognised mistake is offered as a hint."""
    exercise = checked.exercise
    lines: list[Line] = []
    if checked.outcome == "unfinished":
        lines = [Line("What to do", START)]
    elif checked.outcome == "forbidden":
        used = checked.used or next((trial.got.text for trial in checked.trials), "")
        lines = forbidden(exercise.name, used)
    elif checked.outcome != "right":
        lines = findings(checked.trials, exercise.parts, numbers=True)
        if checked.said:
            lines.append(Line("What it does", checked.said))
        ask = f"hint({exercise.name})" if notebook else f"--hint {exercise.name}"
        known = "I recognise this one. " if checked.mistake else ""
        text = f"{known}Ask with {ask}: first where to look, then what is wrong."
        lines.append(Line("Hint", text))
    score = score_of(checked)
    return Message(exercise.name, checked.outcome, score, exercise.points, tuple(lines))


def hints(checked: Checked, step: int) -> list[Line]:
    """The first `step` hints: where to look, then what is wrong."""
    exercise = checked.exercise
    if checked.outcome == "right":
        return [Line("Hint", "It is right: nothing to hint at.")]
    if checked.outcome == "forbidden":
        return [Line("Hint", f"Write it without {checked.used}.")]
    look = advice(exercise.look, checked.trials, exercise.parts) or LEAD
    wrong = f"{UNKNOWN} {checked.said or LEAD}"
    if checked.outcome == "unfinished":
        wrong = START
    elif checked.mistake is not None:
        when, look = exercise.hints[checked.mistake]
        wrong = f"This is exactly what comes out when {when}."
    label, text = ("What is wrong", wrong) if step > 1 else ("Next", "Ask again for more.")
    return [Line("Look here", look), Line(label, text)]


def score_of(checked: Checked) -> float:
    """The points that the visible cases would give."""
    return round(checked.exercise.points * checked.share, 4)


def find_record(stem: str | None = None) -> Path:
    """The recorded cases beside labcheck.pyz: visible.json, or visible/<lab>.json for a file."""
    own = FOLDER / "visible.json"
    of_file = FOLDER / "visible" / f"{stem}.json"
    for record in (own, of_file) if stem is None else (of_file, own):
        if record.is_file():
            return record
    raise FileNotFoundError(
        f"the recorded cases are missing: expected {own.name} or visible/{stem or '<lab>'}.json "
        "beside labcheck.pyz; copy them again from what was handed out"
    )


def show(message: Message, progress: str = "") -> None:
    """Display a message: in a notebook as HTML with the text beside it, elsewhere as text."""
    text = message.text() + (f"\n\n  {progress}" if progress else "")
    if not _display({"text/plain": text, "text/html": as_html(message, progress)}):
        print(text)


def _display(texts: dict[str, str]) -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return False
    from IPython.display import display

    display(texts, raw=True)  # type: ignore[no-untyped-call,unused-ignore]
    return True
