"""A student is forgotten: listed first, then gone from every place, also after another run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from instructor_kit import RIGHT, WRONG, Course
from nbgrader.api import Gradebook
from sqlalchemy import event
from sqlalchemy.engine import Engine

from autograder.commands.forgetting import NOT_HERE
from autograder.commands.main import main
from autograder.course import publishing
from autograder.course.forgetting import traces_of
from autograder.course.grading import grade_class
from autograder.course.results import kept, write_whole

SECRET = b"the secret of the tests"
MADE = ("class", "gradescope", "csv", "canvas", "moodle", "junit")


def grade(course: Course) -> None:
    grade_class("tiny", SECRET, root=course.root, isolation="process")


@pytest.fixture(scope="module")
def graded(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Ada, twice, and Ada-Lou, marked by hand, with all pages and files; and an essay of Ada's."""
    course = Course(tmp_path_factory.mktemp("graded") / "course")
    shutil.copytree(built, course.root)
    course.hand_in("ada", WRONG)
    grade(course)
    course.hand_in("ada", RIGHT)
    course.hand_in("ada-lou", WRONG)
    grade(course)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        book.update_or_create_student("ada", first_name="Augusta", last_name="Lovelace")
        book.find_comment("double", "tiny", "tiny", "ada").manual_comment = "for Lovelace alone"
        book.add_assignment("essay")
        with book.db.no_autoflush:
            book.add_submission("essay", "ada")
    essay = course.root / "submitted/ada/essay"
    essay.mkdir()
    (essay / "essay.ipynb").write_text("{}")
    for step in ("autograded", "feedback"):
        shutil.copytree(course.root / "submitted/ada/tiny", course.root / step / "ada/essay")
    publishing.report("tiny", None, course.root)
    for kind in MADE[1:]:
        publishing.export("tiny", kind, None, course.root)  # type: ignore[arg-type]
    results = kept(course.root, "tiny").folder
    write_whole(
        results / "dropped/old.json",
        '[{"student": "ada", "manual_score": 3}, {"student": "ada-lou", "manual_score": 4}]',
    )
    (results / "reports/.half.json.77").write_text('{"student": "ada", "less')
    (course.root / ".nbgrader.log").write_text("converting submitted/ada/tiny\nall is well\n")
    return course


@pytest.fixture
def copy(graded: Course, tmp_path: Path) -> Course:
    root = tmp_path / "copy"
    shutil.copytree(graded.root, root)
    return Course(root)


def forget(course: Course, *words: str, says: str | None = None) -> tuple[int, str]:
    told = CliRunner().invoke(
        main, ["forget", *words, "--course", str(course.root)], input=says, catch_exceptions=False
    )
    return told.exit_code, told.output


def files_with(course: Course, *words: bytes) -> set[str]:
    """Files in whose name or bytes one of the words stands."""
    return {
        str(path.relative_to(course.root))
        for path in course.root.rglob("*")
        if path.is_file() and any(word in os.fsencode(path) + path.read_bytes() for word in words)
    }


ALONE = (b"Lovelace", b"Augusta", b'"ada"', b"/ada/", b">ada<", b"ada-6", b"ada,")


def test_all_is_listed_and_nothing_is_removed_without_a_yes(copy: Course) -> None:
    before = files_with(copy, b"")
    status, said = forget(copy, "ada", says="n\n")
    assert status == 0
    lines = said.splitlines()
    assert lines[0] == "Of ada there is:"
    assert [line for line in lines if not line.startswith("  ")][1:] == [
        NOT_HERE,
        "Remove all that is listed? [y/N]: n",
        "Nothing was removed.",
    ]
    told = [line.strip() for line in lines if line.startswith("  ")]
    assert "submitted/ada/: 3 files" in told
    assert "results/tiny/: 3 reports" in told
    assert (
        "the gradebook: marks and comments of essay, tiny, and the line in the table of "
        + ("students")
        in told
    )
    places = {line.partition(":")[0] for line in told}
    assert {"autograded/ada/", "feedback/ada/", "results/tiny/dropped/old.json"} <= places
    assert {f"results/tiny/{name}" for name in ("class.html", "marks.csv", "junit.xml")} <= places
    assert {"results/tiny/canvas.csv", "results/tiny/moodle.csv", ".nbgrader.log"} <= places
    assert not [place for place in places if "ada-lou" in place]
    assert files_with(copy, b"") == before
    assert forget(copy, "ada", says="")[0] == 1, "no answer is no yes"
    assert files_with(copy, b"") == before


