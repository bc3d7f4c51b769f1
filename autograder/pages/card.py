"""One exercise of a report as a card, and in a line."""

from __future__ import annotations

from dataclasses import replace

from autograder.judge.report import ExerciseReport
from autograder.labcheck.explain import Line
from autograder.labcheck.html import as_html

TELLING = ("Hint", "First wrong", "Raised", "What happened", "What to do", "You returned")
"""Labels of a message, the most telling first."""


def card(exercise: ExerciseReport, graders: bool = False) -> str:
    """The card that a check cell shows; every text in it is escaped.

    graders: whether it is for them, with the reason why something could not be judged.
    """
    message = exercise.message
    if graders and exercise.fault:
        message = replace(message, lines=(*message.lines, Line("Reason", exercise.fault)))
    return as_html(message)


def first_thing(exercise: ExerciseReport) -> str:
    """What to say about an exercise in one line: the hint where there is one."""
    texts = {line.label: line.text for line in exercise.lines}
    return next((" ".join(texts[label].split()) for label in TELLING if label in texts), "")
