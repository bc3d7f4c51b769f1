"""A term with nbgrader's own commands through a real exchange folder, and our judge in it."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import forked
import pytest
from instructor_kit import HALF, POINTS, RIGHT, WRONG, Course, grade_id, outputs, points

from autograder.course.results import kept

pytestmark = pytest.mark.slow
LATE = 'c.LateSubmissionPlugin.penalty_method = "zero"'


def exchange(course: Course) -> Path:
    """An exchange folder for this course, and one for the students' own work."""
    folder = course.root.parent / "exchange"
    folder.mkdir()
    folder.chmod(0o777)
    course.configure(f"c.Exchange.root = {str(folder)!r}\nc.Exchange.timezone = 'UTC'")
    return folder


class Student:
    """A student with a folder of their own, who has nbgrader and the exchange and nothing else."""

    def __init__(self, course: Course, name: str) -> None:
        self.course, self.name = course, name
        self.home = course.root.parent / f"home-{name}"
        self.home.mkdir()
        (self.home / "nbgrader_config.py").write_text(
            "c = get_config()\n"
            "c.CourseDirectory.course_id = 'rnn-labs'\n"
            f"c.Exchange.root = {str(course.root.parent / 'exchange')!r}\n"
            f"c.Exchange.cache = {str(self.home / 'cache')!r}\n"
        )

    def run(self, *words: str) -> str:
        """One of nbgrader's commands."""
        told = ["nbgrader", *words, "--student", self.name]
        found = forked.run(told, self.home, self.course.environment())
        assert found.returncode == 0, found.stdout + found.stderr
        return found.stdout + found.stderr

    def write(self, answers: dict[str, str]) -> None:
        """Fill in the stubs of the fetched notebook."""
        path = self.home / "tiny" / "tiny.ipynb"
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            if grade_id(cell) in answers:
                cell["source"] = answers[grade_id(cell)]
        path.write_text(json.dumps(notebook), "utf-8")

    def feedback(self) -> str:
        """The newest page of feedback that was fetched."""
        pages = sorted((self.home / "tiny" / "feedback").rglob("tiny.html"))
        return pages[-1].read_text("utf-8")


