"""One exercise's feedback as a card: the plain text of a report, told again in HTML."""

from __future__ import annotations

from autograder.judge.report import ExerciseReport
from autograder.labcheck.explain import LABEL, Line
from autograder.labcheck.html import as_html
from autograder.labcheck.message import Message


def card(exercise: ExerciseReport, *more: Line) -> str:
    """The card that a check cell shows; every text in it is escaped.  more: lines to add."""
    lines = (*lines_of(exercise.feedback), *more)
    told = Message(exercise.name, exercise.outcome, exercise.score, exercise.max_score, lines)
    return as_html(told)


def lines_of(feedback: str) -> tuple[Line, ...]:
    """The labelled lines below the headline of a feedback."""
    found: list[tuple[str, list[str]]] = []
    for row in feedback.splitlines()[2:]:
        label = row[:LABEL].strip()
        if (row.startswith("  ") and row[2:3].strip() and label) or not found:
            found.append((label, [row[LABEL:]]))
        else:
            found[-1][1].append(row[LABEL:] if not label else row.strip())
    return tuple(Line(label, "\n".join(text).rstrip()) for label, text in found)


def first_thing(exercise: ExerciseReport) -> str:
    """What to say about an exercise in one line: the hint where there is one."""
    lines = {line.label: line.text for line in lines_of(exercise.feedback)}
    for label in ("Hint", "First wrong", "Raised", "What happened", "What to do", "You returned"):
        if label in lines:
            return " ".join(lines[label].split())
    return ""
