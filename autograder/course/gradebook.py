"""nbgrader's own converter, in this process: reports into gradebook and autograded/.

The converter is nbgrader's; what is spared it is starting a process for each student, opening the
gradebook nine times and committing after each cell.
"""

from __future__ import annotations

import contextlib
import glob
import io
import json
import logging
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path
from nbgrader import api
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Application, Config

from autograder.course.handin import Release
from autograder.course.plugins import Judge, release_of
from autograder.course.results import digest
from autograder.judge.report import LabReport
from autograder.judge.submission import CHECK, Submission
from autograder.sandbox.errors import GraderFault

IDLE = ("IgnorePattern", "ClearMetadataPreprocessor", "LimitOutput", "CheckMetadata")
"""Preprocessors that find nothing to do where StudentNotebook has read and Judge has written."""


class Book:
    """The gradebook of one lab, open for a run; a context manager.

    Raises GraderFault where nbgrader cannot make or open it.
    """

    def __init__(self, slug: str, root: Path) -> None:
        self.slug, self.root = slug, root
        self._log = _Log()
        self._settings = {"config": course_config(root), "log": self._log.log}
        self.coursedir = self._coursedir()
        self._gradebook: Any = None
        self._known: set[str] = set()
        self._release: Release | None = None
        self._points: dict[str, float] = {}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Book:
        try:
            with self._quietly():
                self._gradebook = self._opened()
                self._prepare()
                self._points = self._booked() or {}
                self._known = self._students()
                self._release = release_of(self.coursedir.db_url, self.slug, self.slug)
                self._gradebook.db().really_commit()
        except (Exception, SystemExit) as error:
            self._open.close()
            raise GraderFault(f"the gradebook cannot be used: {self._log.last(error)}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def submissions(self) -> dict[str, Path]:
        """Where each student's submission lies, sorted by name."""
        step = self.coursedir.submitted_directory
        name = self.coursedir.format_path(step, "(?P<student>.*)", self.slug, escape=True)
        folders = sorted(glob.glob(self._path(step, "*")))  # noqa: PTH207 - as nbgrader does
        matches = (re.fullmatch(name, folder) for folder in folders)
        return {match["student"]: Path(match[0]) for match in matches if match}

    def token(self, report: LabReport) -> str:
        """What is booked once this report is: new when anything of it, or of when, is."""
        folder = Path(self._path(self.coursedir.submitted_directory, report.student))
        stamp = folder / "timestamp.txt"
        when = stamp.read_text("utf-8", "replace") if stamp.is_file() else ""
        verdict = json.dumps(report.to_json() | {"seconds": 0})
        return digest(f"{verdict}\n{self.coursedir.db_url}\n{when}")

    def has(self, student: str) -> bool:
        """Whether gradebook and autograded/ know a submission of this student."""
        done = self._path(self.coursedir.autograded_directory, student)
        return student in self._known and (Path(done) / f"{self.slug}.ipynb").is_file()

    def enter(self, submission: Submission, report: LabReport) -> str | None:
        """Book the report of what was handed in; what went wrong, or None."""
        student = submission.student
        points = {f"{CHECK}{exercise.name}": exercise.max_score for exercise in report.exercises}
        if points != self._points:
            source = f"source/{self.slug}/"
            return f"{source} is not as the lab is now: run autograder build {self.slug}"
        folder = self._path(self.coursedir.submitted_directory, student)
        session = self._gradebook.db()
        try:
            with self._quietly():
                self._convert(folder, submission, report)
                session.really_commit()
        except (NbGraderException, SystemExit, OSError, RuntimeError) as error:
            session.rollback()
            return self._log.last(error)
        finally:
            session.expunge_all()
        self._known.add(student)
        return None

    def _convert(self, folder: str, submission: Submission, report: LabReport) -> None:
        judge = Judge(**self._settings)
        judge.report = report
        converter: Any = _Converter(coursedir=self.coursedir, **self._settings)
        converter.notebooks_in = {folder: [f"{folder}/{self.slug}.ipynb"]}
        converter.judge, converter.release = judge, self._release
        converter.submission = submission
        converter.force = True
        converter.autograde_preprocessors = [
            judge if _name(each) == Judge.__name__ else each
            for each in converter.autograde_preprocessors
            if _name(each) not in IDLE
        ]
        converter.start()

    def _coursedir(self, **folders: str) -> Any:
        where = {"root": str(self.root), "assignment_id": self.slug, **folders}
        return CourseDirectory(**where, **self._settings)

    def _path(self, step: str, student: str) -> str:
        return str(self.coursedir.format_path(step, student, self.slug))

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        """nbgrader's log and warnings go where only a fault shows them."""
        self._log.clear()
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield

    # -- the gradebook ---------------------------------------------------------------------------

    def _opened(self) -> Any:
        """One gradebook for all of nbgrader's modules: there, a commit flushes, and no more."""
        gradebook: Any = api.Gradebook(self.coursedir.db_url, self.coursedir.course_id)
        session = gradebook.db()
        session.really_commit, session.commit = session.commit, session.flush
        self._open.callback(gradebook.close)
        gradebook.close = lambda: None  # a preprocessor is done with it, others go on
        self._open.enter_context(_everywhere(api.Gradebook, lambda *_, **__: gradebook))
        return gradebook

    def _students(self) -> set[str]:
        submissions = self._gradebook.assignment_submissions(self.slug)
        return {submission.student.id for submission in submissions}

    def _prepare(self) -> None:
        """Let nbgrader enter the lab, where the gradebook does not have it as it is released."""
        if self._current():
            return
        with tempfile.TemporaryDirectory(prefix="autograder-release-") as folder:
            coursedir = self._coursedir(release_directory=folder)
            GenerateAssignment(coursedir=coursedir, force=True, **self._settings).start()
        self._gradebook.db().really_commit()

    def _current(self) -> bool:
        """Whether the gradebook has the lab, with the points of source/ where that is here."""
        booked = self._booked()
        source = Path(self._path(self.coursedir.source_directory, ".")) / f"{self.slug}.ipynb"
        if booked is None or not source.is_file():
            return booked is not None
        cells = json.loads(source.read_text("utf-8"))["cells"]
        marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
        graded = (mark for mark in marks if mark.get("grade"))
        return booked == {mark["grade_id"]: float(mark["points"]) for mark in graded}

    def _booked(self) -> dict[str, float] | None:
        """What each check cell is worth in the gradebook; None where it does not know the lab."""
        try:
            notebook = self._gradebook.find_notebook(self.slug, self.slug)
        except api.MissingEntry:
            return None
        return {cell.name: float(cell.max_score) for cell in notebook.grade_cells}


def course_config(root: Path) -> Any:
    """nbgrader's settings as its own commands find them in this folder."""
    config = Config()
    for loaded, _ in Application._load_config_files(
        "nbgrader_config", path=[str(root), *jupyter_config_path()], raise_config_file_errors=True
    ):
        config.merge(loaded)
    return config


class _Converter(Autograde):  # type: ignore[misc]
    """nbgrader's converter for one submission whose report is there, in one pass.

    Where StudentNotebook reads, there is nothing to sanitize and write down first.
    notebooks_in: its folder and notebooks, whether these exist or are read from another file.
    release: what students were given.
    """

    one_pass = True
    notebooks_in: Any = None
    judge: Any = None
    release: Any = None
    submission: Any = None

    def init_notebooks(self) -> None:
        """What is known already, in place of looking."""
        self.assignments = dict(self.notebooks_in)

    def _init_preprocessors(self) -> None:
        self._sanitizing = False  # the preprocessors of the second pass
        super()._init_preprocessors()
        self._sanitizing = True
        self.judge.parent = self.exporter

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Read, judge, book, write."""
        self._init_preprocessors()
        super(Autograde, self).convert_single_notebook(notebook_filename)


def _name(preprocessor: Any) -> str:
    """The last part of a class's name, or of a dotted one."""
    if isinstance(preprocessor, str):
        return preprocessor.rpartition(".")[2]
    return str(getattr(preprocessor, "__name__", type(preprocessor).__name__))


@contextlib.contextmanager
def _everywhere(old: Any, new: Callable[..., Any]) -> Iterator[None]:
    """Another Gradebook for nbgrader's preprocessors and converters, and for ours."""
    modules = [
        module
        for name, module in sys.modules.items()
        if name.startswith(("nbgrader.", "autograder."))
        and name != __name__
        and vars(module).get("Gradebook") is old
    ]
    for module in modules:
        vars(module)["Gradebook"] = new
    try:
        yield
    finally:
        for module in modules:
            vars(module)["Gradebook"] = old


class _Log(logging.Handler):
    """Collects what nbgrader logs, for the case that something goes wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.log = logging.Logger("nbgrader", logging.ERROR)
        self.log.addHandler(self)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what was logged."""
        self._lines.append(record.getMessage())

    def clear(self) -> None:
        """Forget what was logged."""
        self._lines.clear()

    def last(self, error: BaseException) -> str:
        """The line that says most: the end of a traceback that was logged, or the error itself."""
        for text in self._lines:
            if text.startswith("Traceback"):
                return text.strip().splitlines()[-1]
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
