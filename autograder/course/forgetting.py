"""All that a course has of one student: found first, to be told, and then removed."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from nbgrader import api
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError

from autograder.course import extensions, groups
from autograder.course.gradebook import booked, course_config
from autograder.course.publishing import page_of
from autograder.course.results import DAMAGED, Results, write_whole
from autograder.pages.naming import told
from autograder.sandbox.errors import GraderFault
from autograder.spec.collection import labs

STUDENT, ASSIGNMENT = "\0student", "\0assignment"
SECRET = "secret"
OF_STUDENTS = ("class", "reports", "dropped", "gradescope", "pages")
"""Folders of results/<lab>/ with a file or folder for each student, or looked into one by one."""
LOG = ".nbgrader.log"


@dataclass(frozen=True)
class Trace:
    """Something of a student.  told: one line, where and what.  remove: raises OSError."""

    told: str
    remove: Callable[[], None]


def traces_of(student: str, root: Path) -> list[Trace]:
    """All that a course folder and its gradebook have of a student.

    Raises GraderFault where the gradebook cannot be read.
    """
    coursedir = CourseDirectory(root=str(root), config=course_config(root))
    return [
        *_folders(student, root, coursedir),
        *_in_results(student, root),
        *_in_tables(student, root),
        *_in_log(student, root),
        *_in_gradebook(student, root, coursedir),
    ]


def known_students(root: Path) -> set[str]:
    """Everybody of whom something is to be found by name, for who mistypes one."""
    people = booked("", root).roster.people.keys()
    folders = (root / "submitted").glob("*/")
    return {*people, *(folder.name for folder in folders)}


# -- what nbgrader keeps in folders --------------------------------------------------------------


def _folders(student: str, root: Path, coursedir: Any) -> Iterator[Trace]:
    if student in ("", ".", "..") or "/" in student or "\0" in student:
        return  # nobody's folder
    known = {*labs(root), *(file.name for file in (root / coursedir.source_directory).glob("*/"))}
    for step in ("submitted", "autograded", "feedback"):
        pattern = _of_student(coursedir, str(getattr(coursedir, f"{step}_directory")))
        names = sorted(known) if ASSIGNMENT in pattern else [""]
        for name in names:
            path = Path(pattern.replace(STUDENT, student).replace(ASSIGNMENT, name))
            if os.path.lexists(path):
                count = sum(len(files) for _, _, files in os.walk(path))
                files = f"{count} file{'' if count == 1 else 's'}"
                yield Trace(f"{_shown(path, root)}/: {files}", partial(_remove, path))


def _of_student(coursedir: Any, step: str) -> str:
    """The path of nbgrader's up to the last part that names the student."""
    parts = Path(coursedir.format_path(step, STUDENT, ASSIGNMENT)).parts
    last = max(place for place, part in enumerate(parts) if STUDENT in part)
    return str(Path(*parts[: last + 1]))


def _remove(path: Path) -> None:
    """A file, a link (and not where it leads), or a folder with all that is in it."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    path.chmod(0o700)
    for folder, inside, _ in os.walk(path):
        for name in inside:
            below = Path(folder, name)
            if not below.is_symlink():
                below.chmod(0o700)
    shutil.rmtree(path)


# -- what the grader keeps -----------------------------------------------------------------------


def _in_tables(student: str, root: Path) -> Iterator[Trace]:
    for table in (extensions.TABLE, groups.TABLE):
        if count := table.count(student, root):
            lines = f"{count} line{'' if count == 1 else 's'}"
            yield Trace(f"{table.file}: {lines}", partial(table.take_out, student, root))


def _in_results(student: str, root: Path) -> Iterator[Trace]:
    results = root / "results"
    for folder in sorted(path for path in results.glob("*/") if not path.is_symlink()):
        yield from _reports(student, folder, root)
        yield from _dropped(student, folder, root)
    page = page_of(student)
    stem = page.removesuffix(".html")
    of_one = (page, stem, f"{stem}.zip")
    for path in sorted(results.rglob("*")):
        if path.parent.name in of_one:
            continue
        if path.name in of_one:
            yield Trace(f"{_shown(path, root)}: a page or result", partial(_remove, path))
        elif _of_the_class(path, results) and _names(path, student):
            what = "names the student, and is made again by autograder report or export"
            yield Trace(f"{_shown(path, root)}: {what}", partial(_remove, path))


def _reports(student: str, folder: Path, root: Path) -> Iterator[Trace]:
    entry = Results(folder).entry(student)
    files = [*(folder / "reports").glob("*"), *(folder / "class").glob(".*")]
    reports = [file for file in files if _is_of(file, student)]
    if entry or reports:
        count = f"{len(reports)} report{'' if len(reports) == 1 else 's'}"
        yield Trace(f"{_shown(folder, root)}/: {count}", partial(_drop, folder, student, reports))


def _drop(folder: Path, student: str, reports: Sequence[Path]) -> None:
    Results(folder).forget(student)
    for file in reports:
        file.unlink(missing_ok=True)


def _is_of(file: Path, student: str) -> bool:
    """Whether a report is a student's; of one that is half written, by its text."""
    try:
        return bool(json.loads(file.read_text("utf-8"))["student"] == student)
    except DAMAGED:
        return file.is_file() and _names(file, student)


