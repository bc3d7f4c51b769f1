"""nbgrader export as a sheet in which nothing is a formula: names are what students choose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.plugins import CsvExportPlugin

from autograder.pages.sheet import sheet

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)
"""As nbgrader names and orders them."""


class Sheet(CsvExportPlugin):  # type: ignore[misc]
    """The columns of nbgrader's own, with each cell a cell of its own."""

    def export(self, gradebook: Any) -> None:
        """Write a line for each assignment and student."""
        path = Path(self.to or "grades.csv")
        self.log.info("Exporting grades to %s", path)
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(sheet(COLUMNS, self._rows(gradebook)))

    def _rows(self, gradebook: Any) -> Iterator[list[object]]:
        """What was not handed in counts as nothing."""
        for assignment in gradebook.assignments:
            for student in gradebook.students:
                if _among(assignment.name, self.assignment) and _among(student.id, self.student):
                    yield _row(gradebook, assignment, student)


def _among(name: str, wanted: list[Any]) -> bool:
    return not wanted or name in map(str, wanted)


def _row(gradebook: Any, assignment: Any, student: Any) -> list[object]:
    person = (student.id, student.last_name, student.first_name, student.email)
    try:
        handed_in = gradebook.find_submission(assignment.name, student.id)
        score, penalty = handed_in.score, handed_in.late_submission_penalty
        marks, when = (score, penalty, max(0.0, score - penalty)), handed_in.timestamp
    except MissingEntry:
        marks, when = (0.0, 0.0, 0.0), None
    return [assignment.name, assignment.duedate, when, *person, *marks, assignment.max_score]