def test_a_term_through_the_exchange(course: Course) -> None:
    exchange(course)
    course.run("nbgrader", "generate_assignment", "tiny", "--force")
    course.run("nbgrader", "release_assignment", "tiny")
    ada, bob = Student(course, "ada"), Student(course, "bob")
    for student, answers in ((ada, RIGHT), (bob, WRONG)):
        student.run("fetch_assignment", "tiny")
        assert (student.home / "tiny" / "labcheck.pyz").is_file()
        student.write(answers)
        student.run("submit", "tiny")
    course.run("nbgrader", "collect", "tiny")
    told = course.run("nbgrader", "autograde", "tiny")
    assert "ERROR" not in told.stderr
    assert totals(course) == {"ada": 100.0, "bob": 0.0}

    course.run("nbgrader", "generate_feedback", "tiny")
    course.run("nbgrader", "release_feedback", "tiny")
    for student in (ada, bob):
        student.run("fetch_feedback", "tiny")
    page = bob.feedback()
    assert "Score: 0.0 / 100.0" in page
    assert "This is exactly what comes out when each number is squared." in page
    assert "Marks by exercise" in page
    for secret in ("twice_of_x", "so_far_in_x", "last_of_running_sum", str(course.root)):
        assert secret not in page
    assert "100.0 / 100.0" in ada.feedback()

    bob.write(RIGHT | {"double": HALF})
    bob.run("submit", "tiny")
    course.run("nbgrader", "collect", "tiny", "--update")
    course.run("nbgrader", "autograde", "tiny")
    half = totals(course)["bob"]
    assert 60.0 < half < 100.0
    course.run("autograder", "grade", "tiny")
    assert totals(course)["bob"] == half

    course.run("nbgrader", "export", "--to", "grades.csv")
    with (course.root / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert float(rows["bob"]["score"]) == pytest.approx(half, abs=1e-9)
    assert float(rows["ada"]["score"]) == float(rows["ada"]["max_score"]) == 100.0


def totals(course: Course) -> dict[str, float]:
    """The sum of each student's automatic scores."""
    found: dict[str, float] = {}
    for student, _, score, _, _ in course.grades():
        found[student] = round(found.get(student, 0.0) + score, 4)
    return found


def test_both_commands_leave_the_same_gradebook_and_the_same_notebooks(course: Course) -> None:
    mixed_class(course)
    course.run("autograder", "grade", "tiny")
    ours, notebooks = course.grades(), all_outputs(course)
    shutil.rmtree(course.root / "autograded")
    shutil.rmtree(course.root / "results")
    (course.root / "gradebook.db").unlink()
    course.run("nbgrader", "generate_assignment", "tiny", "--force")
    course.run("nbgrader", "autograde", "tiny")
    assert course.grades() == ours
    assert all_outputs(course) == notebooks
    assert {one.student for one in kept(course.root, "tiny").latest()} == set(notebooks)
    told = course.run("autograder", "grade", "tiny")
    assert " 0 judged now" in told.stdout
    assert course.grades() == ours


def all_outputs(course: Course) -> dict[str, Any]:
    folders = sorted((course.root / "autograded").iterdir())
    return {folder.name: outputs(course.autograded(folder.name)) for folder in folders}


def mixed_class(course: Course) -> None:
    """Every way in which students treat the cells that are not theirs."""
    course.hand_in("ada")
    course.hand_in("bob", WRONG)
    course.hand_in("eve", RIGHT | {"double": HALF})
    deleted = course.notebook(RIGHT)
    deleted["cells"] = [c for c in deleted["cells"] if grade_id(c) != "check-double"]
    course.hand_in("deleted", deleted)
    bare = course.notebook(RIGHT)
    bare["cells"] = [c for c in bare["cells"] if not grade_id(c).startswith(("text-", "check-"))]
    course.hand_in("bare", bare)
    doubled = course.notebook(RIGHT)
    doubled["cells"] += doubled["cells"]
    course.hand_in("doubled", doubled)
    moved = course.notebook(RIGHT)
    moved["cells"] = moved["cells"][:2] + moved["cells"][:1:-1]
    course.hand_in("moved", moved)
    edited = course.notebook(WRONG)
    for cell in edited["cells"]:
        if grade_id(cell).startswith("check-"):
            cell["source"] = ["40.0"]
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "data": {"text/plain": ["40.0"]},
                    "metadata": {},
                    "execution_count": 1,
                }
            ]
            cell["metadata"]["nbgrader"] |= {"points": 4000, "schema_version": 99}
    course.hand_in("edited", edited)
    plain = course.notebook(RIGHT)
    for cell in plain["cells"]:
        cell["metadata"] = {}
    plain["metadata"] = {"kernelspec": {"name": "julia-1.9", "display_name": "Julia"}}
    course.hand_in("plain", plain)
    course.hand_in("torn", b'{"cells": [')
    course.hand_in("zipped", b"PK\x03\x04\x00\xff")


def test_whatever_was_done_to_the_cells_the_code_counts(course: Course) -> None:
    mixed_class(course)
    course.run("nbgrader", "generate_assignment", "tiny", "--force")
    course.run("nbgrader", "autograde", "tiny")
    found = totals(course)
    for student in ("ada", "deleted", "bare", "doubled", "moved", "plain"):
        assert found[student] == 100.0, student
        assert points(course.autograded(student)) == POINTS
    for student in ("bob", "edited", "torn", "zipped"):
        assert found[student] == 0.0, student
    assert "unreadable submission" in json.dumps(course.autograded("torn"))
    course.run("nbgrader", "generate_feedback", "tiny")
    assert len(list((course.root / "feedback").rglob("tiny.html"))) == len(found)


def test_a_late_submission_is_nbgraders_matter(course: Course) -> None:
    course.configure(LATE)
    course.hand_in("ada", stamp="2030-01-01 12:00:00.000000 UTC")
    course.hand_in("bob", stamp="2030-01-01 14:00:00.000000 UTC")
    course.run("nbgrader", "generate_assignment", "tiny", "--force")
    with sqlite3.connect(course.root / "gradebook.db") as base:
        base.execute("UPDATE assignment SET duedate = '2030-01-01 13:00:00.000000'")
    course.run("nbgrader", "autograde", "tiny")
    stock = penalties(course)
    assert stock == {"ada": None, "bob": 100.0}
    shutil.rmtree(course.root / "autograded")
    with sqlite3.connect(course.root / "gradebook.db") as base:
        base.execute("UPDATE submitted_notebook SET late_submission_penalty = NULL")
    course.run("autograder", "grade", "tiny")
    assert penalties(course) == stock
    course.hand_in("bob", stamp="2030-01-01 11:00:00.000000 UTC")
    told = course.run("autograder", "grade", "tiny")
    assert " 0 judged now" in told.stdout
    assert penalties(course) == {"ada": None, "bob": None}