def _dropped(student: str, folder: Path, root: Path) -> Iterator[Trace]:
    """Marks in exercises that the lab has no longer: of one file, only this student's."""
    for file in sorted((folder / "dropped").glob("*.json")):
        try:
            given = json.loads(file.read_text("utf-8"))
            others = [one for one in given if one["student"] != student]
        except DAMAGED:
            continue
        if len(others) < len(given):
            text = json.dumps(others, indent=1, ensure_ascii=False) + "\n"
            what = "marks in an exercise that the lab has no longer"
            yield Trace(f"{_shown(file, root)}: {what}", partial(write_whole, file, text))


def _of_the_class(path: Path, results: Path) -> bool:
    """Whether a file is about several students: a page, a sheet, an export."""
    parts = path.relative_to(results).parts
    kept = len(parts) > 2 and (parts[1] in OF_STUDENTS or parts[1].endswith("_files"))
    return path.is_file() and not path.is_symlink() and not kept and parts != (SECRET,)


def _names(file: Path, student: str) -> bool:
    return _in_text(file.read_bytes().decode("utf-8", "replace"), student)


def _in_text(text: str, student: str) -> bool:
    """Whether a name stands in a text as a whole, and not as a part of a longer one."""
    if not re.search(r"\w", student):
        return False
    forms = {student, html.escape(student), json.dumps(student)[1:-1]}
    whole = (rf"(?<![\w.@+-]){re.escape(form)}(?![\w@+-]|\.\w)" for form in forms)
    return any(re.search(pattern, text) for pattern in whole)


def _in_log(student: str, root: Path) -> Iterator[Trace]:
    """What nbgrader's commands have noted in the course folder."""
    log = root / LOG
    if log.is_file() and not log.is_symlink() and _names(log, student):
        yield Trace(f"{LOG}: lines that name the student", partial(_without_lines, log, student))


def _without_lines(log: Path, student: str) -> None:
    lines = log.read_bytes().decode("utf-8", "surrogateescape").splitlines(keepends=True)
    rest = "".join(line for line in lines if not _in_text(line, student))
    write_whole(log, rest.encode("utf-8", "surrogateescape"))


# -- the gradebook -------------------------------------------------------------------------------


def _in_gradebook(student: str, root: Path, coursedir: Any) -> Iterator[Trace]:
    if student not in booked("", root).roster.people:
        return
    with api.Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        of = gradebook.find_student(student).submissions
        names: Collection[str] = sorted(one.assignment.name for one in of)
    of_what = f"marks and comments of {', '.join(map(told, names))}, and " if names else ""
    yield Trace(
        f"the gradebook: {of_what}the line in the table of students",
        partial(_take_out, student, coursedir),
    )


def _take_out(student: str, coursedir: Any) -> None:
    """Delete the rows; of a file, also what deleted rows have left in it.  Raises GraderFault."""
    file = str(coursedir.db_url).removeprefix("sqlite:///")
    try:
        with api.Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            gradebook.remove_student(student)
        if file != coursedir.db_url:
            with closing(sqlite3.connect(file)) as base:
                base.execute("VACUUM")
    except (SQLAlchemyError, sqlite3.Error, api.InvalidEntry) as error:
        why = str(error).splitlines()[0]
        raise GraderFault(f"the gradebook was not changed ({why}): run this again") from error


def _shown(path: Path, root: Path) -> str:
    return told(os.path.relpath(path, root))
