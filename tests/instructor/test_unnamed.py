"""Who gives the same wrong answer, that it gets a name, and that the class has it then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from instructor_kit import RIGHT, WRONG, Course

from autograder.commands.main import main
from autograder.course import publishing
from autograder.course.grading import grade_class
from autograder.course.results import kept
from autograder.judge.report import ExerciseReport, LabReport
from autograder.pages.class_page import class_page
from autograder.pages.insight import Insight, insight
from autograder.pages.unnamed import Written
from autograder.spec.collection import TODO, collect, problems
from autograder.spec.loading import forget

EVIL = "<script>alert(1)</script>"
DOUBLE = {
    "ada": "return 3 * x  # Ada wrote this",
    "bob": "'''By Bob.'''\n    twice = x + x\n    return twice + x",
    "cleo": "return np.array([three * one for one in x])\n\nthree = 3.0",
    "dan": "return np.sin(x) + 1",
    "eve": f"return x ** 3 + len('{EVIL}')",
    "gus": "y = 2 * x\n    x[:] = 0\n    return y",
    "hal": "return x[99]",
}
"""Three have the same by different ways, two are alone, and two cannot be compared."""


@pytest.fixture(scope="module")
def graded(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A small class, graded once; fay has it right and ivy makes a known mistake."""
    root = tmp_path_factory.mktemp("unnamed") / "course"
    shutil.copytree(built, root)
    course = Course(root)
    for student, body in DOUBLE.items():
        course.hand_in(student, RIGHT | {"double": f"def double(x):\n    {body}"})
    course.hand_in("fay")
    course.hand_in("ivy", WRONG)
    secret = b"the secret of the tests"
    grade_class("tiny", secret, root=root, isolation="process")
    return course


@pytest.fixture
def mine(graded: Course, tmp_path: Path) -> Course:
    """A copy in which a spec may change."""
    root = tmp_path / "course"
    shutil.copytree(graded.root, root)
    return Course(root)


@pytest.fixture(scope="module")
def found(graded: Course) -> Insight:
    reports = kept(graded.root, "tiny").latest()
    return insight(collect("tiny", graded.root), reports)


def name(course: Course, *words: str, answer: str | None = None) -> Result:
    told = ["name", "tiny", *words, "--course", str(course.root)]
    return CliRunner().invoke(main, told, input=answer)


def spec(course: Course) -> Path:
    return course.root / "exercises" / "tiny" / "double.py"


def double(reports: list[LabReport], student: str) -> ExerciseReport:
    (report,) = (one for one in reports if one.student == student)
    return report.exercises[0]


# Who has the same


def test_those_with_the_same_wrong_answer_are_one_cluster(found: Insight) -> None:
    (shared,) = found.unnamed.shared
    assert (shared.exercise, shared.number) == ("double", 1)
    assert shared.students == ("ada", "bob", "cleo")
    assert shared.does == "What you return is what is due times 3/2."
    assert shared.programs == (
        Written("ada", "def double(x):\n    return 3 * x"),
        Written("bob", "def double(x):\n    twice = x + x\n    return twice + x"),
    )


def test_everybody_who_is_wrong_stands_in_one_table(found: Insight) -> None:
    assert [(one.number, one.students) for one in found.unnamed.alone] == [
        (2, ("dan",)),
        (3, ("eve",)),
    ]
    assert {one.students: one.does for one in found.unnamed.not_compared} == {
        ("gus",): "the call changed its argument x.",
        ("hal",): "IndexError: an index goes past the end: they run from 0 to the size less one.",
    }
    assert {one.students for one in found.mistakes} == {("ivy",)}


def test_the_class_page_shows_two_programs_and_escapes_them(found: Insight) -> None:
    html = class_page(found)
    assert "<script" not in html
    assert "len(&#39;&lt;script&gt;alert(1)&lt;/script&gt;&#39;)" in html
    first, second = html.index("return 3 * x"), html.index("return twice + x")
    assert first < second < html.index("np.sin(x) + 1")
    assert "Ada wrote this" not in html
    assert "autograder name tiny EXERCISE NUMBER" in html
    assert "What you return is what is due times 3/2." in html


def test_what_is_kept_is_for_the_group_and_not_in_the_json(graded: Course) -> None:
    files = [*(graded.root / "results/tiny/reports").glob("*.json")]
    sketched = [file for file in files if '"sketch"' in file.read_text("utf-8")]
    assert len(sketched) == 5
    assert {file.stat().st_mode & 0o777 for file in sketched} == {0o640}
    for report in kept(graded.root, "tiny").latest():
        assert "sketch" not in json.dumps(report.to_json())


