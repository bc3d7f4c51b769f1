"""Groups that hand in once: each of them is judged, and what is theirs alone stays theirs."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from instructor_kit import RIGHT, STAMP, WRONG, Course
from test_rebook import SECRET

from autograder.commands.main import main
from autograder.course.grading import Asked, Graded, grade_class
from autograder.course.groups import TABLE, digest_of, groups
from autograder.sandbox.errors import GraderFault
from autograder.spec.collection import CollectionError


def group(course: Course, *words: str) -> Result:
    return CliRunner().invoke(main, ["group", *words, "--course", str(course.root)])


def grade(course: Course, **asked: bool) -> Graded:
    return grade_class("tiny", SECRET, root=course.root, isolation="process", asked=Asked(**asked))


def totals(course: Course) -> dict[str, float]:
    found: dict[str, float] = {}
    for student, _, score, *_ in course.grades():
        found[student] = found.get(student, 0) + (score or 0)
    return found


def folder(course: Course, student: str) -> Path:
    return course.root / "submitted" / student / "tiny"


@pytest.fixture
def course(built: Path, tmp_path: Path) -> Course:
    """Ada has handed in, and belongs to Bob and Cid."""
    made = Course(tmp_path / "course")
    shutil.copytree(built, made.root)
    made.hand_in("ada", RIGHT)
    TABLE.write([["tiny", "one", name] for name in ("ada", "bob", "cid")], made.root)
    return made


def test_what_one_hands_in_is_judged_for_all_and_follows_what_comes_later(course: Course) -> None:
    (folder(course, "ada") / "leads away").symlink_to("/etc/passwd")
    dry = grade(course, dry=True)
    assert dry.notes == ["bob and cid would have what ada of the group handed in"]
    assert not folder(course, "bob").exists()

    first = grade(course)
    assert first.notes[0] == "bob and cid have what ada of the group handed in"
    assert (first.students, first.judged) == (3, 3)
    right = totals(course)
    assert right["ada"] == right["bob"] == right["cid"] > 0
    assert (folder(course, "bob") / "timestamp.txt").read_text() == STAMP
    assert not os.path.lexists(folder(course, "bob") / "leads away")

    again = grade(course)
    assert (again.judged, again.notes) == (0, [])

    course.hand_in("ada", WRONG, stamp="2030-01-02 12:00:00.000000 UTC")
    newer = grade(course)
    assert newer.notes == ["bob and cid have what ada of the group handed in"]
    assert set(totals(course).values()) == {0}

    course.hand_in("cid", RIGHT)
    own = grade(course)
    assert own.notes == ["ada and cid are one group and have each handed in: each is judged"]
    assert totals(course) == {"ada": 0, "bob": 0, "cid": right["cid"]}


def test_what_cannot_be_copied_is_one_sentence(course: Course) -> None:
    (course.root / "submitted" / "bob").write_text("a file where a folder belongs")
    with pytest.raises(GraderFault, match=r"^what a group handed in cannot be copied: "):
        grade(course)


def test_names_stand_in_the_table_alone(course: Course) -> None:
    grade(course)
    kept = (course.root / "results/tiny/groups.json").read_text("utf-8")
    assert len(json.loads(kept)) == 2
    assert "bob" not in kept
    forget = ["forget", "bob", "--yes", "--course", str(course.root)]
    assert "groups.csv: 1 line" in CliRunner().invoke(main, forget).output
    assert groups("tiny", course.root) == [("ada", "cid")]


def test_the_command_puts_students_together_and_moves_them(course: Course) -> None:
    course.hand_in("dan", RIGHT)
    course.hand_in("bob", RIGHT)
    done = group(course, "tiny", "dan", "bob")
    assert done.output.startswith("dan, bob hand in tiny together (groups.csv).")
    assert groups("tiny", course.root) == [("ada", "cid"), ("dan", "bob")]
    assert "a group has two students" in group(course, "tiny", "dan", "dan").output
    refused = group(course, "tiny", "dan", "bbo")
    assert refused.exit_code == 2
    assert "there is no student bbo" in refused.output.replace("'", "")


def test_groups_are_of_one_lab_or_of_all(tmp_path: Path) -> None:
    lines = [["*", "a", "ada"], ["*", "a", "bob"], ["lab9", "b", "cid"], ["lab9", "b", "dan"]]
    TABLE.write(lines, tmp_path)
    assert groups("lab1", tmp_path) == [("ada", "bob")]
    assert groups("lab9", tmp_path) == [("ada", "bob"), ("cid", "dan")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lab,group\n", "its first line must be lab,group,student"),
        ("lab,group,student\ntiny,a\n", "line 2: expected lab,group,student"),
    ],
)
def test_a_broken_table_is_told_by_file_and_line(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / TABLE.file).write_text(text)
    with pytest.raises(CollectionError, match=f"^{TABLE.file}.*{told}"):
        groups("tiny", tmp_path)


def test_a_digest_tells_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    before = digest_of(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    renamed = digest_of(tmp_path)
    (tmp_path / "b").write_text("y")
    assert len({before, renamed, digest_of(tmp_path)}) == 3
