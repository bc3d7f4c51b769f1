"""nbgrader's side: Judge takes the place of Execute, and the rest stays nbgrader's own.

StudentNotebook reads whatever was handed in.  Judge writes each exercise's points and feedback
into its check cell.  SaveGrades asks for a person where an exercise could not be judged.  Summary
puts marks and first findings on top of the feedback page.  Assignments that are no labs of this
collection go nbgrader's own way.
"""

from __future__ import annotations

import atexit
import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import nbformat.v4
import nbgrader.api
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.preprocessors import CheckCellMetadata, Execute, NbGraderPreprocessor, SaveAutoGrades
from traitlets import Any as Any_
from traitlets import Enum, Unicode

from autograder.course.finding import handed_in_by
from autograder.course.handin import Release, Released, as_notebook
from autograder.course.processes import Setup, device_for
from autograder.course.results import Entry, content_of, kept, key_of
from autograder.course.sanitising import is_lab
from autograder.course.secret import course_secret
from autograder.judge.grader import Grader
from autograder.judge.report import ExerciseReport, LabReport
from autograder.judge.submission import CHECK, Submission
from autograder.pages.card import card
from autograder.pages.overview import MARK, outcome_in, overview
from autograder.spec import collection
from autograder.spec.retracted import Retraction

_v4: Any = nbformat.v4


def submission_of(resources: Mapping[str, Any], converter: Any) -> Submission:
    """What a student handed in, read once for all that a converter does with it."""
    student, slug = resources["nbgrader"]["student"], resources["nbgrader"]["assignment"]
    submission = getattr(converter, "submission", None)
    if submission is None or submission.student != student:
        step = converter.coursedir.submitted_directory
        folder = Path(converter.coursedir.format_path(step, student, slug))
        root = Path(converter.coursedir.root).resolve()
        below = Path(converter.coursedir.root) / step
        submission = handed_in_by(folder, slug, student, root, below=below)
        converter.submission = submission
    return cast(Submission, submission)


class StudentNotebook(NotebookExporter):
    """Reads submissions of labs so that no file, whatever it is, stops the grading of a class."""

    def from_filename(self, filename: str, resources: Any = None, **options: Any) -> Any:
        """The notebook in the form of its release; what is graded already is read as it is."""
        converter: Any = self.parent
        self.optimistic_validation = True  # once, after all preprocessors
        if not converter._sanitizing or not is_lab(resources, converter.coursedir):
            return super().from_filename(filename, resources, **options)
        names = resources["nbgrader"]
        known = getattr(converter, "release", None)
        release = known or release_of(names["db_url"], names["assignment"], names["notebook"])
        notebook = as_notebook(submission_of(resources, converter), release)
        if not getattr(converter, "one_pass", False):
            self._preprocessors = []  # they mend what may be wrong with a notebook: nothing is
            self.optimistic_validation = False
        written: Any = self.from_notebook_node
        return written(notebook, resources, **options)


def release_of(db_url: str, assignment: str, notebook: str) -> Release:
    """What was released, as the gradebook remembers it."""
    with Gradebook(db_url) as gradebook:
        known = gradebook.find_notebook(notebook, assignment)
        points = {cell.name: float(cell.max_score) for cell in known.grade_cells}
        solutions = {cell.name for cell in known.solution_cells}
        cells = {
            cell.name: _released(cell, points.get(cell.name), cell.name in solutions)
            for cell in known.source_cells
        }
        return Release(cells, json.loads(known.kernelspec or "{}"))


def _released(cell: Any, points: float | None, solution: bool) -> Released:
    mark = {
        "grade_id": cell.name,
        "schema_version": 3,
        "grade": points is not None,
        "solution": solution,
        "locked": bool(cell.locked),
        "task": False,
        "cell_type": cell.cell_type,
        "checksum": cell.checksum,
        **({} if points is None else {"points": points}),
    }
    return Released(cell.cell_type, cell.source, mark)


class Judge(Execute):  # type: ignore[misc]
    """Judges a lab and writes the verdicts into its check cells; runs other notebooks as ever."""

    device = Enum(("auto", "cpu", "cuda"), "auto", help="Where exercises in PyTorch run.").tag(
        config=True
    )
    isolation = Enum(
        ("walls", "process"),
        "walls",
        help="process: judge without walls, where this machine cannot raise them.",
    ).tag(config=True)
    secret_file = Unicode(
        "", help="The course secret; by default AUTOGRADER_SECRET or results/secret."
    ).tag(config=True)
    report = Any_(None, allow_none=True, help="The report, where it is there already.")

    def preprocess(self, nb: Any, resources: Any, *args: Any) -> Any:
        """One execute_result for each check cell: points as text, feedback as HTML."""
        converter = self.parent.parent
        coursedir = converter.coursedir
        if not is_lab(resources, coursedir):
            return super().preprocess(nb, resources, *args)
        slug, submission = resources["nbgrader"]["assignment"], submission_of(resources, converter)
        root = Path(coursedir.root).resolve()
        report = self.report or self._kept(slug, root).report(submission)
        write_verdicts(nb, report)
        return nb, resources

    def _kept(self, slug: str, root: Path) -> KeptGrader:
        told = self.secret_file, self.isolation, self.device
        return _kept_grader(slug, root, *told, collection.taken_back(slug, root))


