"""The small lab of these tests, what students make of it, and a course folder to try it in."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forked
import pytest
from nbgrader.api import Gradebook

from autograder.course import grading

TITLE = "Sums & <others>"
NAMES = ("double", "running_sum", "share_of")
POINTS = {"double": 40.0, "running_sum": 35.5, "share_of": 24.5}
LAB = '''\
# %% [markdown]
# # Sums

# %%
import numpy as np
from numpy.typing import NDArray

SCALE = 1.0

# %% [markdown]
# ## 1. Twice

# %% exercise="double"
def double(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice each number."""
    ### BEGIN SOLUTION
    twice_of_x = 2 * x
    return twice_of_x
    ### END SOLUTION

# %% [markdown]
# ## 2. A running sum

# %% exercise="running_sum"
def running_sum(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums of the numbers so far."""
    ### BEGIN SOLUTION
    so_far_in_x = np.cumsum(x)
    return so_far_in_x
    ### END SOLUTION

# %% [markdown]
# ## 3. Shares

# %% exercise="share_of"
def share_of(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each number as a share of their sum."""
    ### BEGIN SOLUTION
    last_of_running_sum = running_sum(x)[-1]
    return x / last_of_running_sum
    ### END SOLUTION
'''
SPEC = """\
import numpy as np

from autograder.spec import Exercise, Mistakes
from solutions.tiny import {name}


wrong = Mistakes()
wrong.add("{mistake}", lambda x: {wrong}, "{when}. Look at {look}.")


EXERCISE = Exercise(
    reference={name},
    inputs=lambda rng, T: {{"x": rng.uniform(1.0, 2.0, T)}},
    axes={{"T": 5}},
    shapes={{"x": "T", "return": "T"}},
    points={points},
    without=frozenset({{"integer inputs"}}),
    mistakes=wrong,
    look="Read it.",
)
"""
MISTAKES = {
    "double": ("squared", "x * x", "each number is squared", "the factor"),
    "running_sum": ("backwards", "np.cumsum(x[::-1])", "the sum runs from the end", "the order"),
    "share_of": ("of_the_mean", "x / x.mean()", "the mean stands for the sum", "what divides"),
}
SPECS = {
    name: SPEC.format(
        name=name, points=POINTS[name], mistake=told[0], wrong=told[1], when=told[2], look=told[3]
    )
    for name, told in MISTAKES.items()
}
RIGHT = {
    "double": "def double(x):\n    return x + x",
    "running_sum": "def running_sum(x):\n    return np.add.accumulate(x)",
    "share_of": "def share_of(x):\n    return x / x.sum()",
}
WRONG = {name: f"def {name}(x):\n    return {told[1]}" for name, told in MISTAKES.items()}
STAMP = "2030-01-01 12:00:00.000000 UTC"
HALF = "def double(x):\n    return 2 * x if len(x) == 5 else x"
"""Right at the first sizes and wrong at others: a part of the points."""


@dataclass(frozen=True)
class Course:
    """A course folder on disk."""

    root: Path

    def released(self) -> dict[str, Any]:
        """The notebook that students get."""
        text = (self.root / "release/tiny/tiny.ipynb").read_text("utf-8")
        found: dict[str, Any] = json.loads(text)
        return found

    def notebook(self, answers: Mapping[str, str]) -> dict[str, Any]:
        """That notebook with some answers written in."""
        notebook = self.released()
        for cell in notebook["cells"]:
            name = grade_id(cell)
            if name in answers:
                cell["source"] = answers[name].splitlines(keepends=True)
        return notebook

    def hand_in(
        self,
        student: str,
        what: Mapping[str, str] | dict[str, Any] | bytes = RIGHT,
        name: str = "tiny.ipynb",
        stamp: str = STAMP,
    ) -> Path:
        """Put a submission where nbgrader collects it: answers, a notebook, or bytes."""
        path = self.root / "submitted" / student / "tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, bytes):
            path.write_bytes(what)
        else:
            notebook = what if "cells" in what else self.notebook(what)
            path.write_text(json.dumps(notebook, indent=1), "utf-8")
        if stamp:
            (path.parent / "timestamp.txt").write_text(stamp)
        return path

    def run(self, *words: str, status: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        """A command in the course folder: autograder's, or nbgrader's where that is named."""
        found = forked.run(words, self.root, self.environment() | more)
        assert found.returncode == status, f"{words}: {found.stdout}\n{found.stderr}"
        return found

    def environment(self) -> dict[str, str]:
        """An environment in which nothing of this user's own settings counts."""
        home = self.root.parent / "home"
        home.mkdir(exist_ok=True)
        names = ("PATH", "LANG", "TMPDIR")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        return kept | {
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "AUTOGRADER_SECRET": "the secret of the tests",
            "COLUMNS": "200",
        }

    def configure(self, text: str) -> None:
        """Add lines to nbgrader_config.py."""
        with (self.root / "nbgrader_config.py").open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")

    def grades(self, database: Path | None = None) -> list[tuple[Any, ...]]:
        """What the gradebook says: student, cell, automatic and manual score, whether to look."""
        with sqlite3.connect(database or self.root / "gradebook.db") as base:
            return base.execute(GRADES).fetchall()

    def autograded(self, student: str) -> dict[str, Any]:
        """A graded notebook."""
        path = self.root / "autograded" / student / "tiny" / "tiny.ipynb"
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found


@contextmanager
def gradebook(course: Course) -> Iterator[Any]:
    """The gradebook, as nbgrader's own tools open it."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as opened:
        yield opened
        opened.db.commit()


GRADES = """
SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score, grade.manual_score,
       grade.needs_manual_grade
FROM grade
JOIN base_cell ON base_cell.id = grade.cell_id
JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
ORDER BY 1, 2
"""


def grade_id(cell: Mapping[str, Any]) -> str:
    """The id that the release gave a cell."""
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def outputs(notebook: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The output of each check cell, by exercise."""
    return {
        grade_id(cell).removeprefix("check-"): cell["outputs"][0]
        for cell in notebook["cells"]
        if grade_id(cell).startswith("check-")
    }


def points(notebook: Mapping[str, Any]) -> dict[str, float]:
    """The points that each check cell shows."""
    return {
        name: float("".join(one["data"]["text/plain"])) for name, one in outputs(notebook).items()
    }


def without_judges(
    judged: Course, folder: Path, monkeypatch: pytest.MonkeyPatch, secret: bytes
) -> Course:
    """A copy of a course, in which nobody can judge."""
    root = folder / "course"
    shutil.copytree(judged.root, root)
    monkeypatch.setattr(grading, "judge", None)
    monkeypatch.setenv("AUTOGRADER_SECRET", secret.decode())
    monkeypatch.setenv("COLUMNS", "300")
    return Course(root)
