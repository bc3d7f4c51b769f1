"""Grading on a CUDA device; skipped, with the reason, where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from autograder.course.processes import device_for, grade_files
from autograder.sandbox.errors import GraderFault
from autograder.spec.collection import course

SECRET = b"a secret of this test alone"
NO_CUDA = not torch.cuda.is_available()


def _with_a_buffer_on_the_cpu(folder: Path) -> Path:
    """A right lab 1 whose to_batch_first makes a tensor without naming a device."""
    authored = (course() / "solutions" / "lab1_shapes.py").read_text(encoding="utf-8")
    slip = (
        "\n\n# %%\ndef to_batch_first(x):\n"
        "    out = torch.zeros(x.shape[1], x.shape[0], x.shape[2], dtype=x.dtype)\n"
        "    return out + x.transpose(0, 1)\n"
    )
    path = folder / "on_the_cpu.py"
    path.write_text(authored + slip, encoding="utf-8")
    return path


@pytest.mark.gpu
@pytest.mark.skipif(NO_CUDA, reason="no CUDA device here")
def test_a_right_lab_is_right_on_cuda_and_the_report_says_where() -> None:
    paths = [course() / "solutions" / "lab1_shapes.py"]
    (report,) = grade_files("lab1_shapes", paths, SECRET, device="cuda")
    assert report.device == "cuda"
    assert report.score == 100


@pytest.mark.gpu
@pytest.mark.skipif(NO_CUDA, reason="no CUDA device here")
def test_a_buffer_made_on_the_cpu_fails_on_cuda(tmp_path: Path) -> None:
    path = _with_a_buffer_on_the_cpu(tmp_path)
    (report,) = grade_files("lab1_shapes", [path], SECRET, device="cuda")
    outcomes = {one.name: one.outcome for one in report.exercises}
    assert outcomes["to_batch_first"] != "right"


def test_numpy_labs_run_on_the_cpu_whatever_is_there() -> None:
    assert device_for("auto", "numpy") == "cpu"
    assert device_for("cuda", "numpy") == "cpu"


@pytest.mark.skipif(not NO_CUDA, reason="there is a CUDA device here")
def test_asking_for_cuda_where_there_is_none_is_refused_in_a_sentence() -> None:
    assert device_for("auto", "torch") == "cpu"
    with pytest.raises(GraderFault, match="no CUDA device here"):
        device_for("cuda", "torch")


def test_a_buffer_made_on_the_cpu_is_caught_without_a_gpu(tmp_path: Path) -> None:
    path = _with_a_buffer_on_the_cpu(tmp_path)
    (report,) = grade_files("lab1_shapes", [path], SECRET, device="cpu")
    (one,) = (one for one in report.exercises if one.name == "to_batch_first")
    failed = {case.name for case in one.cases if case.outcome not in ("right", "skipped")}
    assert one.outcome == "partly"
    assert "placement" in failed
