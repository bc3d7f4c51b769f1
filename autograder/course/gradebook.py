"""nbgrader's own converter, in this process: reports into gradebook and autograded/.

What is booked is compared with the gradebook itself, which others change too: deadlines,
extensions and points move, and a backup is restored.

The converter is nbgrader's; what is spared it is starting a process for each student, opening the
gradebook nine times and committing after each cell.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import glob
import io
import itertools
import json
import logging
import math
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from unittest import mock

import sqlalchemy
from jupyter_core.paths import jupyter_config_path
from nbformat import v4
from nbformat.notebooknode import from_dict
from nbgrader import api
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SQLAlchemyError
from tornado.log import app_log
from traitlets.config import Application, Config
from traitlets.utils.importstring import import_item

from autograder.course.booked import Dropped, Roster, fit_cells, marks_in, roster_in
from autograder.course.extensions import extensions
from autograder.course.full_disk import disk_full
from autograder.course.handin import Release
from autograder.course.plugins import Judge, release_of
from autograder.course.results import digest, kept, write_whole
from autograder.course.walking import bytes_below
from autograder.judge.report import LabReport
from autograder.judge.submission import CHECK, Submission, Unreadable
from autograder.labcheck.text import printable
from autograder.pages.marks import Change, Mark, changes
from autograder.pages.naming import is_line, told
from autograder.sandbox.errors import GraderFault

IDLE = ("IgnorePattern", "ClearMetadataPreprocessor", "LimitOutput", "CheckMetadata", "Sanitise")
"""Preprocessors that find nothing to do where StudentNotebook has read and Judge has written."""


COUNTED = ("PRAGMA analysis_limit = 1000", "ANALYZE")
"""What tells SQLite that a course has few labs and cells, at a cost that does not grow.

Before it knows, it looks for one student's grade of a cell among those of all students.
"""

LONGEST_TIME = 1000
EXPECTED = "expected a time such as 2030-01-31 12:00:00 UTC"


class BadTimeError(Exception):
    """A timestamp.txt that tells no time; one sentence that names it."""


class _Released(GenerateAssignment):  # type: ignore[misc]
    """nbgrader's release of one assignment, in a course folder whatever its name."""

    def init_notebooks(self) -> None:
        """Its notebooks, where nbgrader takes the course folder's name for a pattern."""
        folder = str(self._format_source(self.coursedir.assignment_id, "."))
        notebooks = sorted(
            os.path.join(folder, file.name) for file in Path(folder).glob("*.ipynb")
        )
        if not notebooks:
            super().init_notebooks()
            return
        self.notebooks: list[str] = []
        self.assignments = {folder: notebooks}