# It gets a name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["double", "9"], "double has no wrong answer of number 9: its numbers are 1 to 3"),
        (["share_of", "1"], "share_of has no wrong answer of number 1: it has none without"),
        (["doubl", "1"], "tiny has no exercise 'doubl'; did you mean double"),
        (["double", "1", "--as", "squared"], "double.py has a mistake squared already"),
        (["double", "1", "--as", "np"], "double.py has np already: choose another name"),
        (["double", "1", "--as", "two words"], "'two words' cannot name a mistake"),
    ],
)
def test_what_cannot_be_named_is_said_and_nothing_is_written(
    graded: Course, words: list[str], said: str
) -> None:
    before = spec(graded).read_text("utf-8")
    result = name(graded, *words, "--yes")
    assert result.exit_code in (1, 2)
    assert said in result.output
    assert spec(graded).read_text("utf-8") == before


def test_nothing_graded_is_said(built: Path) -> None:
    result = name(Course(built), "double", "1")
    assert result.exit_code == 2
    assert "nothing of tiny has been graded yet: run autograder grade tiny" in result.output


def test_who_says_no_has_nothing_written(graded: Course) -> None:
    before = spec(graded).read_text("utf-8")
    result = name(graded, "double", "1", answer="n\n")
    assert result.exit_code == 1
    assert "@wrong\ndef unnamed_1(x):" in result.output
    assert spec(graded).read_text("utf-8") == before


def test_a_mistake_is_written_proved_and_found_in_the_class_without_judging(mine: Course) -> None:
    result = name(mine, "double", "1", "--as", "tripled", answer="y\n")
    assert result.exit_code == 0, result.output
    assert "3 students give the same wrong answer." in result.output
    assert "2 of 2" in result.output
    assert "fault" not in result.output
    text = spec(mine).read_text("utf-8")
    assert '@wrong\ndef tripled(x):\n    """what you return is what is due times 3/2.' in text
    assert problems(collect("tiny", mine.root)) == [
        f"exercises/tiny/double.py: `look` of the mistake 'tripled' says {TODO} write it"
    ]

    reports = list(publishing._class("tiny", mine.root, raw=True).reports())
    assert [double(reports, one).mistake for one in ("ada", "cleo", "dan")] == [
        "tripled",
        "tripled",
        None,
    ]
    assert TODO not in double(reports, "ada").feedback, "it is not written yet"

    before = {file: file.read_bytes() for file in (mine.root / "results/tiny/reports").iterdir()}
    spec(mine).write_text(text.replace(f"{TODO} say where to look", "Look at the factor"), "utf-8")
    forget(mine.root)
    publishing.report("tiny", root=mine.root)
    html = (mine.root / "results/tiny/class.html").read_text("utf-8")
    assert '<th scope="row">tripled</th>' in html
    assert "The same wrong answer, and no known mistake" not in html
    page = mine.root / "results/tiny/class_files" / publishing.page_of("bob")
    told = page.read_text("utf-8")
    assert "This is exactly what comes out when what you return is what is due times 3/2." in told
    assert "Look at the factor" in told
    assert "What it does" not in told
    assert before == {file: file.read_bytes() for file in before}


def test_a_mistake_that_gives_something_else_is_no_name_for_them(mine: Course) -> None:
    text = spec(mine).read_text("utf-8")
    other = 'wrong.add("other", lambda x: 3 * x + 1e-4, "it is. Look.")\n\nEXERCISE ='
    spec(mine).write_text(text.replace("EXERCISE =", other), "utf-8")
    _, clusters = publishing.clusters("tiny", "double", mine.root)
    assert [one.students for one in clusters] == [("ada", "bob", "cleo"), ("dan",), ("eve",)]


def test_a_program_that_does_more_than_arithmetic_is_left_to_the_author(mine: Course) -> None:
    file = next(
        path
        for path in (mine.root / "results/tiny/reports").iterdir()
        if '"dan"' in path.read_text("utf-8")
    )
    data = json.loads(file.read_text("utf-8"))
    data["exercises"][0]["sketch"]["program"] = "def double(x):\n    return open('/etc/passwd')"
    file.write_text(json.dumps(data), "utf-8")
    before = spec(mine).read_text("utf-8")
    result = name(mine, "double", "2", "--yes")
    assert result.exit_code == 1
    assert "the smallest program uses open, which a mistake must not" in result.output
    assert spec(mine).read_text("utf-8") == before
