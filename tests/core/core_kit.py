"""Programs of lab 2 put together from pieces, and short ways to grade them."""

from __future__ import annotations

import ast
import json
import tempfile
import textwrap
from pathlib import Path
from typing import Any

from autograder.judge.grader import Grader
from autograder.judge.report import ExerciseReport, LabReport
from autograder.judge.submission import Submission, read

COURSE = Path(__file__).parents[2]
SOLUTION = (COURSE / "solutions" / "lab2_rnn.py").read_text(encoding="utf-8")
HEAD = "import numpy as np\n"


def _functions() -> dict[str, str]:
    """The functions of the authored file by name, without docstrings and annotations of a lab."""
    found = {}
    for node in ast.parse(SOLUTION).body:
        if isinstance(node, ast.FunctionDef):
            node.body = [one for one in node.body if not _is_docstring(one)]
            for argument in node.args.args:
                argument.annotation = None
            node.returns = None
            found[node.name] = ast.unparse(node)
    return found


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


RIGHT = _functions()
"""A right program for each exercise, and the helper as_float."""

TRAIN_ALONE = """
def train_rnn(x, target, params, lr, steps):
    p = {name: value.copy() for name, value in params.items()}
    (B, T, _), H, losses = x.shape, len(p["b_h"]), []
    while len(losses) < steps:
        h = np.zeros((B, T + 1, H), p["W_hh"].dtype)
        for t in range(T):
            h[:, t + 1] = np.tanh(x[:, t] @ p["W_xh"] + h[:, t] @ p["W_hh"] + p["b_h"])
        error = h[:, 1:] @ p["W_hy"] + p["b_y"] - target
        losses.append(float((error * error).sum() / 2))
        g = {name: np.zeros_like(value) for name, value in p.items()}
        back = np.zeros((B, H), p["W_hh"].dtype)
        for t in range(T - 1, -1, -1):
            g["W_hy"] += h[:, t + 1].T @ error[:, t]
            g["b_y"] += error[:, t].sum(0)
            dz = (error[:, t] @ p["W_hy"].T + back) * (1 - h[:, t + 1] ** 2)
            g["W_xh"] += x[:, t].T @ dz
            g["W_hh"] += h[:, t].T @ dz
            g["b_h"] += dz.sum(0)
            back = dz @ p["W_hh"].T
        for name in p:
            p[name] -= lr * g[name]
    return p, losses
"""
"""A right train_rnn that calls no other exercise."""

NAMES = tuple(name for name in RIGHT if name != "as_float")


QUICK = {**RIGHT, "train_rnn": TRAIN_ALONE}


def program(head: str = HEAD, *, chained: bool = False, **changed: str | None) -> str:
    """A whole lab in cells: right but for the exercises given; None leaves one out.

    chained: whether train_rnn calls the other exercises, which is slow where these are given.
    """
    cells = [head]
    for name, source in (RIGHT if chained else QUICK).items():
        mine = changed.get(name, source)
        if mine is not None:
            cells.append(textwrap.dedent(mine).strip("\n"))
    assert set(changed) <= set(RIGHT)
    return "".join(f"# %%\n{cell}\n\n" for cell in cells)


WRONG_LAB = {"relative_error": "def relative_error(a, b):\n    return float(np.mean(abs(a - b)))"}


def notebook(*cells: str, **metadata: Any) -> str:
    """An .ipynb of code cells."""
    made = [
        {
            "cell_type": "code",
            "metadata": {},
            "source": text.splitlines(keepends=True),
            "outputs": [],
            "execution_count": None,
        }
        for text in cells
    ]
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def submission(text: str | bytes, name: str = "ada.py") -> Submission:
    """What `read` makes of a file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
        return read(path)


def grade(grader: Grader, text: str | bytes, name: str = "ada.py") -> LabReport:
    """The report of a file with this content."""
    return grader.grade(submission(text, name))


def outcomes(report: LabReport) -> dict[str, str]:
    """How each exercise ended that is not right."""
    return {one.name: one.outcome for one in report.exercises if one.outcome != "right"}


def of(report: LabReport, name: str) -> ExerciseReport:
    """One exercise of a report."""
    return next(one for one in report.exercises if one.name == name)
