"""A run that judges nothing: what it would do, and the gradebook from the reports that are kept."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from instructor_kit import HALF, NAMES, RIGHT, WRONG, Course, gradebook, without_judges

from autograder.chain.build import build
from autograder.commands.main import main
from autograder.course.grading import grade_class
from autograder.course.results import Entry, kept

SECRET = b"the secret of the tests"
LATE = """
from nbgrader.plugins import LateSubmissionPlugin


class Ten(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 10


c.AssignLatePenalties.plugin_class = Ten
"""


@pytest.fixture(scope="module")
def judged(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Ada is right and Bob in half of `double`."""
    course = Course(tmp_path_factory.mktemp("judged") / "course")
    shutil.copytree(built, course.root)
    course.configure(LATE)
    course.hand_in("ada")
    course.hand_in("bob", WRONG | {"double": HALF})
    grade_class("tiny", SECRET, root=course.root, isolation="process")
    return course


@pytest.fixture
def course(judged: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A copy of that course, in which nobody can judge."""
    return without_judges(judged, tmp_path, monkeypatch, SECRET)


def run(course: Course, *words: str) -> Result:
    """What `autograder grade tiny` does with some words."""
    end = ["--course", str(course.root), "--isolation", "process", "--jobs", "1"]
    return CliRunner().invoke(main, ["grade", "tiny", *words, *end])


def snapshot(course: Course) -> dict[str, bytes]:
    """All files of the course."""
    files = (file for file in course.root.rglob("*") if file.is_file() and file.suffix != ".pyc")
    return {file.relative_to(course.root).as_posix(): file.read_bytes() for file in files}


def due(course: Course, when: datetime.datetime) -> None:
    with gradebook(course) as book:
        book.find_assignment("tiny").duedate = when


def new_points(course: Course) -> None:
    """`double` is worth more, and the lab is built again; in a course that no process has seen."""
    moved = course.root.parent / "moved"
    course.root.rename(moved)
    shutil.copytree(moved, course.root.parent / "other")
    object.__setattr__(course, "root", course.root.parent / "other")
    spec = course.root / "exercises/tiny/double.py"
    spec.write_text(spec.read_text("utf-8").replace("points=40.0", "points=140.0"), "utf-8")
    build(["tiny"], course.root)


def test_a_dry_run_says_what_would_be_judged_and_writes_nothing(course: Course) -> None:
    course.hand_in("bob", RIGHT)
    course.hand_in("cid")
    due(course, datetime.datetime(2029, 1, 1))
    before = snapshot(course)
    done = run(course, "--dry-run")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [
        "Would be judged: bob, cid.",
        "1 mark would change: ada 100 → 90 (late penalty 0 → 10), by what is known without judging.",
        "Nothing was judged, nothing was booked.",
    ]
    assert snapshot(course) == before


def test_a_dry_run_books_no_report_that_is_kept_and_says_what_it_would_do(course: Course) -> None:
    with gradebook(course) as book:
        book.find_grade("check-double", "tiny", "tiny", "ada").auto_score = 1.0
    before = snapshot(course)
    assert (
        "ada 61 → 100 (the gradebook differed from the report)" in run(course, "--dry-run").output
    )
    assert snapshot(course) == before


def test_without_a_gradebook_a_dry_run_makes_none(built: Path, tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    shutil.copytree(built, course.root)
    course.hand_in("ada")
    done = run(course, "--dry-run", "--again")
    assert done.output.startswith("Would be judged: ada.\nNo mark would change")
    assert not (course.root / "gradebook.db").exists()
    assert not (course.root / "autograded").exists()


def test_new_points_are_booked_without_judging(course: Course) -> None:
    half = dict(zip(NAMES, _scores(course, "bob"), strict=True))["double"]
    new_points(course)
    dry = run(course, "--rebook", "--dry-run").output
    done = run(course, "--rebook")
    assert done.exit_code == 0, done.output
    last = done.output.splitlines()[-1]
    now = round(half / 40 * 70, 4)
    assert last == f"1 mark changed: bob {half:g} → {now:g} (points changed)"
    assert last.replace("changed", "would change", 1) in dry
    assert _scores(course, "ada") == [70.0, 17.75, 12.25]
    report = next(one for one in kept(course.root, "tiny").latest() if one.student == "bob")
    assert (report.score, report.max_score) == (now, 100)
    assert f"{now:.4g} of 70 points" in report.exercises[0].feedback
    assert run(course, "--rebook").output.splitlines()[-1] == "No mark changed."


def _scores(course: Course, student: str) -> list[float]:
    return [row[2] for row in course.grades() if row[0] == student]


def test_a_backup_and_a_late_policy_are_brought_up_to_date_without_judging(course: Course) -> None:
    backup = (course.root / "gradebook.db").read_bytes()
    with gradebook(course) as book:
        book.find_grade("check-double", "tiny", "tiny", "ada").auto_score = 1.0
    due(course, datetime.datetime(2029, 1, 1))
    done = run(course, "--rebook")
    assert (
        "ada 61 → 90 (the gradebook differed from the report, late penalty 0 → 10)" in done.output
    )
    (course.root / "gradebook.db").write_bytes(backup)
    assert run(course, "--rebook").output.splitlines()[-1] == "No mark changed."


def test_what_is_not_judged_as_it_is_now_is_left_as_it_was(course: Course) -> None:
    course.hand_in("bob", RIGHT)
    course.hand_in("cid")
    done = run(course, "--rebook")
    assert "Left as it was, for it is not judged yet as it is now: bob, cid." in done.output
    assert done.output.splitlines()[-1] == "No mark changed."
    assert _scores(course, "bob")[0] < 40 and not _scores(course, "cid")


def test_what_an_earlier_version_kept_is_known_as_long_as_nothing_changes(course: Course) -> None:
    results = kept(course.root, "tiny")
    run(course, "--rebook")
    for entry in results.entries():
        results.assign(Entry(entry.student, entry.key, entry.booked))
    assert "0 entered in the gradebook" in run(course, "--rebook").output
    course.hand_in("bob", RIGHT)
    assert "not judged yet as it is now: bob." in run(course, "--rebook").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--rebook", "--again"], "--rebook judges nothing: leave --again and --exercise out"),
        (["--rebook", "a.py"], "--rebook is for a whole class: leave the files out"),
        (["--dry-run", "a.py"], "--dry-run is for a whole class: leave the files out"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    course: Course, words: list[str], told: str
) -> None:
    done = run(course, *words)
    assert done.exit_code == 2 and told in done.output
