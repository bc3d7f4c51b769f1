"""One student's session: which exercises were checked, and how many hints were asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .explain import Line
from .html import as_html
from .message import Message, findings, forbidden
from .run import Checked, check_cases
from .visible import VisibleExercise, load

BAR = 24
BESIDE = Path(__file__).resolve().parents[2]
"""The folder of labcheck.pyz, wherever a notebook changes to afterwards."""

START = "Write the body below the docstring in place of NotImplementedError, and check again."
UNKNOWN = (
    "None of the mistakes that I know gives exactly this. "
    "The first difference that the check shows is the best lead."
)


class NotebookSession:
    """Checks functions against the recorded cases, and remembers the results."""

    def __init__(self, record: Path | None = None) -> None:
        self._record = record
        self._exercises: dict[str, VisibleExercise] | None = None
        self._checked: dict[str, Checked] = {}
        self._asked: dict[str, int] = {}

    @property
    def exercises(self) -> dict[str, VisibleExercise]:
        """The exercises of the lab by name, in teaching order."""
        if self._exercises is None:
            self._exercises = load(self._record or find_record())
        return self._exercises

    def check(self, function: Callable[..., Any]) -> None:
        """Try a function or class on the visible cases, and show what was found."""
        name = getattr(function, "__name__", None)
        exercise = self.exercises.get(name) if isinstance(name, str) else None
        if exercise is None:
            known = ", ".join(self.exercises)
            show_text(f"{name or function!r} is no exercise of this lab. Its exercises: {known}.")
            return
        checked = check_cases(exercise, function)
        if self._checked.get(exercise.name) is None or checked.outcome == "right":
            self._asked.pop(exercise.name, None)
        self._checked[exercise.name] = checked
        show(message_of(checked, notebook=True), self.progress_line())

    def hint(self, function: Callable[..., Any]) -> None:
        """One more step of help for a function: first where to look, then what is wrong."""
        name = getattr(function, "__name__", "")
        exercise = self.exercises.get(name)
        if exercise is None:
            show_text(f"{name or function!r} is no exercise of this lab.")
            return
        checked = self._checked[name] = check_cases(exercise, function)
        step = self._asked[name] = self._asked.get(name, 0) + 1
        show(
            Message(
                name,
                checked.outcome,
                score_of(checked),
                exercise.points,
                tuple(hints(checked, step)),
            )
        )

    def progress(self) -> None:
        """How much of the lab is done, exercise by exercise."""
        lines = []
        for name, exercise in self.exercises.items():
            checked = self._checked.get(name)
            sign = "·" if checked is None else SIGNS.get(checked.outcome, "✗")
            lines.append(f"{sign} {name} ({exercise.points:g})")
        show_text(f"{self.progress_line()}\n\n" + "\n".join(lines))

    def progress_line(self) -> str:
        """ "3 of 12 right, 25 of 100 points [#####-----]" for what was checked so far."""
        return progress_line(self.exercises, self._checked)


SIGNS = {"right": "✓", "partly": "◐", "unfinished": "○"}


def progress_line(exercises: dict[str, VisibleExercise], checked: dict[str, Checked]) -> str:
    """The progress of a lab in one line with a bar."""
    right = sum(one.outcome == "right" for one in checked.values())
    score = sum(score_of(one) for one in checked.values())
    most = sum(one.points for one in exercises.values())
    full = round(BAR * score / most) if most else 0
    bar = "█" * full + "░" * (BAR - full)
    return (
        f"{bar}  {right} of {len(exercises)} right, {round(score, 2):g} of {most:g} points so far"
    )


def message_of(checked: Checked, notebook: bool) -> Message:
    """The feedback on the visible cases; a recognised mistake is offered as a hint."""
    exercise = checked.exercise
    lines: list[Line] = []
    if checked.outcome == "unfinished":
        lines = [Line("What to do", START)]
    elif checked.outcome == "forbidden":
        used = checked.used or next((one.got.text for one in checked.trials), "")
        lines = forbidden(exercise.name, used)
    elif checked.outcome != "right":
        lines = findings(checked.trials, exercise.parts, numbers=True)
        ask = f"hint({exercise.name})" if notebook else f"--hint {exercise.name}"
        known = "I recognise this one. " if checked.mistake else ""
        text = f"{known}Ask with {ask}: first where to look, then what is wrong."
        lines.append(Line("Hint", text))
    return Message(
        exercise.name, checked.outcome, score_of(checked), exercise.points, tuple(lines)
    )


def hints(checked: Checked, step: int) -> list[Line]:
    """The first `step` hints: where to look, then what is wrong."""
    exercise = checked.exercise
    if checked.outcome == "right":
        return [Line("Hint", "It is right: nothing to hint at.")]
    if checked.outcome == "forbidden":
        return [Line("Hint", f"Write it without {checked.used}.")]
    if checked.outcome == "unfinished" or checked.mistake is None:
        lines = [Line("Look here", exercise.look)]
        wrong = UNKNOWN if checked.outcome != "unfinished" else START
    else:
        when, look = exercise.hints[checked.mistake]
        lines = [Line("Look here", look)]
        wrong = f"This is exactly what comes out when {when}."
    label, text = ("What is wrong", wrong) if step > 1 else ("Next", "Ask again for more.")
    return [*lines, Line(label, text)]


def score_of(checked: Checked) -> float:
    """The points that the visible cases would give."""
    return round(checked.exercise.points * checked.share, 4)


def find_record(stem: str | None = None) -> Path:
    """The recorded cases beside labcheck.pyz: visible.json, or visible/<lab>.json for a file."""
    one = BESIDE / "visible.json"
    if one.is_file() and stem is None:
        return one
    many = BESIDE / "visible" / f"{stem}.json"
    if many.is_file():
        return many
    if one.is_file():
        return one
    raise FileNotFoundError(
        f"the recorded cases are missing: expected {one.name} or visible/{stem or '<lab>'}.json "
        "beside labcheck.pyz; copy them again from what was handed out"
    )


class Shown:
    """A message as a notebook shows it: HTML, with the plain text beside it."""

    def __init__(self, text: str, html: str) -> None:
        self.text, self.html = text, html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def show(message: Message, progress: str = "") -> None:
    """Display a message: as HTML in a notebook, as text elsewhere."""
    text = message.text() + (f"\n\n  {progress}" if progress else "")
    if not _display(Shown(text, as_html(message, progress))):
        print(text)


def show_text(text: str) -> None:
    """Print plain text."""
    print(text)


def _display(shown: Shown) -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return False
    from IPython.display import display

    display(shown._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call,unused-ignore]
    return True
