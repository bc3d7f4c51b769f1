"""The gradebook is the truth about marks: exports tell it, and each run brings it up to date."""

from __future__ import annotations

import csv
import datetime
import io
import json
import shutil
from pathlib import Path
from typing import Any

import click
import pytest
from instructor_kit import NAMES, POINTS, RIGHT, STAMP, WRONG, Course, gradebook

from autograder.course import publishing
from autograder.course.grading import Asked, Graded, grade_class
from autograder.course.processes import grade_files
from autograder.course.results import kept
from autograder.judge.report import LabReport
from autograder.pages.marks import Change, Mark, Part, Person, changes, told
from autograder.pages.sheet import safe
from autograder.sandbox.errors import GraderFault

SECRET = b"the secret of the tests"
PER_DAY = """
from nbgrader.plugins import LateSubmissionPlugin


class TenADay(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 10 * total_seconds_late / 86400


c.AssignLatePenalties.plugin_class = TenADay
"""
HANDED_IN = datetime.datetime(2030, 1, 1, 12)
ON_TIME, TWO_DAYS_LATE = HANDED_IN, HANDED_IN - datetime.timedelta(days=2)
LEANS = RIGHT | {
    "running_sum": "def running_sum(x):\n    return x",
    "share_of": "def share_of(x):\n    return x / running_sum(x)[-1]",
}
"""A wrong exercise, and a right one that calls it."""


def grade(course: Course, *, force: bool = False, **only: tuple[str, ...]) -> Graded:
    asked = Asked(force, **only)
    return grade_class("tiny", SECRET, root=course.root, isolation="process", asked=asked)


def due(course: Course, when: datetime.datetime) -> None:
    with gradebook(course) as book:
        book.find_assignment("tiny").duedate = when


def mark_by_hand(course: Course, student: str, points: float, comment: str = "") -> None:
    with gradebook(course) as book:
        grade = book.find_grade("check-double", "tiny", "tiny", student)
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = points, 2.0, False
        book.find_comment("double", "tiny", "tiny", student).manual_comment = comment


