"""A class as CSV, a line for each student; nothing in it is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from autograder.judge.report import LabReport

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes spreadsheets take a cell for a formula."""


def csv_text(exercises: Sequence[str], reports: Iterable[LabReport]) -> str:
    """The text of the file: student, marks, then points, outcome and mistake of each exercise."""
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    columns = [f"{name} {what}" for name in exercises for what in ("points", "outcome", "mistake")]
    sheet.writerow(["student", "score", "max_score", "needs_review", "problem", *columns])
    for report in reports:
        sheet.writerow([safe(value) for value in _row(exercises, report)])
    return text.getvalue()


def _row(exercises: Sequence[str], report: LabReport) -> Iterator[object]:
    yield from (report.student, report.score, report.max_score)
    yield from ("yes" if report.needs_review else "", report.problem)
    by_name = {exercise.name: exercise for exercise in report.exercises}
    for name in exercises:
        exercise = by_name.get(name)
        yield from (exercise.score, exercise.outcome, exercise.mistake) if exercise else [""] * 3


def safe(value: object) -> str:
    """A value as text that no spreadsheet calculates."""
    text = "" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