def penalties(course: Course) -> dict[str, float | None]:
    with sqlite3.connect(course.root / "gradebook.db") as base:
        return dict(
            base.execute(
                "SELECT s.student_id, n.late_submission_penalty FROM submitted_notebook n "
                "JOIN submitted_assignment s ON s.id = n.assignment_id"
            ).fetchall()
        )


@pytest.mark.parametrize("again", ["nbgrader", "autograder"])
def test_a_manual_mark_survives_a_regrade(again: str, course: Course) -> None:
    course.hand_in("ada", RIGHT | {"double": WRONG["double"]})
    course.run("autograder", "grade", "tiny")
    with sqlite3.connect(course.root / "gradebook.db") as base:
        base.execute(
            "UPDATE grade SET manual_score = 33.25 WHERE cell_id IN "
            "(SELECT id FROM base_cell WHERE name = 'check-double')"
        )
    course.hand_in("ada", RIGHT | {"double": HALF})
    if again == "nbgrader":
        course.run("nbgrader", "autograde", "tiny", "--force")
    else:
        course.run("autograder", "grade", "tiny")
    grades = {cell: rest for _, cell, *rest in course.grades()}
    assert grades["check-double"][1] == 33.25
    assert 0 < grades["check-double"][0] < 40
    course.run("nbgrader", "generate_feedback", "tiny")
    page = (course.root / "feedback/ada/tiny/tiny.html").read_text("utf-8")
    assert "33.25 of 40" in page


def test_an_assignment_that_is_no_lab_is_executed_as_ever(course: Course) -> None:
    notebook = course.released()
    folder = course.root / "source" / "quiz"
    folder.mkdir()
    mark = {"schema_version": 3, "solution": False, "locked": True, "grade": True, "task": False}
    check = {
        "cell_type": "code",
        "id": "quiz",
        "source": "assert 1 + 1 == 2",
        "outputs": [],
        "execution_count": None,
        "metadata": {"nbgrader": mark | {"grade_id": "quiz", "points": 3}},
    }
    notebook["cells"] = [check]
    (folder / "quiz.ipynb").write_text(json.dumps(notebook))
    course.run("nbgrader", "generate_assignment", "quiz")
    handed = course.root / "submitted" / "ada" / "quiz"
    shutil.copytree(course.root / "release" / "quiz", handed)
    course.run("nbgrader", "autograde", "quiz")
    assert [score for _, _, score, _, _ in course.grades()] == [3.0]


def test_nbgrader_says_in_words_why_nothing_can_be_judged(course: Course) -> None:
    course.hand_in("ada")
    course.configure("c.Judge.secret_file = 'nowhere'")
    course.run("nbgrader", "generate_assignment", "tiny", "--force")
    told = course.run("nbgrader", "autograde", "tiny", status=1)
    assert "the secret nowhere cannot be read" in told.stderr
    assert not (course.root / "autograded/ada/tiny/tiny.ipynb").exists()


def script(answers: dict[str, str]) -> bytes:
    """A hand-in as a Python file."""
    return "\n\n".join(["import numpy as np", *answers.values()]).encode()


