"""Randomness and settings are the student's own: what is right stays right under any of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from test_unseen_submissions import COURSE, LABS

from autograder.judge.grader import Grader
from autograder.judge.report import LabReport
from autograder.judge.submission import read_bytes
from autograder.spec.collection import collect

pytestmark = pytest.mark.slow

NUMPY = """\
import random, warnings
import numpy as np
random.seed(1)
np.random.seed(2)
np.seterr(all="raise")
np.set_printoptions(precision=1)
warnings.simplefilter("error")
"""
TORCH = """\
import torch
torch.manual_seed(3)
torch.rand(7)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
torch.set_printoptions(precision=1)
"""
SEEDED = "torch.manual_seed(4); torch.rand(5)"
DRAWS = "torch.rand(5)"


Graded = Callable[[str, str], LabReport]


@pytest.fixture(scope="module")
def graded(ready: Any) -> Iterator[Graded]:
    """The report on a text, from one grader for all tests of a lab, which come together."""
    graders: dict[str, Grader] = {}

    def report(lab: str, text: str) -> LabReport:
        if lab not in graders:
            close()
            collected = collect(lab, COURSE)
            imported = ready(collected.lab.arrays)
            graders[lab] = Grader(collected, b"states", isolation="process", preloaded=imported)
        return graders[lab].grade(read_bytes(text.encode(), "ada.py", "ada"))

    def close() -> None:
        while graders:
            graders.popitem()[1].close()

    yield report
    close()


def wrong(report: LabReport) -> dict[str, str]:
    return {one.name: one.feedback for one in report.exercises if one.outcome != "right"}


def solution(lab: str) -> str:
    return (COURSE / "solutions" / f"{lab}.py").read_text("utf-8")


@pytest.mark.parametrize("lab", ["lab2_rnn", *LABS])
def test_settings_at_the_top_of_a_file_cost_nothing(lab: str, graded: Graded) -> None:
    uses_torch = collect(lab, COURSE).lab.arrays == "torch"
    assert wrong(graded(lab, NUMPY + (TORCH if uses_torch else "") + solution(lab))) == {}


class Into(ast.NodeTransformer):
    """Puts a line on top of every function."""

    def __init__(self, line: str) -> None:
        self.line = ast.parse(line).body

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.body = [*self.line, *node.body]
        return node


@pytest.mark.parametrize("line", [SEEDED, DRAWS])
@pytest.mark.parametrize("lab", ["lab5_clipping", "lab6_bidirectional", "lab7_tagging"])
def test_functions_that_seed_or_draw_beside_their_work_cost_nothing(
    lab: str, line: str, graded: Graded
) -> None:
    text = ast.unparse(Into(line).visit(ast.parse(solution(lab))))
    assert text.count(line.split(";")[0]) > 8
    assert wrong(graded(lab, text)) == {}


def test_a_mask_that_is_drawn_twice_is_still_seen(graded: Graded) -> None:
    """The judge's own dropout draws a new mask in each pass."""
    before = "def training_step("
    text = solution("lab5_clipping")
    assert text.count(before) == 1
    twice = text.replace(
        before,
        "def twice(f):\n"
        "    def step(model, x, *rest):\n"
        "        model(x)\n"
        "        return f(model, x, *rest)\n"
        "    return step\n\n\n"
        f"@twice\n{before}",
    )
    assert "a model with dropout" in wrong(graded("lab5_clipping", twice))["training_step"]
