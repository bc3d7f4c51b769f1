"""A class as CSV, a line for each student; nothing in it is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from autograder.judge.report import LabReport
from autograder.pages.marks import Mark

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes spreadsheets take a cell for a formula."""

MARK = ("judge", "penalty", "manual", "source")
"""The columns that say how a score has come about: score = judge + manual - penalty, never < 0."""

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("First name", "Last name", "ID number", "Username", "Email address")
Marked = tuple[LabReport, Mark]


def csv_text(exercises: Sequence[str], marked: Iterable[Marked]) -> str:
    """The text of the file: student, marks, then points, outcome and mistake of each exercise."""
    columns = [f"{name} {what}" for name in exercises for what in ("points", "outcome", "mistake")]
    head = ["student", "score", "max_score", "needs_review", "problem", *MARK, *columns]
    return _sheet(head, (_row(exercises, report, mark) for report, mark in marked))


def canvas_text(column: str, marks: Sequence[Mark]) -> str:
    """What Canvas's gradebook imports; column: the name of the assignment there."""
    most = max((mark.max_score for mark in marks), default=0.0)
    points = ("    Points Possible", *[""] * (len(CANVAS) - 1), most)
    rows = (
        (mark.person.sortable, mark.person.lms_id, "", mark.person.name, "", mark.total)
        for mark in marks
    )
    return _sheet([*CANVAS, column], [points, *rows])


def moodle_text(column: str, marks: Iterable[Mark]) -> str:
    """What Moodle's grade import reads: whom, the grade, and why as feedback."""
    rows = ((*_in_moodle(mark), mark.total, _feedback(mark)) for mark in marks)
    return _sheet([*MOODLE, column, f"{column} (Feedback)"], rows)


def _sheet(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow([safe(name) for name in head])
    for row in rows:
        sheet.writerow([safe(value) for value in row])
    return text.getvalue()


def _row(exercises: Sequence[str], report: LabReport, mark: Mark) -> Iterator[object]:
    yield from (report.student, mark.total, mark.max_score)
    yield from ("yes" if mark.needs_review else "", report.problem)
    yield from (report.score, mark.penalty, mark.by_hand, mark.source)
    by_name = {exercise.name: exercise for exercise in report.exercises}
    for name in exercises:
        part, exercise = mark.part(name), by_name.get(name)
        yield part.score if part else ""
        yield from (exercise.outcome, exercise.mistake) if exercise else [""] * 2


def _in_moodle(mark: Mark) -> tuple[str, ...]:
    person = mark.person
    return (person.first_name, person.last_name, person.lms_id, person.name, person.email)


def _feedback(mark: Mark) -> str:
    """Each exercise with its points and what a person wrote, then the penalty."""
    lines = [
        f"{part.name}: {part.score or 0.0:.6g} of {part.max_score:.6g}"
        + (f". {mark.comments[part.name]}" if part.name in mark.comments else "")
        for part in mark.parts
    ]
    parts = {part.name for part in mark.parts}
    lines += [f"{name}: {text}" for name, text in mark.comments.items() if name not in parts]
    return "\n".join(lines + ([f"late: -{mark.penalty:.6g}"] if mark.penalty else []))


def safe(value: object) -> str:
    """A value as text that no spreadsheet calculates; a number stays one."""
    if isinstance(value, float):
        return f"{value:.12g}"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
