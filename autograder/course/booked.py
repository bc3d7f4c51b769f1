"""What nbgrader's gradebook has of one lab: marks read from it, and cells that come and go."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbgrader import api, utils

from autograder.judge.submission import CHECK
from autograder.pages.marks import Mark, Part, Person, rounded

Dropped = dict[str, list[dict[str, Any]]]
"""By exercise that is taken out: what each student had in its cells."""


@dataclass(frozen=True)
class Roster:
    """The gradebook's table of students.

    new: whether it knows no assignment yet, so that nobody can have been taken out of it.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    new: bool = True

    def withdrawn(self, booked: Iterable[str]) -> frozenset[str]:
        """Those who are in it no more.  booked: everybody whom it has had."""
        return frozenset() if self.new else frozenset(booked) - self.people.keys()


def roster_in(gradebook: Any) -> Roster:
    """Everybody in the table of students, whether they have handed in or not."""
    people = {student.id: _person(student) for student in gradebook.students}
    return Roster(people, new=not gradebook.assignments)


def marks_in(gradebook: Any, slug: str) -> dict[str, Mark]:
    """The mark of each student who has a submission; totals are nbgrader's own."""
    parts, comments = _parts(gradebook, slug), _comments(gradebook, slug)
    submitted: Any = api.SubmittedAssignment
    numbers = (
        submitted.score,
        submitted.max_score,
        submitted.late_submission_penalty,
        submitted.needs_manual_grade,
    )
    query = (
        gradebook.db.query(submitted, api.Student, api.Assignment.duedate, *numbers)
        .join(api.Student, api.Student.id == submitted.student_id)
        .join(api.Assignment, api.Assignment.id == submitted.assignment_id)
        .filter(api.Assignment.name == slug)
    )
    return {
        student.id: Mark(
            _person(student),
            rounded(score),
            rounded(most),
            tuple(parts[student.id]),
            "gradebook",
            penalty=rounded(penalty),
            needs_review=bool(look),
            comments=comments[student.id],
            timestamp=submission.timestamp,
            late=_late(submission.timestamp, due, submission.extension),
        )
        for submission, student, due, score, most, penalty, look in query
    }


def _late(when: Any, due: Any, extension: datetime.timedelta | None) -> bool:
    return bool(when and due and when > due + (extension or datetime.timedelta()))


def _person(student: Any) -> Person:
    names = (student.first_name, student.last_name, student.email, student.lms_user_id)
    return Person(student.id, *(str(name or "") for name in names))


def _of_lab(query: Any, table: Any, slug: str) -> Any:
    """Only what belongs to cells of the lab's own notebook."""
    return (
        query.join(api.BaseCell, api.BaseCell.id == table.cell_id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == table.notebook_id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
        )
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .filter(api.Assignment.name == slug, api.Notebook.name == slug)
    )


def _parts(gradebook: Any, slug: str) -> Mapping[str, list[Part]]:
    """The points of each student's check cells, sorted by name."""
    grade: Any = api.Grade
    numbers = (grade.auto_score, grade.max_score, grade.manual_score, grade.extra_credit)
    of = (api.SubmittedAssignment.student_id, api.BaseCell.name)
    columns = gradebook.db.query(*of, *numbers)
    query = _of_lab(columns.select_from(grade), grade, slug).order_by(api.BaseCell.name)
    found: dict[str, list[Part]] = defaultdict(list)
    for student, name, *points in query:
        found[student].append(Part(name.removeprefix(CHECK), *points))
    return found


def _comments(gradebook: Any, slug: str) -> Mapping[str, dict[str, str]]:
    comment: Any = api.Comment
    of = (api.SubmittedAssignment.student_id, api.BaseCell.name)
    columns = gradebook.db.query(*of, comment.comment)
    query = _of_lab(columns.select_from(comment), comment, slug).order_by(api.BaseCell.name)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for student, name, text in query:
        if text:
            found[student][name.removeprefix(CHECK)] = text
    return found


# -- cells that come and go ----------------------------------------------------------------------


def fit_cells(gradebook: Any, slug: str, cells: Iterable[Any]) -> Dropped:
    """Give the notebook of a lab the cells that its source has; what was in those taken out.

    nbgrader itself refuses to where there are submissions.
    """
    notebook = gradebook.find_notebook(slug, slug)
    wanted = _wanted(cells)
    dropped: Dropped = {}
    for kind, names in wanted.items():
        for cell in [one for one in getattr(notebook, kind) if one.name not in names]:
            if kind != "source_cells":
                given = _taken_out(gradebook.db, cell)
                dropped.setdefault(cell.name.removeprefix(CHECK), []).extend(given)
            gradebook.db.delete(cell)
    gradebook.db.flush()
    gradebook.db.expire_all()
    for kind, names in wanted.items():
        known = {cell.name for cell in getattr(notebook, kind)}
        for name in names.keys() - known:
            _add(gradebook, notebook, kind, name, names[name])
    gradebook.db.flush()
    gradebook.db.expire_all()
    return dropped


def _wanted(cells: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """The cells that nbgrader keeps, by kind and name."""
    kinds: dict[str, dict[str, Any]] = {
        kind: {} for kind in ("grade_cells", "solution_cells", "task_cells", "source_cells")
    }
    for cell in cells:
        is_a = (utils.is_grade(cell), utils.is_solution(cell), utils.is_task(cell))
        of_any = any(is_a) or utils.is_locked(cell)
        for kind, yes in zip(kinds, (*is_a, of_any), strict=True):
            if yes:
                kinds[kind][cell.metadata.nbgrader["grade_id"]] = cell
    return kinds


def _taken_out(session: Any, cell: Any) -> list[dict[str, Any]]:
    """What was given in a cell, which then is gone."""
    kept = ("auto_score", "manual_score", "extra_credit", "auto_comment", "manual_comment")
    found = []
    for table in (api.Grade, api.Comment):
        for given in session.query(table).filter(table.cell_id == cell.id):
            told = {name: getattr(given, name) for name in kept if hasattr(given, name)}
            found.append({"student": given.notebook.assignment.student_id, **told})
            session.delete(given)
    session.flush()
    return found


def _add(gradebook: Any, notebook: Any, kind: str, name: str, cell: Any) -> None:
    """A cell, with what a submission has of it; all else of it comes with the release."""
    slug = notebook.name
    if kind == "source_cells":
        gradebook.add_source_cell(name, slug, slug, cell_type=cell.cell_type)
        return
    if kind == "solution_cells":
        added = gradebook.add_solution_cell(name, slug, slug)
    else:
        add = gradebook.add_grade_cell if kind == "grade_cells" else gradebook.add_task_cell
        points = float(cell.metadata.nbgrader["points"])
        added = add(name, slug, slug, max_score=points, cell_type=cell.cell_type)
    gradebook.db.flush()
    for given in _empty(kind, added.id, list(notebook.submissions)):
        gradebook.db.add(given)


def _empty(kind: str, cell_id: str, submissions: Iterable[Any]) -> Iterator[Any]:
    for submitted in submissions:
        if kind != "solution_cells":
            yield api.Grade(cell_id=cell_id, notebook=submitted)
        if kind != "grade_cells":
            yield api.Comment(cell_id=cell_id, notebook=submitted)