def test_a_forgotten_student_is_nowhere_and_no_run_brings_them_back(copy: Course) -> None:
    others = {one for one in files_with(copy, b"") if "ada-lou" in one}
    assert len(files_with(copy, *ALONE)) > 12
    status, said = forget(copy, "ada", "--yes")
    assert (status, said.splitlines()[-1]) == (0, "Removed: ada is forgotten.")
    assert files_with(copy, *ALONE) == set()
    assert {one for one in files_with(copy, b"") if "ada-lou" in one} == others
    dropped = (copy.root / "results/tiny/dropped/old.json").read_text()
    assert "ada-lou" in dropped
    assert (copy.root / ".nbgrader.log").read_text() == "all is well\n"
    grade(copy)
    publishing.report("tiny", None, copy.root)
    for kind in MADE[1:]:
        publishing.export("tiny", kind, None, copy.root)  # type: ignore[arg-type]
    assert files_with(copy, *ALONE) == set()
    assert {student for student, *_ in copy.grades()} == {"ada-lou"}
    assert traces_of("ada", copy.root) == []
    status, said = forget(copy, "ada", "--yes")
    assert status == 2
    assert "there is no trace of 'ada'; did you mean ada-lou" in said


def _leave_deleted_rows(connection: Any, _: object) -> None:
    connection.execute("PRAGMA secure_delete = OFF")


def test_deleted_rows_are_not_left_in_the_file_of_the_gradebook(copy: Course) -> None:
    event.listen(Engine, "connect", _leave_deleted_rows)
    try:
        assert forget(copy, "ada", "--yes")[0] == 0
    finally:
        event.remove(Engine, "connect", _leave_deleted_rows)
    assert b"for Lovelace alone" not in (copy.root / "gradebook.db").read_bytes()


def test_a_link_is_removed_and_not_what_it_leads_to(copy: Course, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o500)
    (copy.root / "submitted/ada/tiny/link").symlink_to(elsewhere)
    shutil.rmtree(copy.root / "feedback/ada")
    (copy.root / "feedback/ada").symlink_to(elsewhere)
    (copy.root / "autograded/ada/essay").chmod(0o500)
    assert forget(copy, "ada", "--yes")[0] == 0
    assert not os.path.lexists(copy.root / "feedback/ada")
    assert elsewhere.stat().st_mode & 0o777 == 0o500


@pytest.mark.parametrize("name", ["", ".", "..", "../submitted", "*", "ad?", "{0}", "a\nb"])
def test_no_name_is_a_path_or_a_pattern(copy: Course, name: str) -> None:
    before = files_with(copy, b"")
    status, said = forget(copy, name, "--yes")
    assert status == 2
    assert "there is no trace of" in said
    assert files_with(copy, b"") == before


def test_folders_in_another_order_are_found(copy: Course) -> None:
    copy.configure(
        'c.CourseDirectory.directory_structure = "{nbgrader_step}/{assignment_id}/{student_id}"'
    )
    for student in ("ada", "ada-lou"):
        path = copy.root / "submitted/tiny" / student
        path.parent.mkdir(exist_ok=True)
        (copy.root / "submitted" / student / "tiny").rename(path)
    told = [trace.told for trace in traces_of("ada", copy.root)]
    assert "submitted/tiny/ada/: 2 files" in told
    assert not [line for line in told if line.startswith("submitted/ada")]
    assert forget(copy, "ada", "--yes")[0] == 0
    assert sorted(path.name for path in (copy.root / "submitted/tiny").iterdir()) == ["ada-lou"]


def test_what_cannot_be_removed_is_told_and_the_rest_is_gone(
    copy: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = shutil.rmtree

    def closed(path: Path) -> None:
        if path == copy.root / "submitted/ada":
            raise PermissionError(13, "Permission denied", str(path))
        remove(path)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", closed)
        status, said = forget(copy, "ada", "--yes")
    assert status == 1
    assert said.splitlines()[-1] == "  submitted/ada/: 3 files: Permission denied"
    assert "ada" not in {student for student, *_ in copy.grades()}
    assert forget(copy, "ada", "--yes")[0] == 0
    assert files_with(copy, *ALONE) == set()


def test_a_course_without_anybody_says_so(course: Course) -> None:
    status, said = forget(course, "ada", "--yes")
    assert status == 2
    assert "there is no trace of 'ada', and of nobody else" in said


@pytest.mark.slow
def test_the_command_runs_on_its_own(copy: Course) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "autograder", "forget", "ada"],
        cwd=copy.root,
        env=copy.environment(),
        input="y\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.endswith("Removed: ada is forgotten.\n")
    assert files_with(copy, *ALONE) == set()
