"""Grading on a CUDA device; skipped, with the reason, where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.course.processes import device_for, grade_files
from autograder.sandbox.errors import GraderFault
from autograder.spec.collection import course

SECRET = b"a secret of this test alone"
NO_CUDA = not torch.cuda.is_available()


def _changed(folder: Path, function: str) -> Path:
    """A right lab 1 with another function in place of its own."""
    authored = (course() / "solutions" / "lab1_shapes.py").read_text(encoding="utf-8")
    path = folder / "changed.py"
    path.write_text(f"{authored}\n\n# %%\n{function}", encoding="utf-8")
    return path


def _with_a_buffer_on_the_cpu(folder: Path) -> Path:
    """A right lab 1 whose to_batch_first makes a tensor without naming a device."""
    return _changed(
        folder,
        "def to_batch_first(x):\n"
        "    out = torch.zeros(x.shape[1], x.shape[0], x.shape[2], dtype=x.dtype)\n"
        "    return out + x.transpose(0, 1)\n",
    )


ON_CUDA = [pytest.mark.gpu, pytest.mark.skipif(NO_CUDA, reason="no CUDA device here")]
DEVICES = ["cpu", pytest.param("cuda", marks=ON_CUDA)]
"""Where the accelerator is played, and where it is real."""

LABS = (
    "lab1_shapes",
    "lab4_models",
    "lab5_clipping",
    "lab6_bidirectional",
    "lab7_tagging",
    "lab8_seq2seq",
    "lab9_forecasting",
)


def _outcomes(lab: str, path: Path, device: Any) -> dict[str, dict[str, str]]:
    """The outcomes of an exercise's cases by name."""
    (report,) = grade_files(lab, [path], SECRET, device=device)
    assert report.device == device
    return {one.name: {case.name: case.outcome for case in one.cases} for one in report.exercises}


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.skipif(NO_CUDA, reason="no CUDA device here")
@pytest.mark.parametrize("lab", LABS)
def test_a_right_lab_is_right_case_by_case_on_both_devices(lab: str) -> None:
    path = course() / "solutions" / f"{lab}.py"
    played, real = (_outcomes(lab, path, device) for device in ("cpu", "cuda"))
    assert played == real
    assert {outcome for cases in real.values() for outcome in cases.values()} == {"right"}


@pytest.mark.parametrize("device", DEVICES)
def test_a_buffer_made_on_the_cpu_is_caught_and_charged_once(tmp_path: Path, device: Any) -> None:
    path = _with_a_buffer_on_the_cpu(tmp_path)
    (report,) = grade_files("lab1_shapes", [path], SECRET, device=device)
    (one,) = (one for one in report.exercises if one.name == "to_batch_first")
    failed = {case.name for case in one.cases if case.outcome != "right"}
    assert failed == {"on an accelerator", "gradients on an accelerator"}
    assert one.score == pytest.approx(0.8 * one.max_score)


@pytest.mark.parametrize("device", DEVICES)
def test_a_program_that_ignores_where_its_inputs_are_is_caught(
    tmp_path: Path, device: Any
) -> None:
    path = _changed(
        tmp_path,
        "def to_batch_first(x):\n"
        "    device = 'cuda' if torch.cuda.is_available() else 'cpu'\n"
        "    return x.transpose(0, 1).to(device)\n",
    )
    cases = _outcomes("lab1_shapes", path, device)["to_batch_first"]
    assert cases["on the CPU beside an accelerator"] != "right"
    assert cases["on an accelerator"] == "right"


def test_numpy_labs_run_on_the_cpu_whatever_is_there() -> None:
    assert device_for("auto", "numpy") == "cpu"
    assert device_for("cuda", "numpy") == "cpu"


@pytest.mark.skipif(not NO_CUDA, reason="there is a CUDA device here")
def test_asking_for_cuda_where_there_is_none_is_refused_in_a_sentence() -> None:
    assert device_for("auto", "torch") == "cpu"
    with pytest.raises(GraderFault, match="no CUDA device here"):
        device_for("cuda", "torch")
