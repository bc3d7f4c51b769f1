"""A class is graded once: what is kept is not judged again, and the gradebook follows."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import psutil
import pytest
from instructor_kit import HALF, NAMES, POINTS, RIGHT, WRONG, Course, outputs, points

from autograder.course.grading import Graded, _Run, grade_class
from autograder.course.processes import Setup
from autograder.course.results import kept
from autograder.judge.oracle import Oracle
from autograder.judge.report import LabReport

SECRET = b"the secret of the tests"


def grade(course: Course, **told: Any) -> Graded:
    return grade_class("tiny", SECRET, root=course.root, isolation="process", **told)


def latest(course: Course) -> dict[str, LabReport]:
    return {one.student: one for one in kept(course.root, "tiny").latest()}


def hand_in_all(course: Course) -> None:
    """One hand-in of each kind."""
    course.hand_in("ada")
    course.hand_in("bob", WRONG)
    course.hand_in("eve", RIGHT | {"double": HALF})
    course.hand_in("fay", b"PK\x03\x04 no notebook \x00")
    script = "import numpy as np\n\n\n" + "\n\n\n".join(RIGHT.values())
    course.hand_in("gil", script.encode(), name="tiny.py")
    course.hand_in("hal", course.notebook(RIGHT), name="tiny (1).ipynb")
    shutil.rmtree(course.root / "submitted" / "ida", ignore_errors=True)
    (course.root / "submitted" / "ida" / "tiny").mkdir(parents=True)


def test_a_class_is_judged_once_and_booked_once(course: Course) -> None:
    hand_in_all(course)
    seen: list[tuple[int, int, str]] = []
    first = grade(course, step=lambda *told: seen.append(told))
    assert (first.students, first.judged, first.booked, first.faults) == (7, 7, 7, [])
    assert [done for done, _, _ in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert {most for _, most, _ in seen} == {7}
    reports = latest(course)
    assert reports["ada"].score == 100.0
    assert reports["bob"].score == 0.0
    assert 0 < reports["eve"].score < 100
    assert reports["fay"].problem == "unreadable submission: it is not text"
    assert reports["ida"].problem == "unreadable submission: there is no notebook and no .py file"
    assert reports["gil"].score == reports["hal"].score == 100.0
    assert [one.mistake for one in reports["bob"].exercises] == [
        "squared",
        "backwards",
        "of_the_mean",
    ]
    second = grade(course)
    assert (second.judged, second.booked) == (0, 0)


def test_the_gradebook_has_each_mark_to_the_last_digit(course: Course) -> None:
    hand_in_all(course)
    grade(course)
    told = {
        (report.student, f"check-{one.name}", one.score)
        for report in latest(course).values()
        for one in report.exercises
    }
    grades = course.grades()
    assert {(student, cell, score) for student, cell, score, _, _ in grades} == told
    assert {looked for *_, looked in grades} == {0}
    assert (
        points(course.autograded("eve"))["double"]
        == {cell: score for student, cell, score, _, _ in grades if student == "eve"}[
            "check-double"
        ]
    )


def test_only_what_changed_is_judged_again(course: Course) -> None:
    hand_in_all(course)
    grade(course)
    course.hand_in("bob", RIGHT)
    course.hand_in("new")
    again = grade(course)
    assert (again.students, again.judged, again.booked) == (8, 2, 2)
    assert latest(course)["bob"].score == 100.0
    sums = {student: 0.0 for student, *_ in course.grades()}
    for student, _, score, _, _ in course.grades():
        sums[student] += score
    assert sums["bob"] == sums["new"] == 100.0


def test_a_new_timestamp_is_booked_and_not_judged(course: Course) -> None:
    course.hand_in("ada", stamp="2030-01-01 12:00:00.000000 UTC")
    grade(course)
    course.hand_in("ada", stamp="2030-01-02 12:00:00.000000 UTC")
    again = grade(course)
    assert (again.judged, again.booked) == (0, 1)


@pytest.mark.parametrize("lost", ["gradebook.db", "autograded", "results/tiny/class"])
def test_what_was_lost_is_booked_again(lost: str, course: Course) -> None:
    course.hand_in("ada")
    grade(course)
    path = course.root / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    again = grade(course)
    assert (again.judged, again.booked, again.faults) == (0, 1, [])
    assert [score for _, _, score, _, _ in course.grades()] == [40.0, 35.5, 24.5]
    assert points(course.autograded("ada")) == POINTS


def test_who_is_gone_is_left_out_of_the_class(course: Course) -> None:
    course.hand_in("ada")
    course.hand_in("bob")
    grade(course)
    shutil.rmtree(course.root / "submitted" / "bob")
    grade(course)
    assert list(latest(course)) == ["ada"]


def test_nothing_handed_in_is_said(course: Course) -> None:
    with pytest.raises(click.UsageError, match=r"nothing to grade in submitted/\*/tiny/"):
        grade(course)


def test_a_fault_of_the_grader_goes_to_a_person_and_is_tried_again(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.hand_in("ada")

    def fail(self: Oracle, *_: object) -> None:
        raise RuntimeError("the <machine> has no memory")

    with monkeypatch.context() as patch:
        patch.setattr(Oracle, "expected", fail)
        first = grade(course)
    assert (first.judged, first.review, first.booked) == (1, 1, 1)
    assert {(score, looked) for _, _, score, _, looked in course.grades()} == {(None, 1)}
    shown = "".join(outputs(course.autograded("ada"))["double"]["data"]["text/html"])
    assert "could not be judged" in shown
    assert "the &lt;machine&gt; has no memory" in shown
    again = grade(course)
    assert (again.judged, again.review) == (1, 0)
    assert {looked for *_, looked in course.grades()} == {0}


def test_more_processes_give_the_same_marks(course: Course) -> None:
    hand_in_all(course)
    grade(course, jobs=2)
    two = {name: report.to_json() | {"seconds": 0} for name, report in latest(course).items()}
    shutil.rmtree(course.root / "results")
    grade(course, jobs=1)
    one = {name: report.to_json() | {"seconds": 0} for name, report in latest(course).items()}
    assert one == two


def test_a_gradebook_that_cannot_be_opened_is_said_in_one_line(course: Course) -> None:
    course.hand_in("ada")
    (course.root / "gradebook.db").write_bytes(b"this is no database at all, not even a bit" * 9)
    with pytest.raises(Exception, match=r"the gradebook cannot be used: .*not a database"):
        grade(course)


def test_an_assignment_that_changed_is_entered_again(course: Course) -> None:
    course.hand_in("ada")
    grade(course)
    with sqlite3.connect(course.root / "gradebook.db") as base:
        base.execute("UPDATE grade_cells SET max_score = 7")
    grade(course)
    with sqlite3.connect(course.root / "gradebook.db") as base:
        found = base.execute("SELECT max_score FROM grade_cells ORDER BY 1").fetchall()
    assert found == [(24.5,), (35.5,), (40.0,)]


# The command


def test_the_command_grades_shows_and_writes(course: Course) -> None:
    hand_in_all(course)
    told = course.run("autograder", "grade", "tiny", "--json", "class.json")
    assert "7 submissions: 7 judged now, 0 kept from before; 7 entered" in told.stdout
    assert "bob" in told.stdout
    data = json.loads((course.root / "class.json").read_text("utf-8"))
    assert [one["student"] for one in data] == sorted(one["student"] for one in data)
    assert {one["schema"] for one in data} == {1}
    told = course.run("autograder", "grade", "tiny", "--json", "-")
    assert json.loads(told.stdout) == data


def test_the_marks_are_those_of_the_files_on_their_own(course: Course, tmp_path: Path) -> None:
    hand_in_all(course)
    course.run("autograder", "grade", "tiny", "--json", "class.json")
    whole = {one["student"]: one for one in json.loads((course.root / "class.json").read_text())}
    for student in ("ada", "bob", "eve"):
        path = tmp_path / f"{student}.ipynb"
        shutil.copy(course.root / "submitted" / student / "tiny" / "tiny.ipynb", path)
        told = course.run("autograder", "grade", "tiny", str(path), "--json", "-")
        alone = json.loads(told.stdout)[0]
        assert alone | {"seconds": 0} == whole[student] | {"seconds": 0}


def test_wrong_usage_ends_with_status_two(course: Course) -> None:
    told = course.run("autograder", "grade", "tiny", status=2)
    assert "nothing to grade" in told.stderr
    told = course.run("autograder", "grade", "tiny", "x.py", "--scheduler", "tcp://x:1", status=2)
    assert "--scheduler is for a whole class" in told.stderr
    for words in (["report", "tiny"], ["export", "tiny", "--to", "csv"]):
        told = course.run("autograder", *words, status=2)
        assert "nothing of tiny has been graded yet" in told.stderr


SLOWLY = "import time\ntime.sleep(0.6)\n"


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_where_it_was(course: Course) -> None:
    for place in range(8):
        notebook = course.notebook(RIGHT)
        notebook["cells"][1]["source"] = ["import numpy as np\n", SLOWLY, f"# {place}"]
        course.hand_in(f"student{place}", notebook)
    command = [sys.executable, "-m", "autograder", "grade", "tiny", "--jobs", "2"]
    with subprocess.Popen(
        command, cwd=course.root, env=course.environment(), stdout=subprocess.DEVNULL
    ) as run:
        reports = course.root / "results" / "tiny" / "reports"
        wait_for(lambda: reports.is_dir() and len(list(reports.glob("*.json"))) >= 2)
        family = psutil.Process(run.pid).children(recursive=True)
        os.kill(run.pid, signal.SIGKILL)
    done = len(list(reports.glob("*.json")))
    assert done < 8
    for file in reports.glob("*.json"):
        LabReport.from_json(json.loads(file.read_text("utf-8")))
    gone, alive = psutil.wait_procs(family, timeout=10)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE], (gone, alive)
    told = course.run("autograder", "grade", "tiny")
    assert f"{8 - done} judged now, {done} kept from before" in told.stdout
    assert len(course.grades()) == 8 * len(NAMES)
    assert {looked for *_, looked in course.grades()} == {0}


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    """Until something is so; a failure after too long."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it never came about"
        time.sleep(0.02)