def zipped(text: bytes) -> bytes:
    """A zip with one script in a folder."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("work/tiny.py", text)
    return made.getvalue()


def cell_of(cells: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(cell for cell in cells if grade_id(cell) == name)


def _helped(cells: list[dict[str, Any]]) -> None:
    """A helper in a check cell, and an own module."""
    check = cell_of(cells, "check-running_sum")
    check["source"] = ["def added(x):\n", "    return np.add.accumulate(x)\n", *check["source"]]
    cell_of(cells, "running_sum")["source"] = ["def running_sum(x):\n", "    return added(x)"]
    first = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    lines = ["%%writefile mine.py\n", "def twice(x):\n", "    return 2 * x\n"]
    cells.insert(0, {**first, "id": "mine", "source": lines})
    double = ["from mine import twice\n", "\n", "def double(x):\n", "    return twice(x)"]
    cell_of(cells, "double")["source"] = double


def _spoilt(cells: list[dict[str, Any]]) -> None:
    """The imports gone, what is not there in their place, and magics in front of an answer."""
    setup = next(cell for cell in cells if "import numpy" in "".join(cell["source"]))
    setup["source"] = ["import nothere\n", "pip install tqdm\n", "SCALE = 1 / 0\n"]
    double = cell_of(cells, "double")
    double["source"] = ["%%time\n", *double["source"]]


WRAPPED: dict[str, Any] = {
    "text": lambda cells: cell_of(cells, "double").update(cell_type="markdown"),
    "helped": _helped,
    "spoilt": _spoilt,
}


def class_of_forms(course: Course) -> None:
    """The same work under the names that learning platforms and students give it."""
    course.hand_in("notebook")
    course.hand_in("script", script(RIGHT), "tiny.py")
    course.hand_in("renamed", RIGHT | {"double": HALF}, "tiny (1).ipynb")
    course.hand_in("beside", RIGHT)
    course.hand_in("beside", WRONG, "tiny-Copy1.ipynb")
    course.hand_in("wrong", script(WRONG), "my work.py")
    course.hand_in("torn", b'{"cells": [')
    course.hand_in("capitals", RIGHT, "TINY.IPYNB")
    course.hand_in("nested", RIGHT, "my lab/final/tiny.ipynb")
    course.hand_in("zipped", zipped(script(RIGHT)), "hand-in [1] 100%.zip")
    for name, change in WRAPPED.items():
        notebook = course.notebook(RIGHT)
        change(notebook["cells"])
        course.hand_in(name, notebook)
    (course.root / "submitted" / "empty" / "tiny").mkdir(parents=True)


def test_formgrader_and_both_commands_agree_on_every_form(course: Course) -> None:
    class_of_forms(course)
    course.run("autograder", "grade", "tiny")
    ours = course.grades()
    found = totals(course)
    right = ("notebook", "script", "beside", "capitals", "nested", "zipped", *WRAPPED)
    assert {name: found[name] for name in right} == dict.fromkeys(right, 100.0)
    assert 60.0 < found["renamed"] < 100.0
    assert found["wrong"] == found["torn"] == 0.0
    for words in (("nbgrader", "autograde", "tiny"), ()):
        forget(course)
        course.run("nbgrader", "generate_assignment", "tiny", "--force")
        if words:
            course.run(*words)
        else:
            by_formgrader(course, sorted(found))
        assert course.grades() == ours
        written = (course.root / "autograded").rglob("*.ipynb")
        assert sorted(path.parts[-3:] for path in written) == [
            (name, "tiny", "tiny.ipynb") for name in sorted(found)
        ]


def forget(course: Course) -> None:
    """Take back all that was graded."""
    shutil.rmtree(course.root / "autograded")
    shutil.rmtree(course.root / "results")
    (course.root / "gradebook.db").unlink()


BUTTON = """
import sys

from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

app = NbGrader()
app.load_config_file()
api = NbGraderAPI(CourseDirectory(config=app.config), config=app.config)
for student in sys.argv[1:]:
    said = api.autograde("tiny", student)
    assert said["success"], said
"""


def by_formgrader(course: Course, students: list[str]) -> None:
    """What the server does for formgrader's button."""
    said = subprocess.run(
        [sys.executable, "-c", BUTTON, *students],
        cwd=course.root,
        env=course.environment(),
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_python_files_from_an_archive_are_collected_and_graded(course: Course) -> None:
    archive = course.root / "downloaded" / "tiny" / "archive"
    archive.mkdir(parents=True)
    with zipfile.ZipFile(archive / "class.zip", "w") as file:
        file.writestr("ada_tiny.py", script(RIGHT))
        file.writestr("bob_tiny.ipynb", json.dumps(course.notebook(WRONG)))
        file.writestr("eve_tiny.PY", script(RIGHT))
    pattern = r".*/(?P<student_id>[a-z]+)_(?P<file_id>[^/]+)$"
    course.configure(f"c.FileNameCollectorPlugin.named_regexp = {pattern!r}")
    course.run("nbgrader", "zip_collect", "tiny")
    assert (course.root / "submitted/ada/tiny/tiny.py").is_file()
    assert (course.root / "submitted/eve/tiny/tiny.PY").is_file()
    course.run("autograder", "grade", "tiny")
    ours = course.grades()
    found = totals(course)
    assert (found["ada"], found["bob"]) == (100.0, 0.0)
    forget(course)
    course.run("nbgrader", "generate_assignment", "tiny", "--force")
    course.run("nbgrader", "autograde", "tiny")
    assert course.grades() == ours
