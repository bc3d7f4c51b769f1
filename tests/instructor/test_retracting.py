"""A broken case taken back: who failed in it alone is right, and nobody else is judged again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from instructor_kit import RIGHT, WRONG, Course, gradebook, without_judges

from autograder.chain.build import build
from autograder.commands.main import main
from autograder.course import grading
from autograder.course.grading import grade_class
from autograder.course.results import kept
from autograder.course.retracting import remarked
from autograder.judge.feedback import NOTE
from autograder.judge.report import ExerciseReport
from autograder.labcheck.explain import Line
from autograder.spec.collection import collect
from autograder.spec.retracted import Retraction

SECRET = b"the secret of the tests"
CASE = "negative numbers"
BROKEN = """    cases=(
        Case(
            name="negative numbers",
            inputs=lambda rng: {"x": -rng.uniform(1.0, 2.0, 4)},
            why="Numbers below 0 are doubled, too.",
            value=False,
            hidden=True,
        ),
    ),
    mistakes=wrong,
"""
ONLY_THERE = "def double(x):\n    return 2 * np.abs(x) if len(x) == 4 else 2 * x"
"""Wrong in the broken case, right in all others."""
ENDS_THERE = """
import os
def add(x):
    x += x
    return x
def double(x):
    return os._exit(3) if len(x) == 4 else 2 * x
"""
"""Ends the process in the broken case."""
TWO = "def double(x):\n    return x * x"
"""A known mistake, in the broken case as well."""


@pytest.fixture(scope="module")
def judged(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Ada is right, Bob is wrong in one case, Cid is wrong in all, Dee in that case and sums."""
    course = Course(tmp_path_factory.mktemp("retracting") / "course")
    shutil.copytree(built, course.root)
    spec = course.root / "exercises/tiny/double.py"
    text = spec.read_text("utf-8").replace("    mistakes=wrong,\n", BROKEN)
    spec.write_text(text.replace("import Exercise", "import Case, Exercise"), "utf-8")
    build(["tiny"], course.root)
    course.hand_in("ada")
    course.hand_in("bob", RIGHT | {"double": ONLY_THERE})
    course.hand_in("cid", RIGHT | {"double": TWO})
    course.hand_in("dee", RIGHT | {"double": ONLY_THERE, "running_sum": WRONG["running_sum"]})
    grade_class("tiny", SECRET, root=course.root, isolation="process")
    return course


