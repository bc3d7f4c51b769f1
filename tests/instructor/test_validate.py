"""nbgrader's own validation tells a student the truth about a lab's notebook."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from instructor_kit import HALF, RIGHT, WRONG, Course

pytestmark = pytest.mark.slow
PASSED = "Success! Your notebook passes all the tests."
WIDTH = 90
NOTHING_OF_OURS = ("Traceback", "session.py", "labcheck.pyz", "NotRightError")


def validated(course: Course, notebook: dict[str, Any], labcheck: bool = True) -> str:
    """What nbgrader validate prints for a notebook beside what was handed out with it."""
    home = course.root.parent / "student"
    shutil.copytree(course.root / "release" / "tiny", home)
    (home / "tiny.ipynb").write_text(json.dumps(notebook), "utf-8")
    if not labcheck:
        (home / "labcheck.pyz").unlink()
    return course.run("nbgrader", "validate", str(home / "tiny.ipynb")).stdout


def test_a_right_notebook_passes(course: Course) -> None:
    assert validated(course, course.notebook(RIGHT)).strip() == PASSED


def test_an_untouched_notebook_fails_with_what_to_do(course: Course) -> None:
    said = validated(course, course.released())
    assert "VALIDATION FAILED ON 3 CELL(S)" in said
    assert said.count("not started yet") == 3
    assert "Write the body below the docstring" in said
    assert not any(name in said for name in NOTHING_OF_OURS)
    assert not any(line.endswith("...") for line in said.splitlines())
    assert all(len(line) <= WIDTH for line in said.splitlines())
    labels = [line for line in said.splitlines() if line.startswith("      What to do")]
    assert len(labels) == 3


@pytest.mark.parametrize(
    ("body", "told"), [(WRONG["double"], "not right yet"), (HALF, "partly right")]
)
def test_only_what_is_not_right_fails(body: str, told: str, course: Course) -> None:
    said = validated(course, course.notebook(RIGHT | {"double": body}))
    assert "VALIDATION FAILED ON 1 CELL(S)" in said
    assert f"double    {told}" in said
    assert "check(double)" in said
    assert "check(share_of)" not in said
    assert not any(name in said for name in NOTHING_OF_OURS)


def test_a_cell_that_does_not_run_is_named_in_a_sentence(course: Course) -> None:
    said = validated(course, course.notebook(RIGHT | {"double": "def double(x:\n    return 1"}))
    assert "VALIDATION FAILED ON 1 CELL(S)" in said
    assert "    double is not defined: its cell did not run to its end at " in said
    assert "NameError" not in said


def test_without_labcheck_nothing_passes(course: Course) -> None:
    said = validated(course, course.notebook(RIGHT), labcheck=False)
    assert "VALIDATION FAILED ON 3 CELL(S)" in said
