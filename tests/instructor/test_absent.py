"""The gradebook's table of students: who has not handed in is shown, who was taken out is not."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from instructor_kit import NAMES, RIGHT, WRONG, Course, gradebook

from autograder.course import publishing
from autograder.course.booked import Roster
from autograder.course.grading import Asked, Graded, grade_class
from autograder.course.results import Entry, Results, booked_once, kept
from autograder.pages.class_page import class_page
from autograder.pages.insight import insight
from autograder.pages.marks import NOT_HANDED_IN, Absent, Person
from autograder.spec.collection import collect

SECRET = b"the secret of the tests"
EVIL = "<script>x</script>"


def grade(course: Course, *students: str) -> Graded:
    asked = Asked(students=students)
    return grade_class("tiny", SECRET, root=course.root, isolation="process", asked=asked)


def sheet(course: Course) -> dict[str, dict[str, str]]:
    text = publishing.as_text("tiny", "csv", course.root)
    return {row["student"]: row for row in csv.DictReader(io.StringIO(text))}


@pytest.fixture(scope="module")
def term(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Ada is right, Bob wrong; Carl has not come; Dora came after the class was graded."""
    course = Course(tmp_path_factory.mktemp("roster") / "course")
    shutil.copytree(built, course.root)
    course.hand_in("ada", RIGHT)
    course.hand_in("bob", WRONG)
    with gradebook(course) as book:
        book.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
        book.update_or_create_student("carl", first_name="Carl", last_name="Gauß")
        book.add_student("dora")
    grade(course)
    course.hand_in("dora")
    return course


def test_who_has_not_handed_in_stands_in_the_sheet_without_a_score(term: Course) -> None:
    rows = sheet(term)
    assert list(rows) == ["ada", "bob", "carl", "dora"]
    assert [rows[name]["score"] for name in rows] == ["100", "0", "", ""]
    assert [rows[name]["problem"] for name in rows] == [
        *("", ""),
        "not handed in",
        "handed in, not graded yet",
    ]
    assert [rows[name]["name"] for name in rows] == ["Lovelace, Ada", "bob", "Gauß, Carl", "dora"]
    assert {rows["carl"][f"{name} points"] for name in NAMES} == {""}
    assert {rows["bob"][f"{name} points"] for name in NAMES} == {"0"}


def test_who_has_not_handed_in_stands_on_the_class_page_and_counts_in_no_mean(
    term: Course,
) -> None:
    html = publishing.report("tiny", None, term.root).read_text("utf-8")
    assert "2 students, 100 points" in html
    assert "the mean is 50" in html
    assert '<a href="#absent">2 more without a mark</a>' in html
    absent = html[html.index('<h2 id="absent">') :]
    rows = [row.split("</tr>")[0] for row in absent.split("<tr>")[2:]]
    assert ["dora" in row for row in rows] == [True, False]
    assert "handed in, not graded yet" in rows[0]
    assert '<th scope="row">carl</th>\n<td>Gauß, Carl</td>\n<td>not handed in</td>' in rows[1]
    files = term.root / "results/tiny/class_files"
    assert sorted(file.name.rpartition("-")[0] for file in files.glob("*-*.html")) == [
        "ada",
        "bob",
    ]


def test_nobody_is_missing_where_everybody_came(term: Course) -> None:
    html = class_page(insight(collect("tiny", term.root), kept(term.root, "tiny").latest()))
    assert "without a mark" not in html
    assert "Without a mark" not in html


def test_a_name_in_the_gradebook_is_text(term: Course) -> None:
    absent = [Absent(Person(EVIL, EVIL, "=1+1"), NOT_HANDED_IN)]
    reports = kept(term.root, "tiny").latest()
    html = class_page(insight(collect("tiny", term.root), reports, absent))
    assert EVIL not in html
    assert "&lt;script&gt;x" in html


@pytest.mark.slow
def test_a_withdrawn_student_stays_away_until_asked_back(course: Course) -> None:
    course.hand_in("ada")
    course.hand_in("carl", WRONG)
    grade(course)
    page = publishing.report("tiny", None, course.root)
    beside = page.with_name("class_files")
    assert len(list(beside.glob("carl-*.html"))) == 1
    with gradebook(course) as book:
        book.remove_student("carl")
    assert list(sheet(course)) == ["ada"]
    for kind in ("canvas", "moodle", "junit"):
        assert "carl" not in publishing.as_text("tiny", kind, course.root)  # type: ignore[arg-type]
    page = publishing.report("tiny", None, course.root)
    assert "carl" not in page.read_text("utf-8")
    assert list(beside.glob("carl-*.html")) == []
    run = grade(course)
    assert (run.students, run.judged, run.withdrawn) == (1, 0, {"carl"})
    assert run.notes == [
        "left out, for the gradebook has them no more: carl; --student NAME takes one back in"
    ]
    assert {student for student, *_ in course.grades()} == {"ada"}
    shown = course.run("autograder", "grade", "tiny", "--isolation", "process")
    assert not [line for line in shown.stdout.splitlines() if line.startswith("carl")]
    assert grade(course, "carl").withdrawn == frozenset()
    assert list(sheet(course)) == ["ada", "carl"]


def test_a_lost_gradebook_withdraws_nobody(course: Course) -> None:
    course.hand_in("ada")
    grade(course)
    (course.root / "gradebook.db").unlink()
    with gradebook(course) as book:
        book.add_student("carl")
    run = grade(course)
    assert (run.booked, run.withdrawn) == (1, frozenset())
    assert list(sheet(course)) == ["ada", "carl"]


def test_a_student_whom_the_gradebook_refused_is_none_who_left(course: Course) -> None:
    course.hand_in("ada")
    course.hand_in("bob", stamp="no time at all")
    assert len(grade(course).faults) == 1
    run = grade(course)
    assert (len(run.faults), run.withdrawn) == (1, frozenset())
    assert sheet(course)["bob"]["score"] == "100"


def test_booked_in_one_lab_is_known_in_all(tmp_path: Path) -> None:
    assert booked_once(tmp_path) == set()
    Results(tmp_path / "results/one").assign(Entry("ada", "0f", "booked"))
    Results(tmp_path / "results/two").assign(Entry("bob", "0f", ""))
    Results(tmp_path / "results/two").assign(Entry("carl", "0f", "booked"))
    assert booked_once(tmp_path) == {"ada", "carl"}
    people = {"carl": Person("carl")}
    assert Roster(people, new=False).withdrawn({"ada", "carl"}) == {"ada"}
    assert Roster(people).withdrawn({"ada", "carl"}) == frozenset()
