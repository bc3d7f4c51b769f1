"""One exercise of a report as a card, and in a line."""

from __future__ import annotations

from dataclasses import replace

from autograder.judge.report import ExerciseReport
from autograder.labcheck.explain import Line
from autograder.labcheck.html import as_html, escape
from autograder.labcheck.strip import Strip

LEGEND = "time steps 0 to {last} from left to right; × not right in some sample"
CELL = "border:1px solid #999;width:14px;height:14px;padding:0;text-align:center;line-height:1"
TELLING = ("Hint", "First wrong", "Raised", "What happened", "What to do", "You returned")
"""Labels of a message, the most telling first."""


def card(exercise: ExerciseReport, graders: bool = False) -> str:
    """The card that a check cell shows; every text in it is escaped.

    graders: whether it is for them, with the reason why something could not be judged.
    """
    message = exercise.message
    if graders and exercise.fault:
        message = replace(message, lines=(*message.lines, Line("Reason", exercise.fault)))
    return as_html(message, picture=_table) if graders else as_html(message)


def _table(strip: Strip) -> str:
    """A strip as a table, which stays in nbgrader's pages, where pictures are files."""
    words = escape(strip.in_words())
    rows = "".join(f"<tr>{''.join(_cell(right) for right in row)}</tr>" for row in strip.rows)
    table = "margin:.5em 0 0;border-collapse:collapse"
    return (
        f'<table role="img" aria-label="{words}" title="{words}" style="{table}">{rows}</table>'
        f'<div style="font-size:12px">{LEGEND.format(last=strip.steps - 1)}</div>'
    )


def _cell(right: bool) -> str:
    return f'<td style="{CELL}">{"" if right else "×"}</td>'


def first_thing(exercise: ExerciseReport) -> str:
    """What to say about an exercise in one line: the hint where there is one."""
    texts = {line.label: line.text for line in exercise.lines}
    return next((" ".join(texts[label].split()) for label in TELLING if label in texts), "")
