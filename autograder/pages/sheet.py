"""A class as CSV, a line for each student; nothing in it is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograder.judge.report import LabReport
from autograder.pages.marks import Absent, Mark

_BETWEEN = r"[;,|\t\r\n]"
_BLANK = "[ \"'`\x00-\x08\x0b\x0c\x0e-\x1f\xa0\u200b-\u200f\u2060\ufeff]*"
_SIGN = "[=+@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212-]"
_NUMBER = rf"\s*[-+]?\d+(?:\.\d+)?\s*(?:{_BETWEEN}|\Z)"
FORMULA = re.compile(rf"(\A|{_BETWEEN}(?!{_NUMBER}))(?={_BLANK}{_SIGN})")
"""Where spreadsheets take for a formula what comes: at the start of a cell, after blanks and
quotes, in any width, and after what another program may take for the end of the cell before."""
IDENTIFIER = re.compile(r"[@+-]?\w[\w.@+-]*")
"""A name by which another place knows somebody; as a formula it would call nothing."""

MARK = ("judge", "penalty", "manual", "source")
"""The columns that say how a score has come about: score = judge + manual - penalty, never < 0."""

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("First name", "Last name", "ID number", "Username", "Email address")
POINTS_GRADE = "Points Grade"
END_OF_LINE = "End-of-Line Indicator"
BRIGHTSPACE = ("OrgDefinedId", "Username")
UNFIT_FOR_BRIGHTSPACE = re.compile(r'[/"*<>+=|,%\s]+')
"""What the name of a grade item in Brightspace must not have in it."""
Marked = tuple[LabReport, Mark]


def csv_text(
    exercises: Sequence[str], marked: Iterable[Marked], absent: Iterable[Absent] = ()
) -> str:
    """The text of the file: student, marks, then points, outcome and mistake of each exercise.

    absent: of whom there is nothing to mark; their line has no score, which is not 0.
    """
    columns = [f"{name} {what}" for name in exercises for what in ("points", "outcome", "mistake")]
    head = ["student", "score", "max_score", "needs_review", "problem", *MARK, "isolation", "name"]
    rows = (_row(exercises, report, mark) for report, mark in marked)
    names = [*head, *columns]
    return sheet(names, itertools.chain(rows, (_absent_row(one, names) for one in absent)))


def canvas_text(column: str, marks: Sequence[Mark]) -> str:
    """What Canvas's gradebook imports; column: the name of the assignment there."""
    most = max((mark.max_score for mark in marks), default=0.0)
    points = ("    Points Possible", *[""] * (len(CANVAS) - 1), most)
    rows = (
        (mark.person.sortable, *_ids(mark.person.lms_id, "", mark.person.name), "", mark.total)
        for mark in marks
    )
    return sheet([*CANVAS, column], [points, *rows])


def moodle_text(column: str, marks: Iterable[Mark]) -> str:
    """What Moodle's grade import reads: whom, the grade, and why as feedback."""
    rows = ((*_in_moodle(mark), mark.total, _feedback(mark)) for mark in marks)
    return sheet([*MOODLE, column, f"{column} (Feedback)"], rows)


def brightspace_text(item: str, marks: Iterable[Mark]) -> str:
    """What Brightspace's grade import reads; item: the name of the grade item there."""
    rows = ((*_ids(mark.person.lms_id, mark.person.name), mark.total, "#") for mark in marks)
    return sheet([*BRIGHTSPACE, f"{item} {POINTS_GRADE}", END_OF_LINE], rows)


def in_brightspace(name: str) -> str:
    """The name of a lab as a grade item may have it."""
    return UNFIT_FOR_BRIGHTSPACE.sub(" ", name).strip()


def sheet(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """The text of a file with these columns, in which nothing is a formula."""
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
    yield from (next(iter(report.isolation), ""), mark.person.sortable)
    by_name = {exercise.name: exercise for exercise in report.exercises}
    for name in exercises:
        part, exercise = mark.part(name), by_name.get(name)
        yield part.score if part else ""
        yield from (exercise.outcome, exercise.mistake) if exercise else [""] * 2


def _absent_row(absent: Absent, columns: Sequence[str]) -> list[object]:
    known = {"student": absent.person.name, "problem": absent.why, "name": absent.person.sortable}
    return [known.get(column, "") for column in columns]


def _in_moodle(mark: Mark) -> tuple[str | Identifier, ...]:
    person = mark.person
    ids = _ids(person.lms_id, person.name, person.email)
    return (person.first_name, person.last_name, *ids)


@dataclass(frozen=True)
class Identifier:
    """A name by which the place that reads a sheet finds somebody."""

    name: str


def _ids(*names: str) -> tuple[Identifier, ...]:
    return tuple(map(Identifier, names))


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
    """A value as text that no spreadsheet calculates; a number stays one, and a plain name."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.12g}"
    if isinstance(value, Identifier):
        return value.name if IDENTIFIER.fullmatch(value.name) else safe(value.name)
    text = "" if value is None else str(value)
    text = FORMULA.sub(r"\1'", text)
    return f"'{text}" if text.startswith(("\t", "\r", "\n")) else text