@pytest.fixture
def course(judged: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A copy of that course, in which nobody can judge."""
    return without_judges(judged, tmp_path, monkeypatch, SECRET)


def run(course: Course, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--course", str(course.root)])


def grade(course: Course) -> Result:
    return run(course, "grade", "tiny", "--isolation", "process", "--jobs", "1")


def of(course: Course, student: str, exercise: str = "double") -> ExerciseReport:
    """What is kept of an exercise."""
    results = kept(course.root, "tiny")
    entry = results.entry(student)
    report = results.report(entry.key) if entry else None
    assert report is not None
    return next(one for one in report.exercises if one.name == exercise)


def marks(course: Course) -> dict[str, float]:
    with gradebook(course) as book:
        return {one.student.id: one.score for one in book.assignment_submissions("tiny")}


def test_who_failed_only_in_it_is_right_and_nobody_is_judged(course: Course) -> None:
    before = marks(course)
    assert before["ada"] == 100 and before["bob"] < 100
    said = run(course, "retract", "tiny", "double", CASE, "--why", "It asked for too much.")
    assert said.exit_code == 0 and "autograder grade tiny" in said.output, said.output
    done = grade(course)
    assert done.exit_code == 0, done.output
    after = marks(course)
    assert after == {**before, "bob": 100.0, "dee": after["dee"]}
    assert after["dee"] > before["dee"]
    assert "2 marks changed: bob" in done.output and "→ 100" in done.output
    bob = of(course, "bob")
    assert (bob.outcome, bob.mistake, bob.lines) == ("right", None, ())
    assert CASE not in {case.name for case in bob.cases}
    assert of(course, "dee", "running_sum") == of_before(course, "dee", "running_sum")
    assert of(course, "cid").mistake == "squared"
    assert run(course, "report", "tiny").exit_code == 0
    pages = [file.read_text("utf-8") for file in (course.root / "results").rglob("*.html")]
    told = [page for page in pages if "was taken back" in page]
    assert told and all("It asked for too much." in page for page in told)


def of_before(course: Course, student: str, exercise: str) -> ExerciseReport:
    """What is kept of the judging with all cases."""
    shutil.move(course.root / "retracted.csv", course.root / "aside.csv")
    assert grade(course).exit_code == 0
    report = of(course, student, exercise)
    shutil.move(course.root / "aside.csv", course.root / "retracted.csv")
    assert grade(course).exit_code == 0
    return report


def test_restored_it_counts_as_before(course: Course) -> None:
    before = marks(course)
    assert run(course, "retract", "tiny", "double", CASE).exit_code == 0
    assert grade(course).exit_code == 0
    assert marks(course) != before
    assert run(course, "retract", "tiny", "double", CASE, "--restore").exit_code == 0
    assert grade(course).exit_code == 0
    assert marks(course) == before
    again = run(course, "retract", "tiny", "double", CASE, "--restore")
    assert again.exit_code == 2 and "it was not taken back" in again.output


def test_a_manual_mark_stays(course: Course) -> None:
    cell = ("check-double", "tiny", "tiny", "bob")
    with gradebook(course) as book:
        book.find_grade(*cell).manual_score = 7.0
        book.db.commit()
    assert run(course, "retract", "tiny", "double", CASE).exit_code == 0
    assert grade(course).exit_code == 0
    with gradebook(course) as book:
        own = book.find_grade(*cell)
        assert (own.manual_score, own.auto_score) == (7.0, own.max_score)


def test_the_stored_marks_are_those_of_a_judging_without_the_case(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(course, "retract", "tiny", "double", CASE).exit_code == 0
    assert grade(course).exit_code == 0
    stored = {name: of(course, name) for name in ("ada", "bob", "cid", "dee")}
    monkeypatch.undo()
    again = grading.Asked(force=True)
    grade_class("tiny", SECRET, root=course.root, isolation="process", asked=again)
    judged = {name: of(course, name) for name in stored}
    assert judged == stored


def test_what_was_not_run_for_a_case_is_judged_before_it_counts(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case ended the process, and what came after it was never looked at."""
    monkeypatch.undo()
    course.hand_in("eve", RIGHT | {"double": ENDS_THERE})
    course.hand_in("fay", RIGHT | {"double": ENDS_THERE.replace("2 * x", "add(x)")})
    grade_class("tiny", SECRET, root=course.root, isolation="process")
    monkeypatch.setenv("AUTOGRADER_SECRET", SECRET.decode())
    assert of(course, "eve").outcome == "partly"
    assert run(course, "retract", "tiny", "double", CASE).exit_code == 0
    dry = run(course, "grade", "tiny", "--isolation", "process", "--jobs", "1", "--dry-run")
    assert dry.exit_code == 0 and "eve" in dry.output and "fay" in dry.output, dry.output
    assert "ada" not in dry.output
    assert grade(course).exit_code == 0
    assert of(course, "eve").outcome == "right"
    assert of(course, "fay").outcome == "partly"


def test_a_stand_in_for_what_is_right_now_has_the_work_judged_again(course: Course) -> None:
    results = kept(course.root, "tiny")
    entry = results.entry("bob")
    report = results.report(entry.key) if entry else None
    collected = collect("tiny", course.root)
    assert report is not None
    taken = [Retraction("double", CASE)]
    assert remarked(report, collected, taken) is not None
    note = (Line(NOTE, "Judged with a correct double in place of yours"),)
    others = tuple(
        replace(one, lines=note) if one.name == "share_of" else one for one in report.exercises
    )
    assert remarked(replace(report, exercises=others), collected, taken) is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("double", "negativ numbers"), "did you mean negative numbers"),
        (("doubble", CASE), "did you mean double"),
        (("double", "values"), "students have the case"),
    ],
)
def test_what_cannot_be_taken_back_is_refused(
    course: Course, words: tuple[str, str], says: str
) -> None:
    done = run(course, "retract", "tiny", *words)
    assert done.exit_code == 2 and says in done.output, done.output
    assert not (course.root / "retracted.csv").exists()


def test_cases_are_listed_and_a_broken_list_is_named(course: Course) -> None:
    assert f"hidden      {CASE}" in run(course, "retract", "tiny", "double").output
    assert run(course, "retract", "tiny", "double", CASE).exit_code == 0
    assert f"taken back  {CASE}" in run(course, "retract", "tiny", "double").output
    assert CASE in run(course, "retract", "tiny").output
    twice = run(course, "retract", "tiny", "double", CASE)
    assert twice.exit_code == 2 and "was taken back before" in twice.output
    (course.root / "retracted.csv").write_text("lab,exercise,case,why\ntiny,other,x,\n", "utf-8")
    done = grade(course)
    assert done.exit_code != 0 and "retracted.csv: there is no exercise 'other'" in done.output
    (course.root / "retracted.csv").write_text("lab,exercise,case,why\ntiny,double,x,\n", "utf-8")
    done = grade(course)
    assert done.exit_code != 0 and "retracted.csv: double has no case 'x'" in done.output