class Book:
    """The gradebook of one lab, open for a run; a context manager.

    notes: what opening it has changed.  unnamed: folders whose names are no text.  dry: nothing of
    what is entered stays, neither in the gradebook nor in autograded/.
    Raises GraderFault where nbgrader cannot make or open it.
    """

    def __init__(self, slug: str, root: Path, *, dry: bool = False) -> None:
        self.slug, self.root, self.dry = slug, root, dry
        self._log = _Log()
        self._settings = {"config": course_config(root), "log": self._log.log}
        self.coursedir = self._coursedir()
        self.notes: list[str] = []
        self.unnamed: list[str] = []
        self._gradebook: Any = None
        self._extensions = extensions(slug, root)
        self._before: dict[str, Mark] = {}
        self._booked_marks: dict[str, Mark] = {}
        self._release: Release | None = None
        self._points: dict[str, float] = {}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Book:
        try:
            with self._quietly():
                self._gradebook = self._opened()
                self._before = marks_in(self._gradebook, self.slug)
                self._prepare()
                for student in self._before:
                    self._extend(student)
                self._points = self._booked() or {}
                self._booked_marks = marks_in(self._gradebook, self.slug)
                self._release = release_of(self.coursedir.db_url, self.slug, self.slug)
                self._gradebook.db().really_commit()
                self._count_rows()
        except (Exception, SystemExit) as error:
            self._open.close()
            self._stop_where_full(error)
            raise GraderFault(f"the gradebook cannot be used: {self._log.last(error)}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def is_there(self) -> bool:
        """Whether there is a gradebook already."""
        return _is_there(self.coursedir.db_url)

    def submissions(self) -> dict[str, Path]:
        """Where each student's submission lies, sorted by name."""
        step = self.coursedir.submitted_directory
        name = self.coursedir.format_path(step, "(?P<student>.*)", self.slug, escape=True)
        every = glob.escape(self._path(step, "\0")).replace("\0", "*")
        folders = sorted(glob.glob(every))  # noqa: PTH207 - as nbgrader does
        matches = [match for folder in folders if (match := re.fullmatch(name, folder, re.DOTALL))]
        self.unnamed = [told(match[0]) for match in matches if not is_line(match["student"])]
        named = (match for match in matches if is_line(match["student"]))
        return {match["student"]: Path(match[0]) for match in named}

    def folder_of(self, student: str) -> Path:
        """Where a student's submission lies, or is to lie."""
        return Path(self._path(self.coursedir.submitted_directory, student))

    @property
    def handed_in_below(self) -> Path:
        """The folder of all that was handed in; below it no link is followed."""
        return Path(str(self.coursedir.root), str(self.coursedir.submitted_directory))

    def token(self, report: LabReport) -> str:
        """What is booked once this report is: new when anything of it, or of when, is."""
        folder = self.folder_of(report.student)
        try:
            when = _stamp(folder / "timestamp.txt")
        except BadTimeError as error:
            when = str(error)
        verdict = json.dumps(report.to_json() | {"seconds": 0})
        return digest(f"{verdict}\n{self.coursedir.db_url}\n{when}")

    def agrees(self, report: LabReport) -> bool:
        """Whether gradebook and autograded/ have a report and its time as they are now."""
        mark = self._booked_marks.get(report.student)
        done = self._path(self.coursedir.autograded_directory, report.student)
        if mark is None or not (Path(done) / f"{self.slug}.ipynb").is_file():
            return False
        try:
            when = self._handed_in(report.student)
        except BadTimeError:
            return False
        return (when is None or when == mark.timestamp) and _same_points(mark, report)

    def settle(self, student: str) -> str | None:
        """Let nbgrader book anew what being late costs; what went wrong, or None."""
        mark = self._booked_marks[student]
        if not mark.late and not mark.penalty:
            return None
        session = self._gradebook.db()
        try:
            with self._quietly():
                self._reckon_lateness(student)
                session.really_commit()
        except Exception as error:  # of a plug-in, which may raise anything
            session.rollback()
            self._stop_where_full(error)
            return f"the late penalty: {self._log.last(error)}"
        finally:
            session.expunge_all()
        return None

    def changes(self, judged: Iterable[str]) -> list[Change]:
        """Whose total is another one than before this run; judged: who was judged in it."""
        self._gradebook.db().expire_all()
        return changes(self._before, marks_in(self._gradebook, self.slug), judged)

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
            self._handed_in(student)
            with self._quietly():
                self._convert(folder, submission, report)
                if self._extend(student):
                    self._reckon_lateness(student)
                session.really_commit()
        except BadTimeError as error:
            return str(error)
        except (NbGraderException, SystemExit, OSError, RuntimeError, SQLAlchemyError) as error:
            session.rollback()
            self._stop_where_full(error)
            return self._log.last(error)
        finally:
            session.expunge_all()
        return None

    def _extend(self, student: str) -> bool:
        """Book the extension that a student has been given; whether it is another one now."""
        until, due = self._extensions.get(student), None
        if until is not None:
            due = self._gradebook.find_assignment(self.slug).duedate
        if until is None or due is None:
            return False
        submission = self._gradebook.find_submission(self.slug, student)
        before = submission.extension
        seconds = max(0.0, (until - due).total_seconds())
        self._gradebook.grant_extension(self.slug, student, minutes=seconds / 60)
        return bool(submission.extension != before)

    def _reckon_lateness(self, student: str) -> None:
        for preprocessor in self._penalties:
            preprocessor(v4.new_notebook(), self._resources(student))

    def _handed_in(self, student: str) -> datetime.datetime | None:
        """When, as nbgrader reads it; raises BadTimeError."""
        stamp = self.folder_of(student) / "timestamp.txt"
        try:
            return _time_in(stamp)
        except BadTimeError as error:
            name = os.path.relpath(stamp, self.root)
            raise BadTimeError(f"{name} {error}; {EXPECTED}") from error

    @functools.cached_property
    def _penalties(self) -> list[Any]:
        """The preprocessors of this course that know what being late costs."""
        converter: Any = Autograde(coursedir=self.coursedir, **self._settings)
        named = converter.autograde_preprocessors
        classes = [import_item(each) if isinstance(each, str) else each for each in named]
        return [
            made_by(**self._settings)
            for made_by in classes
            if isinstance(made_by, type) and issubclass(made_by, AssignLatePenalties)
        ]

    def _resources(self, student: str) -> dict[str, Any]:
        names = {"notebook": self.slug, "assignment": self.slug, "student": student}
        return {"nbgrader": names | {"db_url": self.coursedir.db_url}}

    def _convert(self, folder: str, submission: Submission, report: LabReport) -> None:
        judge = Judge(**self._settings)
        judge.report = report
        converter: Any = _Converter(coursedir=self._written, **self._settings)
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

    @functools.cached_property
    def _written(self) -> Any:
        """The course folder as a converter knows it, which writes graded notebooks."""
        if not self.dry:
            return self.coursedir
        folder = tempfile.TemporaryDirectory(prefix="autograder-dry-")
        return self._coursedir(autograded_directory=self._open.enter_context(folder))

    def _coursedir(self, **folders: str) -> Any:
        where = {"root": str(self.root), "assignment_id": self.slug, **folders}
        return CourseDirectory(**where, **self._settings)

    def _path(self, step: str, student: str) -> str:
        return str(self.coursedir.format_path(step, student, self.slug))

    def _stop_where_full(self, error: BaseException) -> None:
        """Raises DiskFull where that is what went wrong: it goes wrong for everybody."""
        if full := disk_full(error, "the gradebook", self._log.lines):
            raise full from error

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        """nbgrader's log and warnings go where only a fault shows them."""
        self._log.clear()
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            with mock.patch.multiple(app_log, handlers=[self._log], propagate=False):
                yield

    # -- the gradebook ---------------------------------------------------------------------------

    def _opened(self) -> Any:
        """One gradebook for all of nbgrader's modules: there, a commit flushes, and no more."""
        with mock.patch.object(api, "get_alembic_version", _schema_version):
            gradebook: Any = api.Gradebook(self.coursedir.db_url, self.coursedir.course_id)
        session = gradebook.db()
        session.really_commit = session.flush if self.dry else session.commit
        session.commit = session.flush
        self._open.callback(gradebook.close)
        gradebook.close = lambda: None  # a preprocessor is done with it, others go on
        self._open.enter_context(_everywhere(api.Gradebook, lambda *_, **__: gradebook))
        return gradebook

    def _count_rows(self) -> None:
        """Have SQLite count its rows, so that it finds a student's by their indexes.

        Where there is no room for that, all is as it was, and slower.
        """
        session = self._gradebook.db()
        if self.dry or session.get_bind().dialect.name != "sqlite":
            return
        try:
            for statement in COUNTED:
                session.execute(sqlalchemy.text(statement))
            session.really_commit()
        except sqlalchemy.exc.OperationalError:
            session.rollback()

    def _prepare(self) -> None:
        """Let nbgrader enter the lab, where the gradebook does not have it as it is released."""
        if self._current():
            return
        if self._booked() is not None:
            self._keep_dropped(fit_cells(self._gradebook, self.slug, self._source().cells))
        with tempfile.TemporaryDirectory(prefix="autograder-release-") as folder:
            coursedir = self._coursedir(release_directory=folder)
            _Released(coursedir=coursedir, force=True, **self._settings).start()
        self._gradebook.db().really_commit()

    def _keep_dropped(self, dropped: Dropped) -> None:
        """Write down what was in cells that the lab has no longer, and say so."""
        for exercise, given in dropped.items():
            file = _free(kept(self.root, self.slug).folder / "dropped", exercise)
            if self.dry:
                self.notes.append(f"{exercise} is no exercise of {self.slug} any more")
                continue
            write_whole(file, json.dumps(given, indent=1, ensure_ascii=False) + "\n")
            self.notes.append(
                f"{exercise} is no exercise of {self.slug} any more: its marks do not count, "
                f"and are kept in {file.relative_to(self.root)}"
            )

    def _current(self) -> bool:
        """Whether the gradebook has the lab, with the points of source/ where that is here."""
        booked = self._booked()
        if booked is None or not self._source_file().is_file():
            return booked is not None
        marks = [cell.metadata.get("nbgrader", {}) for cell in self._source().cells]
        graded = (mark for mark in marks if mark.get("grade"))
        return booked == {mark["grade_id"]: float(mark["points"]) for mark in graded}

    def _source_file(self) -> Path:
        return Path(self._path(self.coursedir.source_directory, ".")) / f"{self.slug}.ipynb"

    def _source(self) -> Any:
        return from_dict(json.loads(self._source_file().read_text("utf-8")))

    def _booked(self) -> dict[str, float] | None:
        """What each check cell is worth in the gradebook; None where it does not know the lab."""
        try:
            notebook = self._gradebook.find_notebook(self.slug, self.slug)
        except api.MissingEntry:
            return None
        return {cell.name: float(cell.max_score) for cell in notebook.grade_cells}


@dataclass(frozen=True)
class Booked:
    """What a gradebook has of a lab, and of the students of its course."""

    marks: dict[str, Mark] = field(default_factory=dict)
    roster: Roster = field(default_factory=Roster)


def booked(slug: str, root: Path) -> Booked:
    """What the gradebook of a course has of a lab; nothing where there is no gradebook yet.

    Raises GraderFault where it cannot be read.
    """
    log = _Log()
    settings = {"config": course_config(root), "log": log.log}
    coursedir = CourseDirectory(root=str(root), assignment_id=slug, **settings)
    if not _is_there(coursedir.db_url):
        return Booked()
    try:
        with api.Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            return Booked(marks_in(gradebook, slug), roster_in(gradebook))
    except Exception as error:  # of a database's driver, which may raise anything
        why = log.last(error).splitlines()[0]
        raise GraderFault(f"the gradebook cannot be read: {why}; --raw does without") from error


def _is_there(db_url: str) -> bool:
    """Whether there is a database; of one that is no file, its server knows."""
    file = db_url.removeprefix("sqlite:///")
    return file == db_url or Path(file).is_file()


def _schema_version() -> str:
    """As a new gradebook notes it; nbgrader starts a process for that, which Ctrl-C reaches."""
    import alembic.config
    from alembic.script import ScriptDirectory

    settings = alembic.config.Config()
    settings.set_main_option("script_location", ALEMBIC_DIR)
    return str(ScriptDirectory.from_config(settings).get_current_head())


def _time_in(stamp: Path) -> datetime.datetime | None:
    """The time in a file; None where there is none, as for nbgrader."""
    text = _stamp(stamp)
    try:
        return cast(datetime.datetime, parse_utc(text)) if text else None
    except (ValueError, OverflowError, TypeError, AttributeError) as error:
        raise BadTimeError(f"has {printable(text[:40])!r}") from error


def _stamp(stamp: Path) -> str:
    """The text of a file with a time; "" where there is none.  No link is followed."""
    if not os.path.lexists(stamp):
        return ""
    try:
        return bytes_below(stamp.parent, stamp.name)[:LONGEST_TIME].decode("utf-8").strip()
    except Unreadable as error:
        if "ordinary" in str(error) or "folder" in str(error):
            raise BadTimeError("is no file") from error
        raise BadTimeError(f"cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise BadTimeError("is not text") from error


def _same_points(mark: Mark, report: LabReport) -> bool:
    """Whether the gradebook has the judge's points for each exercise, and no others."""
    booked = {part.name: part.auto for part in mark.parts}
    judged = {exercise.name: exercise.score for exercise in report.exercises}
    return booked.keys() == judged.keys() and all(
        _equal(booked[name], score) for name, score in judged.items()
    )


def _equal(one: float | None, other: float | None) -> bool:
    """As far as databases keep numbers."""
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)


def _free(folder: Path, name: str) -> Path:
    """A file that is not there yet."""
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(file for one in names if not (file := folder / f"{one}.json").exists())


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
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what was logged."""
        self.lines.append(record.getMessage())

    def clear(self) -> None:
        """Forget what was logged."""
        self.lines.clear()

    def last(self, error: BaseException) -> str:
        """The line that says most: the end of a traceback that was logged, or the error itself."""
        for text in self.lines:
            if text.startswith("Traceback"):
                return text.strip().splitlines()[-1]
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
