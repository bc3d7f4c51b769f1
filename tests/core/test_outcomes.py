"""Each way in which an exercise can end: its outcome, its cost, and nothing else affected."""

from __future__ import annotations

import pytest
from core_kit import NAMES, RIGHT, grade, notebook, of, outcomes, program

from autograder.judge import calls, candidate
from autograder.judge.grader import Grader
from autograder.judge.program import Program
from autograder.sandbox.errors import GraderFault, OverLimit

OUT = "def output_layer(h, W_hy, b_y):\n    "
ENDINGS = {
    "a loop without end": ("while True: pass", "timeout", "longer than 1.5 seconds"),
    "a loop that swallows exceptions": (
        "while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass",
        "timeout",
        "longer than 1.5 seconds",
    ),
    "os._exit(0)": ("import os; os._exit(0)", "crash", "exit status 0"),
    "os.abort()": ("import os; os.abort()", "crash", "signal 6"),
    "a segmentation fault": ("import ctypes; ctypes.string_at(1)", "crash", "signal 11"),
    "10 GB at once": ("return np.ones(10 * 2**27) @ h", "memory", "MemoryError"),
    "10 GB bit by bit": (
        "kept = []\n    while True: kept.append(bytearray(b'1' * 2**26))",
        "memory",
        "emory",
    ),
    "sys.exit()": ("import sys; sys.exit(0)", "error", "SystemExit"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
    "recursion without end": ("return output_layer(h, W_hy, b_y)", "error", "RecursionError"),
    "an exception that cannot be told": (
        "class E(Exception):\n        def __str__(self): raise self\n    raise E",
        "error",
        "Raised",
    ),
    "a stub": ("raise NotImplementedError", "unfinished", "not started yet"),
    "a stub with a text": ("raise NotImplementedError('later')", "unfinished", "not started yet"),
    "an empty body": ("pass", "wrong", "None, as a function gives that ends without"),
    "no dtype for all": ("return (h @ W_hy + b_y).astype('f4')", "wrong", "float32"),
    "too many arguments": ("return h @ W_hy + b_y(1, 2)", "error", "TypeError"),
    "a module that is missing": ("import pandas_of_mine", "error", "ModuleNotFoundError"),
}


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_costs_its_exercise_and_no_other(
    ending: str, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, outcome, words = ENDINGS[ending]
    if outcome == "timeout":
        monkeypatch.setattr(calls, "CALL_SECONDS", 1.5)
    report = grade(grader, program(output_layer=OUT + body))
    assert outcomes(report) == {"output_layer": outcome}
    one = of(report, "output_layer")
    assert (one.score, one.max_score) == (0.0, 5.0)
    assert words in one.feedback
    assert report.score == 95
    assert not report.needs_review


@pytest.mark.parametrize("ending", ["a loop without end", "os._exit(0)", "10 GB bit by bit"])
def test_endings_behind_walls_are_the_same(
    ending: str, walled: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, outcome, words = ENDINGS[ending]
    if outcome == "timeout":
        monkeypatch.setattr(calls, "CALL_SECONDS", 1.5)
    report = grade(walled, program(output_layer=OUT + body))
    assert outcomes(report) == {"output_layer": outcome}
    assert words in of(report, "output_layer").feedback
    assert report.score == 95
    assert report.isolation[0].startswith("tier A")


def test_the_right_program_gets_everything_behind_walls(walled: Grader) -> None:
    report = grade(walled, program())
    assert (report.score, report.max_score, outcomes(report)) == (100, 100, {})


@pytest.mark.usefixtures("both_ways")
def test_cases_after_an_ending_are_not_run_and_say_so(grader: Grader) -> None:
    report = grade(grader, program(output_layer=OUT + "import os; os._exit(0)"))
    first, *rest = of(report, "output_layer").cases
    assert first.outcome == "crash"
    assert {case.outcome for case in rest} == {"skipped"}
    assert {case.message for case in rest} == {"not run: a call before it ended the process"}


def test_a_syntax_error_costs_the_exercise_of_its_cell(grader: Grader) -> None:
    cells = ["import numpy as np", *RIGHT.values()]
    broken = cells.index(RIGHT["relative_error"])
    cells[broken] = "x = 1\n" + RIGHT["relative_error"] + "\nprint(1"
    report = grade(grader, notebook(*cells), "ada.ipynb")
    assert outcomes(report) == {"relative_error": "error"}
    told = of(report, "relative_error").feedback
    assert "SyntaxError: '(' was never closed" in told
    assert f"cell {broken + 1}, line" in told
    assert report.score == 95


def test_a_missing_function_costs_itself(grader: Grader) -> None:
    report = grade(grader, program(relative_error=None))
    assert outcomes(report) == {"relative_error": "missing"}
    assert (report.score, of(report, "relative_error").cases) == (95, ())


def test_an_empty_file_misses_everything(grader: Grader) -> None:
    report = grade(grader, "")
    assert outcomes(report) == dict.fromkeys(NAMES, "missing")
    assert (report.score, report.max_score, report.problem) == (0, 100, None)


def test_what_is_no_notebook_misses_everything_and_says_why(grader: Grader) -> None:
    report = grade(grader, b"{", "ada.ipynb")
    assert outcomes(report) == dict.fromkeys(NAMES, "missing")
    assert report.problem == (
        "unreadable submission: it is not a notebook: no JSON from line 1 on"
    )
    assert all("no JSON from line 1 on" in one.feedback for one in report.exercises)
    assert (report.score, report.needs_review) == (0, False)


@pytest.mark.parametrize("value", ["3", "None", "np.tanh(0.5)", "[lambda *a: 1]"])
def test_a_name_that_cannot_be_called_is_an_error(grader: Grader, value: str) -> None:
    report = grade(grader, program(relative_error=f"relative_error = {value}"))
    assert outcomes(report) == {"relative_error": "error"}
    assert "TypeError" in of(report, "relative_error").feedback


def test_classes_partials_and_lambdas_can_be_called(grader: Grader) -> None:
    text = program(
        relative_error="relative_error = lambda a, b: float((abs(a - b) / np.maximum(1e-12, abs(a)"
        " + abs(b))).max())",
        output_layer="import functools\ndef layer(b, h, W):\n    return h @ W * 1.0 + b\n"
        "class Layer:\n    def __call__(self, h, W, b): return layer(b, h, W)\n"
        "output_layer = Layer()\n",
        sgd_step="def step(rate_first, params, grads, lr):\n"
        "    return {k: v - lr * grads[k] for k, v in params.items()}\n"
        "sgd_step = functools.partial(step, None)\n",
    )
    assert outcomes(grade(grader, text)) == {}


def test_time_that_is_used_up_ends_what_is_left(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidate, "SUBMISSION_SECONDS", 2.0)
    report = grade(
        grader,
        program(half_squared_error="def half_squared_error(y, target):\n    while True: pass"),
    )
    found = outcomes(report)
    assert set(found) == set(NAMES[NAMES.index("half_squared_error") :])
    assert set(found.values()) == {"timeout"}
    told = of(report, "half_squared_error").feedback
    assert "The 2 seconds for the whole submission were used up." in told
    assert "The 2 seconds" in of(report, "sgd_step").feedback
    assert not report.needs_review


def test_a_fault_of_the_grader_costs_nothing_and_asks_for_a_person(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = grader.oracle.expected

    def broken(exercise: object, draw: int) -> object:
        if getattr(exercise, "name", "") == "sgd_step":
            raise ZeroDivisionError("a bug of ours")
        return expected(exercise, draw)  # type: ignore[arg-type]

    monkeypatch.setattr(grader.oracle, "expected", broken)
    report = grade(grader, program(relative_error=None))
    one = of(report, "sgd_step")
    assert (one.outcome, one.score) == ("not_graded", None)
    assert "your code did not" in one.feedback
    assert report.needs_review
    assert report.score == 90
    assert of(report, "sgd_step").fault == "ZeroDivisionError: a bug of ours"
    assert "bug of ours" not in of(report, "sgd_step").feedback
    data = report.to_json()
    assert (data["needs_review"], data["score"]) == (True, 90)


@pytest.mark.parametrize("part", ["of", "links"])
def test_a_program_that_takes_more_than_reading_may_take_is_unreadable(
    grader: Grader, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def over(*_: object) -> Program:
        raise OverLimit("it is nested too deeply")

    monkeypatch.setattr(Program, part, staticmethod(over) if part == "of" else property(over))
    wrong = "def half_squared_error(y, target):\n    return 0.0\n"
    report = grade(grader, program(half_squared_error=wrong))
    assert report.problem == "unreadable submission: it is nested too deeply"
    assert {one.outcome for one in report.exercises} == {"missing"}
    assert (report.score, report.needs_review) == (0, False)
    assert "Hand it in again" in report.exercises[0].feedback


@pytest.mark.parametrize("fault", [GraderFault("no room"), ZeroDivisionError("no room")])
def test_a_fault_in_reading_a_program_takes_no_points(
    grader: Grader, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def failing(*_: object) -> Program:
        raise fault

    monkeypatch.setattr(Program, "of", staticmethod(failing))
    report = grade(grader, program())
    assert {one.outcome for one in report.exercises} == {"not_graded"}
    assert all("no room" in one.fault for one in report.exercises)
    assert report.needs_review
