"""More time for one student: late penalties follow, before and after something is handed in."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from instructor_kit import RIGHT, Course, gradebook
from test_rebook import LATE, SECRET

from autograder.commands.main import main
from autograder.course import extensions
from autograder.course.grading import Graded, grade_class
from autograder.course.publishing import as_text
from autograder.spec.collection import CollectionError

DUE = datetime.datetime(2029, 12, 31, 12)
"""A day before everything is handed in."""


def extend(course: Course, *words: str) -> Result:
    return CliRunner().invoke(main, ["extend", *words, "--course", str(course.root)])


def grade(course: Course) -> Graded:
    return grade_class("tiny", SECRET, root=course.root, isolation="process")


@pytest.fixture(scope="module")
def late(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Ada and Bob are right and a day late, which costs ten points."""
    course = Course(tmp_path_factory.mktemp("late") / "course")
    shutil.copytree(built, course.root)
    course.configure(LATE)
    course.hand_in("ada", RIGHT)
    course.hand_in("bob", RIGHT)
    grade(course)
    with gradebook(course) as book:
        book.find_assignment("tiny").duedate = DUE
    graded = grade(course)
    assert [(one.student, one.new) for one in graded.changes] == [("ada", 90), ("bob", 90)]
    return course


def test_the_next_run_books_what_being_late_costs_then(late: Course) -> None:
    done = extend(late, "tiny", "ada", "2030-01-01T13:00+01:00")
    assert done.output == (
        "ada has until 2030-01-01 12:00:00 UTC for tiny (extensions.csv).\n"
        "Next:\n  autograder grade tiny\n"
    )
    assert [str(one) for one in grade(late).changes] == ["ada 90 → 100 (late penalty 10 → 0)"]
    with gradebook(late) as book:
        assert book.find_submission("tiny", "ada").extension == datetime.timedelta(days=1)
        assert book.find_submission("tiny", "bob").extension is None
    assert ",100," in as_text("tiny", "csv", late.root).splitlines()[1]
    extend(late, "tiny", "ada", "2029-12-31T12:00")
    assert [str(one) for one in grade(late).changes] == ["ada 100 → 90 (late penalty 0 → 10)"]
    assert len((late.root / extensions.TABLE.file).read_text("utf-8").splitlines()) == 2


def test_it_may_be_given_before_anything_is_handed_in(late: Course) -> None:
    with gradebook(late) as book:
        book.add_student("cid")
        book.find_submission("tiny", "bob").extension = datetime.timedelta(days=2)
    assert extend(late, "tiny", "cid", "2030-01-02").exit_code == 0
    late.hand_in("cid", RIGHT)
    graded = grade(late)
    assert [str(one) for one in graded.changes] == ["bob 90 → 100 (late penalty 10 → 0)"]
    with gradebook(late) as book:
        assert book.find_submission("tiny", "cid").score == 100
        assert book.find_submission("tiny", "cid").late_submission_penalty in (None, 0)
    done = CliRunner().invoke(main, ["forget", "cid", "--yes", "--course", str(late.root)])
    assert "extensions.csv: 1 line" in done.output
    assert "cid" not in (late.root / extensions.TABLE.file).read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("tiny", "ada", "soon"), "'soon' is no time; expected a time such as 2026-12-05T23:59"),
        (("tiny", "adda", "2030-01-01"), "there is no student 'adda'; did you mean ada"),
        (("huge", "ada", "2030-01-01"), "there is no lab 'huge'; the labs are: tiny"),
    ],
)
def test_what_is_not_there_is_refused(late: Course, words: tuple[str, ...], told: str) -> None:
    done = extend(late, *words)
    assert done.exit_code == 2 and told in done.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("who,when\n", "extensions.csv: its first line must be lab,student,until"),
        ("lab,student,until\ntiny,ada\n", "line 2: expected lab,student,until"),
        ("lab,student,until\ntiny,ada,soon\n", "line 2: 'soon' is no time"),
        (b"\xff\xfe", "extensions.csv cannot be read: save it as CSV in UTF-8"),
    ],
)
def test_a_file_that_says_something_else_is_named(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    (tmp_path / extensions.TABLE.file).write_bytes(data)
    with pytest.raises(CollectionError, match=told):
        extensions.extensions("tiny", tmp_path)