def test_points_that_no_build_has_seen_are_not_booked(course: Course) -> None:
    course.hand_in("ada")
    spec = course.root / "exercises" / "tiny" / "double.py"
    text, old = spec.read_text("utf-8"), f"points={POINTS['double']}"
    assert old in text
    spec.write_text(text.replace(old, f"points={POINTS['double'] + 1}"), "utf-8")
    told = course.run("autograder", "grade", "tiny", "--isolation", "process", status=1)
    assert "ada: source/tiny/ is not as the lab is now: run autograder build tiny" in told.stderr
    assert not (course.root / "autograded" / "ada").exists()


def test_a_file_that_changes_meanwhile_is_not_booked(course: Course) -> None:
    path = course.hand_in("ada")
    setup = Setup("tiny", course.root, b"the secret of the tests")
    book: Any = Unbooked()
    run = _Run(book, kept(course.root, "tiny"), setup, "rules", Graded(1), lambda *_: None)
    (submission,) = run.new({"ada": path.parent})
    report = LabReport("tiny", "ada", "cpu", (), 0.0, ())
    changed = replace(submission, cells=submission.cells[:1])
    run._book(changed, report)
    assert run.graded.booked == 0
    assert run.graded.faults == [
        "ada: the file changed while the class was graded: run this again"
    ]


class Unbooked:
    """A gradebook into which nothing may come."""

    handed_in_below = None

    def enter(self, *_: object) -> None:
        """Never called."""
        raise AssertionError
