"""What students get works alone: a folder, Python and NumPy, and nothing of the grader."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from core_kit import HEAD, NAMES, QUICK, TRAIN_ALONE, WRONG_LAB, program

from autograder.chain.archive import archive
from autograder.chain.recording import record
from autograder.spec.collection import Collected

ALONE = """
import sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path and path]
sys.path[:0] = {folders!r}
"""
REPORT = """
import json, sys
print("LOADED", json.dumps(sorted(name.split(".")[0] for name in sys.modules)))
"""
STEP = "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    "


@pytest.fixture(scope="session")
def handed_out(lab2: Collected, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like release/lab2_rnn, with NumPy alone beside it."""
    folder = tmp_path_factory.mktemp("handed out")
    (folder / "labcheck.pyz").write_bytes(archive())
    text = json.dumps(record(lab2), ensure_ascii=False)
    (folder / "visible.json").write_text(text, encoding="utf-8")
    (folder / "visible").mkdir()
    (folder / "visible" / "lab2_rnn.json").write_text(text, encoding="utf-8")
    (folder / "packages").mkdir()
    for place in Path(np.__file__).parents[1].glob("numpy*"):
        (folder / "packages" / place.name).symlink_to(place)
    return folder


def run(folder: Path, body: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A script that sees this folder and NumPy, in a Python of its own."""
    folders = [str(folder / "labcheck.pyz"), str(folder), str(folder / "packages")]
    path = folder / "mine.py"
    path.write_text(ALONE.format(folders=folders) + body, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", str(path), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def said(folder: Path, body: str) -> str:
    result = run(folder, HEAD + "from labcheck import check, hint, progress\n" + body)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_what_nobody_listed_is_described_by_what_it_does(handed_out: Path) -> None:
    body = STEP + "return 0.8 * np.tanh(x @ W_xh + h_prev @ W_hh + b_h)\ncheck(rnn_step)\n"
    assert "What you return is what is due times 4/5." in said(handed_out, body)
    body = STEP + "return np.tanh(x @ W_xh + h_prev @ W_hh - b_h)\ncheck(rnn_step)\n"
    assert "The result is right as soon as b_h is zero." in said(handed_out, body)
    body += "hint(rnn_step)\nhint(rnn_step)\n"
    assert "None of the mistakes that I know" in said(handed_out, body)


def test_a_known_mistake_is_told_as_such_and_not_described(handed_out: Path) -> None:
    body = STEP + "return x @ W_xh + h_prev @ W_hh + b_h\ncheck(rnn_step)\n"
    text = said(handed_out, body)
    assert "I recognise this one." in text
    assert "What it does" not in text


def test_it_needs_numpy_alone_and_nothing_of_the_grader(handed_out: Path) -> None:
    body = QUICK["as_float"] + "\n" + QUICK["rnn_step"] + "\ncheck(rnn_step)\n"
    text = said(handed_out, body + REPORT)
    loaded = set(json.loads(text.partition("LOADED ")[2]))
    assert {"labcheck", "numpy"} <= loaded
    assert not loaded & {"autograder", "solutions", "torch", "safetensors", "click", "rich"}
    assert "rnn_step    right    8 of 8 points" in text


def test_all_right_functions_are_right_and_progress_says_so(handed_out: Path) -> None:
    body = "\n\n".join(QUICK.values()) + "\n\n"
    body += "\n".join(f"check({name})" for name in NAMES) + "\nprogress()\n"
    text = said(handed_out, body)
    for name in NAMES:
        assert f"{name}    right" in text
    assert "12 of 12 right, 100 of 100 points so far" in text
    assert text.count("✓") == len(NAMES)


def test_a_known_mistake_is_offered_and_told_step_by_step(handed_out: Path) -> None:
    wrong = STEP + "return np.tanh(x @ W_xh + h_prev @ W_hh)\n"
    text = said(
        handed_out,
        wrong + "check(rnn_step)\nprint('----')\nhint(rnn_step)\n"
        "print('----')\nhint(rnn_step)\nprint('----')\nprogress()\n",
    )
    checked, first, second, progress = text.split("----")
    assert "not right yet    0 of 8 points" in checked
    assert "18 of 18 numbers are not right." in checked
    assert "you have" in checked
    assert "I recognise this one." in checked
    assert "bias is left out" not in checked + first
    assert "Try zero inputs and a zero state" in first
    assert "This is exactly what comes out when the bias is left out." in second
    assert "0 of 12 right, 0 of 100 points so far" in progress


def test_a_mistake_nobody_knows_is_not_named(handed_out: Path) -> None:
    wrong = STEP + "return 0.5 * np.tanh(x @ W_xh + h_prev @ W_hh + b_h)\n"
    text = said(handed_out, wrong + "check(rnn_step)\nhint(rnn_step)\nhint(rnn_step)\n")
    assert "I recognise" not in text
    assert "This is exactly what comes out" not in text
    assert "None of the mistakes that I know gives exactly this." in " ".join(text.split())


def test_the_mistakes_of_the_specs_are_recognised_by_students_too(
    handed_out: Path, lab2: Collected
) -> None:
    """The forward mistakes of one exercise, as students would write them."""
    wrong = {
        "no_tanh": "return x @ W_xh + h_prev @ W_hh + b_h",
        "bias_outside": "return np.tanh(x @ W_xh + h_prev @ W_hh) + b_h",
        "W_hh_transposed": "return np.tanh(x @ W_xh + h_prev @ W_hh.T + b_h)",
        "relu": "return np.maximum(0, x @ W_xh + h_prev @ W_hh + b_h)",
        "residual": "return h_prev + np.tanh(x @ W_xh + h_prev @ W_hh + b_h)",
    }
    exercise = next(one for one in lab2.exercises if one.name == "rnn_step")
    when = {one.name: one.when for one in exercise.mistakes}
    for name, body in wrong.items():
        text = said(handed_out, f"{STEP}{body}\nhint(rnn_step)\nhint(rnn_step)\n")
        assert f"when {when[name]}." in " ".join(text.split()), name


def test_stubs_errors_and_other_names_are_told_kindly(handed_out: Path) -> None:
    text = said(handed_out, STEP + "raise NotImplementedError\ncheck(rnn_step)\nhint(rnn_step)\n")
    assert "not started yet" in text
    assert "Write down the formula for one sample with two units" in " ".join(text.split())
    text = said(handed_out, STEP + "return np.tanh(W_xh @ x)\ncheck(rnn_step)\n")
    assert "stopped with an error" in text
    assert "ValueError: matmul" in text
    assert "mine.py, line" in text
    text = said(handed_out, "def mine(x):\n    return x\ncheck(mine)\ncheck(3)\nhint(mine)\n")
    assert "mine is no exercise of this lab. Its exercises: rnn_step, rnn_forward" in text
    assert "not called. What it got is 3." in text


def test_what_is_forbidden_is_told_before_anything_runs(handed_out: Path) -> None:
    fake = handed_out / "torch.py"
    fake.write_text("def tanh(x):\n    raise SystemExit('it ran')\n", encoding="utf-8")
    try:
        for head, used in (
            ("import torch\n", "torch.tanh"),
            ("import torch as t\n", "t.tanh"),
            ("from torch import tanh\n", "tanh"),
        ):
            helper = f"def squash(z):\n    return [{used}(one) for one in z]\n"
            text = said(handed_out, f"{head}{helper}{STEP}return squash(x)\ncheck(rnn_step)\n")
            assert "uses what is not allowed here" in text
            assert "rnn_step uses torch.tanh." in text
    finally:
        fake.unlink()


def test_a_function_that_spoils_its_arguments_does_not_stop_the_check(handed_out: Path) -> None:
    wrong = "def sgd_step(params, grads, lr):\n    params['W_xh'] = print\n    return {}\n"
    text = said(handed_out, wrong + "check(sgd_step)\n")
    assert "sgd_step    not right yet    0 of 5 points" in text


def test_what_a_function_prints_does_not_drown_the_answer(handed_out: Path) -> None:
    body = STEP + "print('noise ' * 1000)\n    return np.tanh(x @ W_xh + h_prev @ W_hh + b_h)\n"
    text = said(handed_out, body + "check(rnn_step)\n")
    assert "noise" not in text
    assert "right    8 of 8 points" in text


def test_a_check_calls_the_function_a_few_times_only(handed_out: Path) -> None:
    """Counted and not timed: one call for each recorded case, but for the one on arguments."""
    data = json.loads((handed_out / "visible.json").read_text(encoding="utf-8"))
    cases = next(one["cases"] for one in data["exercises"] if one["name"] == "rnn_forward")
    body = "\n".join(QUICK[name] for name in ("as_float", "rnn_step", "rnn_forward"))
    body = body.replace("    h = h0\n", "    calls.append(1)\n    h = h0\n")
    body = f"calls = []\n{body}\ncheck(rnn_forward)\nprint('CALLS', len(calls))\n"
    text = said(handed_out, body)
    count = int(text.partition("CALLS ")[2])
    assert count == sum(one["observe"] == "result" for one in cases)
    assert count <= 14


def command(folder: Path, *words: str, cwd: Path | None = None) -> tuple[int, str, str]:
    """python labcheck.pyz, with NumPy alone: its status, and what it wrote to stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-s", "-S", "-W", "error", *words],
        cwd=cwd or folder,
        env={"PYTHONPATH": str(folder / "packages"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def lab_file(handed_out: Path) -> Iterator[Path]:
    """A right lab2_rnn.py beside the archive."""
    path = handed_out / "lab2_rnn.py"
    path.write_text(program(train_rnn=TRAIN_ALONE), encoding="utf-8")
    yield path
    path.unlink()


def test_a_file_is_checked_from_the_command_line(handed_out: Path, lab_file: Path) -> None:
    status, told, noise = command(handed_out, "labcheck.pyz", lab_file.name)
    assert (status, noise) == (0, "")
    assert "12 of 12 right" in told
    lab_file.write_text(program(**WRONG_LAB), encoding="utf-8")
    status, told, noise = command(handed_out, "labcheck.pyz")
    assert (status, noise) == (1, "")
    assert "11 of 12 right" in told
    hint = ("--hint", "relative_error", "--more")
    assert "What is wrong" in command(handed_out, "labcheck.pyz", lab_file.name, *hint)[1]
    status, _, told = command(handed_out, "labcheck.pyz", "gone.py")
    assert (status, told) == (2, "python labcheck.pyz: there is no file gone.py\n")
    assert "usage: python labcheck.pyz [" in command(handed_out, "labcheck.pyz", "--help")[1]


def test_the_archive_finds_its_cases_wherever_it_is_called_from(
    handed_out: Path, lab_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "link.pyz").symlink_to(handed_out / "labcheck.pyz")
    for words, cwd in (
        (("./labcheck.pyz", lab_file.name), handed_out),
        ((str(handed_out / "labcheck.pyz"), str(lab_file)), tmp_path),
        (("link.pyz", str(lab_file)), tmp_path),
    ):
        assert "12 of 12 right" in command(handed_out, *words, cwd=cwd)[1]


def test_the_archive_runs_in_an_isolated_python(handed_out: Path, lab_file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(handed_out / "labcheck.pyz"), str(lab_file)],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "12 of 12 right" in done.stdout


@pytest.mark.parametrize("archive_name", ["labcheck.pyz", "./labcheck.pyz"])
def test_of_a_traceback_only_the_lines_of_the_file_are_shown(
    handed_out: Path, lab_file: Path, archive_name: str
) -> None:
    broken = STEP + "return np.tanh(W_xh @ x)"
    lab_file.write_text(program(rnn_step=broken), encoding="utf-8")
    status, told, noise = command(handed_out, archive_name, lab_file.name, "-e", "rnn_step")
    assert (status, noise) == (1, "")
    assert "ValueError: matmul" in told
    assert "lab2_rnn.py, line" in told
    assert "return np.tanh(W_xh @ x)" in told
    assert ".pyz" not in told
    assert "run.py" not in told


def test_a_cell_that_is_no_python_costs_only_what_it_defines(
    handed_out: Path, lab_file: Path
) -> None:
    lab_file.write_text(f"{program()}\n# %%\ndef sgd_step(:\n", encoding="utf-8")
    status, told, noise = command(handed_out, "labcheck.pyz")
    assert (status, noise) == (0, "")
    lab_file.write_text(f"{program(sgd_step='')}\n# %%\ndef sgd_step(:\n", encoding="utf-8")
    status, told, noise = command(handed_out, "labcheck.pyz")
    assert (status, noise) == (1, "")
    assert "11 of 12 right" in told
    assert "invalid syntax" in told


def test_a_record_that_is_missing_is_told_with_the_way_out(handed_out: Path) -> None:
    record_file, many = handed_out / "visible.json", handed_out / "visible"
    record_file.rename(handed_out / "away.json")
    many.rename(handed_out / "away")
    try:
        result = run(handed_out, "from labcheck import progress\nprogress()\n")
    finally:
        (handed_out / "away.json").rename(record_file)
        (handed_out / "away").rename(many)
    assert (result.returncode, result.stderr) == (0, "")
    assert "copy them again from what was handed out" in result.stdout


def test_input_says_at_once_that_nobody_can_answer(handed_out: Path) -> None:
    text = said(handed_out, STEP + "return float(input('h? '))\n\ncheck(rnn_step)\n")
    assert "EOFError: EOF when reading a line" in text
    assert "nobody can answer" in text


def test_without_its_record_a_check_says_what_is_missing(handed_out: Path, tmp_path: Path) -> None:
    (tmp_path / "labcheck.pyz").write_bytes(archive())
    (tmp_path / "packages").symlink_to(handed_out / "packages")
    text = said(tmp_path, STEP + "return x\n\ncheck(rnn_step)\n")
    assert text.startswith("the recorded cases are missing: expected visible.json")
