"""Where tensors are is judged with the numbers, and a slip in it is charged once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.judge.grader import Grader
from autograder.judge.report import ExerciseReport
from autograder.judge.submission import read
from autograder.labcheck.compare import Tolerance
from autograder.labcheck.run import check_cases
from autograder.labcheck.tree import Array
from autograder.labcheck.verdict import Observed, Question
from autograder.labcheck.visible import VisibleCase, VisibleExercise
from autograder.spec.collection import collect

MOVED = {"on an accelerator", "gradients on an accelerator"}
BESIDE = "on the CPU beside an accelerator"


@pytest.fixture(scope="module")
def torch_grader(ready: Any) -> Iterator[Grader]:
    lab, imported = collect("lab1_shapes"), ready("torch")
    with Grader(lab, b"a secret of this test alone", preloaded=imported) as grader:
        yield grader


def judged(grader: Grader, body: str, folder: Path) -> ExerciseReport:
    """The report on a to_batch_first of these lines."""
    path = folder / "mine.py"
    path.write_text(f"import torch\ndef to_batch_first(x):\n    {body}\n", encoding="utf-8")
    report = grader.grade(read(path))
    return next(one for one in report.exercises if one.name == "to_batch_first")


def failed(report: ExerciseReport) -> set[str]:
    return {case.name for case in report.cases if case.outcome not in ("right", "skipped")}


@pytest.mark.parametrize(
    ("body", "cases"),
    [
        ("return x.transpose(0, 1)", set()),
        ("return x.transpose(0, 1) + torch.zeros(1, 1, x.shape[2], dtype=x.dtype)", MOVED),
        ("return x.transpose(0, 1).cpu()", MOVED - {"gradients on an accelerator"}),
        ("return x.cpu().transpose(0, 1).to(x.device)", set()),
        ("return x.transpose(0, 1).to('cuda' if torch.cuda.is_available() else 'cpu')", {BESIDE}),
        ("return x.transpose(0, 1).to('cuda') if x.is_cuda else x.transpose(0, 1)", set()),
    ],
)
def test_a_slip_in_placement_is_seen_and_charged_once(
    torch_grader: Grader, tmp_path: Path, body: str, cases: set[str]
) -> None:
    report = judged(torch_grader, body, tmp_path)
    assert failed(report) == cases
    assert report.score == pytest.approx((0.8 if cases else 1.0) * report.max_score)


def test_values_are_compared_on_an_accelerator_too(torch_grader: Grader, tmp_path: Path) -> None:
    body = "return x.transpose(0, 1) * (1 + x.is_cuda)"
    assert failed(judged(torch_grader, body, tmp_path)) == MOVED


def test_a_result_elsewhere_is_told_by_the_names_of_the_devices(
    torch_grader: Grader, tmp_path: Path
) -> None:
    report = judged(torch_grader, "return x.transpose(0, 1).cpu()", tmp_path)
    assert "the device is cpu, expected cuda:0." in report.feedback
    body = "return torch.empty(x.shape[1], x.shape[0], x.shape[2], dtype=x.dtype, device='meta')"
    report = judged(torch_grader, body, tmp_path)
    assert "the device is meta, expected cpu." in report.feedback
    assert report.score == 0


# -- at home -----------------------------------------------------------------------------------

ONES = Array(np.ones(2), "torch")
QUESTION = Question("values", {"x": ONES}, True, "result", "", Tolerance(), {})
NO_VIEW = VisibleExercise("f", 1, (), (), {}, "", None, None, ())
VIEW = replace(NO_VIEW, view=("view", "def view(arguments, result): return {'it is': True}"))


def found_at_home(exercise: VisibleExercise, due: Observed, entry: Any, device: str) -> Any:
    """The first difference that a check at home finds on a device."""
    question = replace(QUESTION, device=device)
    case = VisibleCase(question, None, due, {})
    (trial,) = check_cases(replace(exercise, cases=(case,)), entry).trials
    return trial.passed, trial.mismatch and trial.mismatch.kind


@pytest.mark.parametrize(
    ("exercise", "due"),
    [
        (NO_VIEW, Observed("result", replace(ONES, device="cuda:0"))),
        (VIEW, Observed("result", {"it is": True}, devices=("cuda:0",))),
    ],
)
def test_a_check_at_home_has_the_accelerator_too(exercise: Any, due: Observed) -> None:
    assert found_at_home(exercise, due, lambda x: x * 1, "accelerator") == (True, None)
    assert found_at_home(exercise, due, lambda x: x.cpu(), "accelerator") == (False, "device")
    mixed = found_at_home(exercise, due, lambda x: x * torch.ones(2).double(), "accelerator")
    assert mixed == (False, None)


def test_where_a_viewed_result_was_is_recorded() -> None:
    seen = Observed("result", {"it is": True}, devices=("cpu", "cuda:0"))
    assert Observed.from_json(seen.to_json()).devices == ("cpu", "cuda:0")