def totals_of_nbgrader(course: Course) -> dict[str, float]:
    """What nbgrader's own export says."""
    course.run("nbgrader", "export", "--to", "theirs.csv")
    with (course.root / "theirs.csv").open() as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def rows(
    course: Course, kind: publishing.Kind = "csv", *, raw: bool = False
) -> list[dict[str, str]]:
    text = publishing.as_text("tiny", kind, course.root, raw=raw)
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def marked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Ada is right, two days late and marked by hand; Bob is right about nothing, in time."""
    course = Course(tmp_path_factory.mktemp("marked") / "course")
    shutil.copytree(built, course.root)
    course.configure(PER_DAY)
    course.hand_in("ada")
    course.hand_in("bob", WRONG, stamp="2029-12-01 12:00:00 UTC")
    grade(course)
    due(course, TWO_DAYS_LATE)
    grade(course)
    mark_by_hand(course, "ada", 35.0, "=well done")
    with gradebook(course) as book:
        book.update_or_create_student(
            "ada", first_name="Ada", last_name="Lovelace", email="ada@x.org", lms_user_id="42"
        )
    return course


ADA = 35.0 + 2.0 + POINTS["running_sum"] + POINTS["share_of"] - 20.0


def test_a_sheet_tells_the_marks_of_the_gradebook(marked: Course) -> None:
    ada, bob = rows(marked)
    assert {"ada": float(ada["score"]), "bob": float(bob["score"])} == totals_of_nbgrader(marked)
    assert float(ada["score"]) == ADA
    columns = ("judge", "penalty", "manual", "source", "double points", "double outcome")
    assert [ada[name] for name in columns] == ["100", "20", "-3", "gradebook", "37", "right"]
    assert [bob[name] for name in columns] == ["0", "0", "0", "gradebook", "0", "wrong"]
    ada, bob = rows(marked, raw=True)
    assert [ada[name] for name in columns] == ["100", "0", "0", "judge", "40", "right"]
    assert [ada["score"], bob["score"]] == ["100", "0"]


def test_canvas_and_moodle_get_what_they_import(marked: Course) -> None:
    text = publishing.as_text("tiny", "canvas", marked.root)
    head, points, ada, bob = csv.reader(io.StringIO(text))
    lab = "Sums & <others> (tiny)"
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", lab]
    assert points == ["    Points Possible", "", "", "", "", "100"]
    assert ada == ["Lovelace, Ada", "42", "", "ada", "", f"{ADA:g}"]
    assert bob == ["bob", "", "", "bob", "", "0"]
    ada_there, _ = rows(marked, "moodle")
    assert [ada_there[name] for name in ("Email address", "ID number", "Username")] == [
        "ada@x.org",
        "42",
        "ada",
    ]
    assert ada_there[lab] == f"{ADA:g}"
    assert ada_there[f"{lab} (Feedback)"].splitlines() == [
        "double: 37 of 40. =well done",
        "running_sum: 35.5 of 35.5",
        "share_of: 24.5 of 24.5",
        "late: -20",
    ]
    assert [row[lab] for row in rows(marked, "moodle", raw=True)] == ["100", "0"]


def test_gradescope_gets_the_total_of_the_gradebook(marked: Course) -> None:
    folder = publishing.export("tiny", "gradescope", None, marked.root)
    found = [json.loads(file.read_text("utf-8")) for file in folder.rglob("results.json")]
    ada = next(one for one in found if one["extra_data"]["student"] == "ada")
    assert ada["score"] == ADA
    assert "Handed in late: 20 points are taken off." in ada["output"].splitlines()
    tests = {test["name"]: test for test in ada["tests"]}
    assert sum(test["score"] for test in tests.values()) - 20.0 == ADA
    assert "Marked by a person: 37 of 40." in tests["double"]["output"]
    assert "Comment: =well done" in tests["double"]["output"]
    assert "Marked by a person" not in tests["share_of"]["output"]


def test_deadlines_and_extensions_are_booked_at_the_next_run(course: Course) -> None:
    course.configure(PER_DAY)
    course.hand_in("ada")
    course.hand_in("bob", WRONG)
    grade(course)
    due(course, TWO_DAYS_LATE)
    moved = grade(course)
    assert (moved.judged, moved.booked) == (0, 0)
    late = Change("ada", 100.0, 80.0, "late penalty 0 → 20")
    assert moved.changes == [late]  # nbgrader never takes more off than there is
    with gradebook(course) as book:
        book.grant_extension("tiny", "ada", days=1)
    assert grade(course).changes == [Change("ada", 80.0, 90.0, "late penalty 20 → 10")]
    course.hand_in("ada", stamp="2030-01-02 12:00:00 UTC")
    assert grade(course).changes == [Change("ada", 90.0, 80.0, "late penalty 10 → 20")]
    mark_by_hand(course, "ada", 30.0)
    due(course, ON_TIME + datetime.timedelta(days=2))
    assert grade(course).changes == [Change("ada", 72.0, 92.0, "late penalty 20 → 0")]
    assert totals_of_nbgrader(course) == {"ada": 92.0, "bob": 0.0}
    assert grade(course).changes == []


def test_a_plug_in_that_fails_costs_its_student_alone(course: Course) -> None:
    course.hand_in("ada")
    course.hand_in("bob", stamp="2029-01-01 12:00:00 UTC")
    grade(course)
    due(course, TWO_DAYS_LATE)
    course.configure(PER_DAY.replace("10 * total", "1 / 0 * total"))
    run = grade(course)
    assert run.faults == ["ada: the late penalty: ZeroDivisionError: division by zero"]
    assert totals_of_nbgrader(course) == {"ada": 100.0, "bob": 100.0}


def test_a_restored_backup_is_brought_up_to_date(course: Course) -> None:
    course.hand_in("ada", WRONG)
    grade(course)
    shutil.copy(course.root / "gradebook.db", course.root / "backup.db")
    course.hand_in("ada", RIGHT)
    assert grade(course).changes == [Change("ada", 0.0, 100.0, "judged again")]
    shutil.copy(course.root / "backup.db", course.root / "gradebook.db")
    restored = grade(course)
    assert (restored.judged, restored.booked) == (0, 1)
    why = "the gradebook differed from the report"
    assert restored.changes == [Change("ada", 0.0, 100.0, why)]
    assert totals_of_nbgrader(course) == {"ada": 100.0}


def test_a_bad_timestamp_names_its_file_and_stops_nobody_else(course: Course) -> None:
    course.hand_in("ada", stamp="the day before")
    course.hand_in("bob")
    course.hand_in("eve", stamp="99999999999999999999-01-01 12:00:00 UTC")
    (course.hand_in("fay").parent / "timestamp.txt").write_bytes(b"\xff\xfe2030")
    folder = course.hand_in("gil", stamp="").parent
    (folder / "timestamp.txt").mkdir()
    run = grade(course)
    assert (run.judged, run.booked) == (5, 1)
    expected = "expected a time such as 2030-01-31 12:00:00 UTC"
    assert run.faults == [
        f"ada: submitted/ada/tiny/timestamp.txt has 'the day before'; {expected}",
        "eve: submitted/eve/tiny/timestamp.txt has '99999999999999999999-01-01 12:00:00 UTC'; "
        + expected,
        f"fay: submitted/fay/tiny/timestamp.txt is not text; {expected}",
        f"gil: submitted/gil/tiny/timestamp.txt is no file; {expected}",
    ]
    assert {student for student, *_ in course.grades()} == {"bob"}
    course.hand_in("ada", stamp=STAMP)
    again = grade(course, students=("ada",))
    assert (again.judged, again.booked, again.faults) == (0, 1, [])


# What the lab is made of changes


@pytest.mark.slow
def test_changed_points_are_booked_and_marks_by_hand_stay(course: Course) -> None:
    course.hand_in("bob", RIGHT | {"double": WRONG["double"]})
    course.hand_in("eve", RIGHT)
    course.run("autograder", "grade", "tiny", "--jobs", "1")
    mark_by_hand(course, "eve", 11.0, "from me")
    spec = course.root / "exercises" / "tiny" / "double.py"
    spec.write_text(spec.read_text("utf-8").replace("points=40.0", "points=20.0"), "utf-8")
    course.run("autograder", "build")
    run = course.run("autograder", "grade", "tiny", "--jobs", "1")
    assert "2 marks changed: bob 60 → 75 (points changed), eve 73 → 88 (points changed)" in (
        run.stdout
    )
    assert totals_of_nbgrader(course) == {"bob": 75.0, "eve": 88.0}
    assert rows(course, "moodle")[1]["Sums & <others> (tiny) (Feedback)"].startswith(
        "double: 13 of 25. from me"
    )


@pytest.mark.slow
def test_a_dropped_exercise_counts_no_more_and_may_come_back(course: Course) -> None:
    course.hand_in("bob", RIGHT | {"share_of": WRONG["share_of"]})
    course.run("autograder", "grade", "tiny", "--jobs", "1")
    with gradebook(course) as book:
        book.find_grade("check-share_of", "tiny", "tiny", "bob").manual_score = 20.0
        book.find_comment("share_of", "tiny", "tiny", "bob").manual_comment = "nearly"
    authored = course.root / "solutions" / "tiny.py"
    spec = course.root / "exercises" / "tiny" / "share_of.py"
    whole, text = authored.read_text("utf-8"), spec.read_text("utf-8")
    authored.write_text(whole[: whole.index("# %% [markdown]\n# ## 3.")], "utf-8")
    spec.unlink()
    course.run("autograder", "build")
    run = course.run("autograder", "grade", "tiny", "--jobs", "1")
    dropped = "results/tiny/dropped/share_of.json"
    assert (
        "share_of is no exercise of tiny any more: its marks do not count, "
        f"and are kept in {dropped}" in run.stdout
    )
    assert "1 mark changed: bob 95.5 → 100 (without share_of, points changed)" in run.stdout
    assert totals_of_nbgrader(course) == {"bob": 100.0}
    given = json.loads((course.root / dropped).read_text("utf-8"))
    assert {one.get("manual_score") or one.get("manual_comment") for one in given} == {
        20.0,
        "nearly",
    }
    authored.write_text(whole, "utf-8")
    spec.write_text(text, "utf-8")
    course.run("autograder", "build")
    run = course.run("autograder", "grade", "tiny", "--jobs", "1")
    assert "bob 100 → 75.5 (with share_of, points changed)" in run.stdout
    assert totals_of_nbgrader(course) == {"bob": 75.5}


# Again, and only some


def test_force_judges_again_and_a_student_alone_is_graded_alone(course: Course) -> None:
    course.hand_in("ada")
    course.hand_in("bob", WRONG)
    alone = grade(course, students=("bob",))
    assert (alone.students, alone.judged) == (1, 1)
    assert {student for student, *_ in course.grades()} == {"bob"}
    assert grade(course).judged == 1
    assert grade(course, force=True, students=("ada",)).judged == 1
    assert grade(course, force=True).judged == 2
    with pytest.raises(click.UsageError, match=r"handed in by 'Adda'; did you mean ada$"):
        grade(course, students=("Adda",))
    with pytest.raises(click.UsageError, match=r"handed in by 'xyz'; there are ada, bob$"):
        grade(course, students=("xyz",))
    with pytest.raises(click.UsageError, match=r"no exercise 'duble'; did you mean double$"):
        grade(course, exercises=("duble",))


def test_one_exercise_is_judged_again_as_in_a_full_run(course: Course, tmp_path: Path) -> None:
    path = course.hand_in("ada", LEANS)
    grade(course)
    results = kept(course.root, "tiny")
    (entry,), (whole,) = results.entries(), results.latest()
    assert [one.score for one in whole.exercises] == [40.0, 0.0, 24.5]
    data = whole.to_json()
    for one in data["exercises"]:
        one |= {"score": 1.0, "feedback": "", "lines": []}
    results.keep(entry.key, LabReport.from_json(data))
    run = grade(course, exercises=("share_of",))
    assert (run.judged, run.booked) == (1, 1)
    (after,) = results.latest()
    assert [one.score for one in after.exercises] == [1.0, 1.0, 24.5]
    assert after.exercises[2] == whole.exercises[2]
    assert totals_of_nbgrader(course) == {"ada": 26.5}
    file = shutil.copy(path, tmp_path / "ada.ipynb")
    told_alone = grade_files(
        "tiny", [file], SECRET, root=course.root, isolation="process", only=frozenset({"share_of"})
    )
    assert [report.exercises for report in told_alone] == [whole.exercises[2:]]


def test_an_exercise_of_a_new_submission_brings_the_others_along(course: Course) -> None:
    course.hand_in("ada")
    grade(course, exercises=("double",))
    (report,) = kept(course.root, "tiny").latest()
    assert [one.name for one in report.exercises] == list(NAMES)


@pytest.mark.slow
def test_the_command_has_these_options(course: Course) -> None:
    course.hand_in("ada")
    course.hand_in("bob")
    course.run("autograder", "grade", "tiny")
    run = course.run("autograder", "grade", "tiny", "--again", "--student", "bob", "--json", "-")
    assert [one["student"] for one in json.loads(run.stdout)] == ["bob"]
    file = "submitted/ada/tiny/tiny.ipynb"
    run = course.run("autograder", "grade", "tiny", file, "--exercise", "double", "--json", "-")
    assert [one["name"] for one in json.loads(run.stdout)[0]["exercises"]] == ["double"]
    for option in (["--again"], ["--student", "ada"]):
        run = course.run("autograder", "grade", "tiny", file, *option, status=2)
        assert f"{option[0]} is for a whole class: leave the files out" in run.stderr
    run = course.run("autograder", "grade", "tiny", file, "--exercise", "duble", status=2)
    assert "tiny has no exercise 'duble'; did you mean double" in run.stderr
    run = course.run("autograder", "export", "tiny", "--to", "canvas", "--raw", "--out", "-")
    assert run.stdout.startswith("Student,ID,SIS User ID")


# Without a gradebook


def test_without_a_gradebook_the_judge_is_asked_and_the_sheet_says_so(course: Course) -> None:
    course.hand_in("ada")
    grade(course)
    book = course.root / "gradebook.db"
    book.unlink()
    assert [(row["score"], row["source"]) for row in rows(course)] == [("100", "judge")]
    assert not book.exists()
    book.write_bytes(b"this is no database at all, not even a bit" * 9)
    with pytest.raises(GraderFault, match=r"cannot be read: .*not a database.*; --raw does with"):
        rows(course)
    assert [row["score"] for row in rows(course, raw=True)] == ["100"]


# Pure


def mark(name: str, points: float, **more: Any) -> Mark:
    return Mark(Person(name), points, 100.0, (Part("double", points, 100.0),), **more)


def test_points_count_as_nbgrader_counts_them() -> None:
    assert Part("double", 3.0, 4.0).score == 3.0
    assert Part("double", 3.0, 4.0, manual=1.0, extra=0.5).score == 1.5
    assert Part("double", None, 4.0, extra=2.0).score is None
    assert mark("ada", 5.0, penalty=7.0).total == 0.0
    assert mark("ada", 0.1 + 0.2).total == 0.3


def test_of_many_changes_ten_are_named() -> None:
    names = [f"s{place:02}" for place in range(12)]
    before = {name: mark(name, 10.0) for name in names}
    after = {name: mark(name, 20.0) for name in names} | {"new": mark("new", 1.0)}
    found = changes(before, after, ["s00"])
    line = told(found)
    assert line.startswith("12 marks changed: s00 10 → 20 (judged again), s01 10 → 20 (the grade")
    assert line.endswith(" and 2 more")
    assert "s09" in line
    assert "s10" not in line
    assert "more" not in told(found[:10])


def test_numbers_stay_numbers_in_a_sheet() -> None:
    assert [safe(-3.0), safe(1 / 3), safe("-3")] == ["-3", "0.333333333333", "'-3"]
