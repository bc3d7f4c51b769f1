"""A course of nbgrader's that has assignments of its own beside our labs stays what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat.v4
import pytest
from instructor_kit import RIGHT, WRONG, Course

from autograder.nbgrader import configure, refuse_authored_files

pytestmark = pytest.mark.slow

CONFIG = """
from autograder.nbgrader import configure

c = get_config()
c.CourseDirectory.course_id = "sequences"
c.ClearSolutions.code_stub = {"python": "# yours\\nraise NotImplementedError"}
configure(c)
"""
_v4: Any = nbformat.v4


def stock(solution: str) -> dict[str, Any]:
    """An assignment as nbgrader knows it: tests in a cell that is executed beside the solution."""
    mark = {"schema_version": 3, "solution": True, "grade": False, "locked": False, "task": False}
    test = {**mark, "solution": False, "grade": True, "locked": True, "points": 7}
    cells = [
        _v4.new_code_cell(solution, metadata={"nbgrader": {**mark, "grade_id": "square"}}),
        _v4.new_code_cell(
            "assert square(3) == 9", metadata={"nbgrader": {**test, "grade_id": "test-square"}}
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return dict(_v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}))


SOLUTION = "def square(x):\n    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION"


@pytest.fixture
def both(course: Course) -> Course:
    """A course with our lab "tiny" and a stock assignment "ps1", which has a helper of its own."""
    (course.root / "nbgrader_config.py").write_text(CONFIG)
    source = course.root / "source" / "ps1"
    source.mkdir()
    (source / "ps1.ipynb").write_text(json.dumps(stock(SOLUTION)))
    (source / "helper.py").write_text("FACTOR = 2\n")
    course.run("nbgrader", "generate_assignment", "ps1")
    course.run("nbgrader", "generate_assignment", "tiny", "--force")
    return course


def hand_in(course: Course, student: str, body: str) -> None:
    """Hand in ps1 with another solution."""
    folder = course.root / "submitted" / student / "ps1"
    folder.mkdir(parents=True)
    (folder / "ps1.ipynb").write_text(json.dumps(stock(body)))


def test_each_kind_is_graded_its_own_way(both: Course) -> None:
    released = (both.root / "release" / "ps1" / "ps1.ipynb").read_text()
    assert "# yours" in released
    assert "x * x" not in released
    assert (both.root / "release" / "ps1" / "helper.py").is_file()
    assert not (both.root / "release" / "ps1" / "labcheck.pyz").exists()
    assert (both.root / "release" / "tiny" / "labcheck.pyz").is_file()
    hand_in(both, "ada", "def square(x):\n    return x * x")
    hand_in(both, "bob", "def square(x):\n    return x + x")
    both.hand_in("ada", RIGHT)
    both.hand_in("bob", {**RIGHT, "double": WRONG["double"]})
    both.run("nbgrader", "autograde", "ps1")
    both.run("nbgrader", "autograde", "tiny")
    scores = {(student, cell): score for student, cell, score, *_ in both.grades()}
    assert scores["ada", "test-square"] == 7
    assert scores["bob", "test-square"] == 0
    assert scores["ada", "check-double"] == 40
    assert scores["bob", "check-double"] == 0
    executed = (both.root / "autograded" / "bob" / "ps1" / "ps1.ipynb").read_text()
    assert "AssertionError" in executed
    assert "squared" in json.dumps(both.autograded("bob"))
    both.run("nbgrader", "generate_feedback", "ps1")
    assert (both.root / "feedback" / "bob" / "ps1" / "ps1.html").is_file()


def test_what_is_no_lab_is_left_alone_and_said_in_a_sentence(both: Course) -> None:
    said = both.run("autograder", "grade", "ps1", status=2).stderr
    assert "ps1 is an assignment of nbgrader's alone and is left to it" in " ".join(said.split())
    assert "nbgrader autograde ps1 grades it" in " ".join(said.split())


class Section(dict[str, Any]):
    """A section of nbgrader's settings."""

    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__  # type: ignore[assignment]


class Settings:
    """Some settings that a course has made."""

    def __init__(self, **hooks: Any) -> None:
        self.Autograde = Section(
            autograde_preprocessors=["mine.Filter", "nbgrader.preprocessors.Execute"]
        )
        self.GenerateFeedback = Section()
        self.GenerateAssignment = Section(hooks)
        self.FileNameCollectorPlugin = Section(valid_ext=[".tex"])
        self.ExchangeFactory = Section(collect="mine.Collect")
        self.ExportApp = Section()
        self.HTMLExporter = Section(preprocessors=["mine.Page"], filters={"mine": "mine.filter"})


def test_what_a_course_has_set_stays_as_it_was() -> None:
    called: list[str] = []
    settings = Settings(post_convert_hook=lambda **told: called.append(told["assignment"]))
    configure(settings)
    assert settings.Autograde.autograde_preprocessors == [
        "mine.Filter",
        "autograder.course.plugins.Judge",
        "autograder.course.sanitising.Sanitise",
    ]
    assert settings.Autograde["sanitize_preprocessors"][0].endswith(".Sanitise")
    assert settings.ExchangeFactory["collect"] == "mine.Collect"
    assert settings.ExchangeFactory["submit"].startswith("autograder.")
    shown = "autograder.course.sanitising.Shown"
    assert settings.HTMLExporter["preprocessors"] == [shown, "mine.Page"]
    assert {"mine", "markdown2html"} <= set(settings.HTMLExporter["filters"])
    names = [
        str(one).rpartition(".")[2].strip("'>")
        for one in settings.GenerateFeedback["preprocessors"]
    ]
    assert names == ["GetGrades", "Summary", "CSSHTMLHeaderPreprocessor"]
    settings.GenerateAssignment["post_convert_hook"](assignment="ps1", notebooks=[])
    assert called == ["ps1"]
    assert settings.FileNameCollectorPlugin["valid_ext"] == [".tex"]
    assert settings.GenerateAssignment["pre_convert_hook"] is refuse_authored_files


def test_authored_files_of_a_lab_are_not_released_and_others_are(tmp_path: Path) -> None:
    for path in ("solutions/tiny.py", "exercises/tiny/__init__.py", "source/tiny/tiny.ipynb"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for name in ("tiny", "ps1"):
        (tmp_path / "source" / name).mkdir(exist_ok=True)
        (tmp_path / "source" / name / "answers.py").touch()
    refuse_authored_files("ps1", [str(tmp_path / "source/ps1/ps1.ipynb")])
    with pytest.raises(SystemExit, match="would reach students with its solution"):
        refuse_authored_files("tiny", [str(tmp_path / "source/tiny/tiny.ipynb")])