class KeptGrader:
    """Judges submissions of one lab one by one, and keeps what was found by content."""

    def __init__(self, setup: Setup) -> None:
        self.results = kept(setup.root, setup.slug)
        self._setup = setup
        self._fingerprint = setup.fingerprint()
        self._grader: Grader | None = None

    def report(self, submission: Submission) -> LabReport:
        """The report of what was handed in: the one that was kept, or a new one."""
        key = key_of(submission, self._fingerprint)
        report = self.results.report(key)
        if report is None or report.unjudged:
            self._grader = self._grader or self._setup.grader()
            report = self._grader.grade(submission)
            self.results.keep(key, report)
        latest = self.results.entry(submission.student)
        if latest is None or latest.key != key:
            self.results.assign(Entry(submission.student, key, content=content_of(submission)))
        return report

    def close(self) -> None:
        """End the grader's processes."""
        if self._grader is not None:
            self._grader.close()


_engine = functools.cache(nbgrader.api.create_engine)
"""Lets nbgrader's gradebooks of one database, of which there are eight per notebook, share one
engine, with the statements that it has compiled; closed gradebooks keep no connection."""


@functools.cache
def _kept_grader(
    slug: str,
    root: Path,
    secret_file: str,
    isolation: Any,
    wanted: str,
    taken: tuple[Retraction, ...],
) -> KeptGrader:
    """One warm grader for all the notebooks that this process converts.

    taken: the cases that were taken back; with others there is another grader.
    """
    nbgrader.api.create_engine = _engine
    secret = course_secret(Path(secret_file) if secret_file else None, root=root)
    device = device_for(wanted, collection.lab(slug, root).arrays)
    grader = KeptGrader(Setup(slug, root, secret, isolation, device))
    atexit.register(grader.close)
    return grader


def write_verdicts(nb: Any, report: LabReport) -> None:
    """Give each check cell its one output; a cell whose exercise is not judged earns nothing."""
    verdicts = {f"{CHECK}{exercise.name}": exercise for exercise in report.exercises}
    for cell in nb.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("grade") and cell.cell_type == "code":
            cell.outputs = [_output(_booked(verdicts.get(mark["grade_id"]), mark))]
    nb.metadata[MARK] = {
        "lab": report.lab,
        "isolation": list(report.isolation),
        "notes": list(report.notes),
        "device": report.device,
        **({"problem": report.problem} if report.problem else {}),
        **({"warning": report.warning} if report.warning else {}),
        **({"look_at": report.look_at} if report.look_at else {}),
    }


def _booked(exercise: ExerciseReport | None, mark: Mapping[str, Any]) -> ExerciseReport:
    """The exercise of a check cell; not judged where the lab and the gradebook disagree on it."""
    points = float(mark["points"])
    if exercise is None:
        name = str(mark["grade_id"]).removeprefix(CHECK)
        fault = "the lab has no exercise of this name any more"
        return ExerciseReport(name, "not_graded", None, points, fault=fault)
    if exercise.outcome == "not_graded" or exercise.max_score == points:
        return exercise
    fault = (
        f"it is worth {points:g} points in the gradebook and {exercise.max_score:g} in the lab: "
        "run nbgrader generate_assignment --force"
    )
    return replace(exercise, outcome="not_graded", score=None, max_score=points, fault=fault)


def _output(exercise: ExerciseReport) -> Any:
    score = 0.0 if exercise.score is None else exercise.score
    outcome = {"outcome": exercise.outcome, "name": exercise.name, "mistake": exercise.mistake}
    data = {"text/plain": repr(score), "text/html": card(exercise, graders=True)}
    metadata = {MARK: outcome}
    return _v4.new_output("execute_result", data, metadata=metadata, execution_count=None)


class CheckMetadata(CheckCellMetadata):  # type: ignore[misc]
    """Checks nbgrader's metadata as ever, but for labs: there StudentNotebook has written them."""

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """The notebook as it is; raises ValidationError."""
        if MARK in nb.metadata:
            return nb, resources
        return super().preprocess(nb, resources)


class SaveGrades(SaveAutoGrades):  # type: ignore[misc]
    """Saves grades as ever, and none where an exercise could not be judged: a person gives it."""

    def _add_score(self, cell: Any, resources: Any) -> None:
        super()._add_score(cell, resources)
        if outcome_in(cell) == "not_graded":
            names = [resources["nbgrader"][key] for key in ("notebook", "assignment", "student")]
            grade = self.gradebook.find_grade(cell.metadata.nbgrader["grade_id"], *names)
            grade.auto_score = None
            grade.needs_manual_grade = True
            self.gradebook.db.commit()


class Summary(NbGraderPreprocessor):  # type: ignore[misc]
    """Puts the marks of all exercises on top of the feedback page."""

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """Adds one cell, after nbgrader has put the scores in."""
        if MARK in nb.metadata:
            nb.cells.insert(0, _v4.new_markdown_cell(overview(nb)))
        return nb, resources
