"""What one hand-in may cost, and that it is the hand-in's: sizes, memory, processor time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from core_kit import grade, of, outcomes, program, submission

from autograder.judge import calls, candidate, limits
from autograder.judge import grader as judging
from autograder.judge.calls import ROOM, TOO_MUCH, Request
from autograder.judge.candidate import Candidate
from autograder.judge.grader import Grader
from autograder.judge.program import Program
from autograder.labcheck import tree
from autograder.labcheck.tree import Array, NotPlain, plain, weight
from autograder.labcheck.verdict import Observed
from autograder.sandbox import wire
from autograder.sandbox.errors import GraderFault, SandboxError, TooLarge, WorkerGone

OUT = "def output_layer(h, W_hy, b_y):\n    "
MIB = 2**20


# -- sizes ---------------------------------------------------------------------------------------


def test_a_tree_weighs_its_numbers_its_letters_and_its_parts() -> None:
    assert weight(None) == tree.NODE
    assert weight("abc") == tree.NODE + 3
    assert weight([1, (2.0, {"a": True})]) == 6 * tree.NODE
    assert weight(Array(np.zeros((3, 4), np.float32))) == tree.NODE + 12 * 8
    shape_alone = Array(np.broadcast_to(np.zeros(()), (10**6, 10**6)), "torch", "float64", "meta")
    assert weight(shape_alone) == tree.NODE + 8 * 10**12


def test_what_weighs_too_much_is_no_plain_data() -> None:
    value = [np.zeros(100), "x" * 100, [0] * 10]
    exact = weight(plain(value))
    assert plain(value, exact)
    with pytest.raises(NotPlain, match="more numbers than any answer needs"):
        plain(value, exact - 1)


@pytest.mark.parametrize(
    "body",
    [
        "return np.zeros(10**6)",
        "return [np.zeros((100, 100))] * 100",
        "return 'x' * 60_000, *['x' * 60_000] * 9",
        "return [[0] * 100] * 100",
    ],
    ids=["array", "arrays", "texts", "numbers"],
)
def test_much_more_than_is_due_is_wrong_and_no_fault_of_ours(grader: Grader, body: str) -> None:
    report = grade(grader, program(output_layer=OUT + body))
    assert outcomes(report) == {"output_layer": "wrong"}
    assert TOO_MUCH in of(report, "output_layer").feedback
    assert not report.needs_review


def test_a_result_of_another_shape_is_still_told_as_one(grader: Grader) -> None:
    report = grade(grader, program(output_layer=OUT + "return np.zeros((40, 40, 6))"))
    assert "(another size, another size, 6)" in of(report, "output_layer").feedback


def test_arguments_that_grow_without_bounds_are_changed_arguments(grader: Grader) -> None:
    body = (
        "def sgd_step(params, grads, lr):\n"
        "    new = {name: params[name] - lr * grads[name] for name in params}\n"
        "    params['more'] = np.zeros(10**6)\n    return new"
    )
    report = grade(grader, program(sgd_step=body))
    assert outcomes(report) == {"sgd_step": "partly"}
    assert not report.needs_review


class Liar:
    """A worker that answers as it is told, without the checks of an honest one."""

    device = "cpu"

    def __init__(self, result: Any, arrays: dict[str, Any], arguments: Any = None) -> None:
        self.header = {"op": "result", "result": result, "arguments": arguments, "seconds": 0.0}
        self.arrays, self.most = arrays, 0

    def request(self, *_: Any, most: int, **__: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        self.most = most
        return self.header, self.arrays

    def close(self) -> None:
        """Nothing to end."""


def first_request(grader: Grader, name: str = "output_layer") -> Request:
    exercise = next(one for one in grader.collected.exercises if one.name == name)
    return grader.oracle.expected(exercise, 0)[0][0]


@pytest.mark.parametrize(
    "shape", [[10**6, 10**6], [2**20, 2**20, 2**20], [200_000]], ids=["large", "huge", "just"]
)
def test_a_shape_without_numbers_is_not_believed(grader: Grader, shape: list[int]) -> None:
    node = {"a": {"kind": "torch", "dtype": "float64", "device": "meta", "shape": shape}}
    reply = calls.call(Liar(node, {}), "f", first_request(grader))  # type: ignore[arg-type]
    assert reply.result.tree is None
    assert (reply.result.did, reply.result.text) == ("refused", TOO_MUCH) or shape[0] == 2**20


def test_what_a_lying_worker_sends_is_bounded_before_it_is_read(grader: Grader) -> None:
    request = first_request(grader)
    liar = Liar(None, {})
    calls.call(liar, "f", request, arguments=True)  # type: ignore[arg-type]
    assert liar.most < 3 * MIB
    assert request.most < ROOM + 4 * 10_000
    large = {"a": {"kind": "numpy", "dtype": "float64", "array": "0"}}
    arrays = {"0": np.zeros(MIB)}
    told = calls.call(Liar(large, arrays), "f", request)  # type: ignore[arg-type]
    assert told.result.did == "refused"
    left = Liar(None, arrays, [["h", large]])
    told = calls.call(left, "f", request, arguments=True)  # type: ignore[arg-type]
    assert told.arguments.did == "refused"


def test_the_due_result_fits_many_times_in_every_case(grader: Grader) -> None:
    for exercise in grader.collected.exercises:
        for request, due in grader.oracle.expected(exercise, 0):
            assert request.most >= 4 * weight(due.tree) or exercise.view is not None


def test_the_bound_of_a_result_tells_nothing_of_its_case(grader: Grader) -> None:
    for exercise in grader.collected.exercises:
        expected = grader.oracle.expected(exercise, 0)
        assert len({request.most for request, _ in expected}) == 1


# -- whose fault ---------------------------------------------------------------------------------


def with_view(grader: Grader) -> Any:
    exercise = grader.collected.exercises[0]
    return replace(exercise, view=lambda arguments, result: result)


def failing(*errors: Exception) -> Callable[..., Any]:
    todo: Iterator[Exception] = iter(errors)

    def fail(*_: Any) -> Any:
        raise next(todo)

    return fail


@pytest.mark.parametrize(
    "errors",
    [
        [TooLarge("a request cannot be sent")],
        [wire.BadFrame("arrays that are too large")],
        [WorkerGone("memory", "it used more memory than allowed")] * 2,
        [WorkerGone("timeout", "it did not end within 60 seconds")] * 2,
    ],
    ids=["header", "body", "memory", "time"],
)
def test_a_result_that_no_view_can_take_is_wrong(
    grader: Grader, monkeypatch: pytest.MonkeyPatch, errors: list[Exception]
) -> None:
    monkeypatch.setattr(grader.oracle, "_plain", failing(*errors))
    seen = grader.oracle.viewed(with_view(grader), first_request(grader), Observed("result", [1]))
    assert seen.did == "refused"


@pytest.mark.parametrize(
    "errors",
    [
        [GraderFault("the fork server died while a program ran")],
        [WorkerGone("crash", "killed"), GraderFault("no worker could be forked")],
    ],
    ids=["server", "fork"],
)
def test_a_view_without_a_worker_stays_our_fault(
    grader: Grader, monkeypatch: pytest.MonkeyPatch, errors: list[Exception]
) -> None:
    monkeypatch.setattr(grader.oracle, "_plain", failing(*errors))
    with pytest.raises(SandboxError):
        grader.oracle.viewed(with_view(grader), first_request(grader), Observed("result", [1]))


def test_a_question_that_is_too_large_is_answered_with_an_exception(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grader.oracle, "_plain", failing(TooLarge("a request cannot be sent")))
    answer = grader.oracle.answer("output_layer", {})
    assert (answer.did, answer.type) == ("raised", "RuntimeError")


FITS_JUST = """
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    import json
    texts = ["y" * 60_000] * 4
    asked = {"op": "ask", "id": "0" * 16, "number": 1, "name": "rnn_step", "kwargs": []}
    asked |= {"args": [{"l": [*texts, ""]}, 0, 0, 0, 0], "cotangents": None}
    room = 262_144 - len(json.dumps(asked, separators=(",", ":")))
    rnn_step([*texts, "y" * room], 0, 0, 0, 0)
    raise ArithmeticError
"""


def test_a_question_with_a_header_that_grows_on_its_way_is_the_students(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, answered = grader.oracle.answer, list[Observed]()

    def noted(*asked: Any) -> Observed:
        answered.append(answer(*asked))
        return answered[-1]

    monkeypatch.setattr(grader.oracle, "answer", noted)
    wrong = {"rnn_step": "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    return h_prev"}
    report = grade(grader, program(**wrong, rnn_forward=FITS_JUST))
    assert "RuntimeError" in {seen.type for seen in answered if seen.did == "raised"}
    assert outcomes(report) == {"rnn_step": "wrong", "rnn_forward": "error"}
    assert not report.needs_review


# -- memory of the judge -------------------------------------------------------------------------


def test_what_judging_takes_is_bounded_and_only_while_it_judges() -> None:
    with limits.limited_memory(), pytest.raises(MemoryError):
        bytearray(limits.MEMORY + 64 * MIB)
    assert len(bytearray(limits.MEMORY + 64 * MIB)) > limits.MEMORY


def test_a_result_that_takes_the_judges_memory_is_out_of_memory(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(*_: Any) -> None:
        np.ones(limits.MEMORY // 8 + 8 * MIB)

    monkeypatch.setattr(judging, "diagnose", hungry)
    report = grade(grader, program(output_layer=OUT + "return h"))
    assert outcomes(report) == {"output_layer": "memory"}
    assert limits.CROSSED in of(report, "output_layer").feedback
    assert not report.needs_review


def test_memory_that_runs_out_around_the_exercises_is_the_hand_ins(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(*_: Any) -> Any:
        return np.ones(limits.MEMORY // 8 + 8 * MIB)

    monkeypatch.setattr(judging, "_notes", hungry)
    report = grade(grader, program())
    assert {one.outcome for one in report.exercises} == {"memory"}
    monkeypatch.undo()
    assert outcomes(grade(grader, program())) == {}


# -- processor time ------------------------------------------------------------------------------

BURN = "import time\nends = time.process_time() + 0.3\nwhile time.process_time() < ends: pass\n"


def test_every_process_of_a_hand_in_counts_against_its_time(grader: Grader) -> None:
    handed_in = submission(f"{program()}\n# %%\n{BURN}", "ada.py")
    names = [one.name for one in grader.collected.exercises]
    one = Candidate(grader.sandbox, grader.oracle, Program.of(handed_in, names))
    before = one.cpu_left
    for _ in range(3):
        with one.apart():
            one.why_not(grader.collected.exercises[0])
    assert before - one.cpu_left >= 0.9


def test_a_hand_in_that_has_used_its_processor_time_is_out_of_time(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidate, "SUBMISSION_SECONDS", 1.0)
    handed_in = submission(program(), "ada.py")
    names = [one.name for one in grader.collected.exercises]
    one = Candidate(grader.sandbox, grader.oracle, Program.of(handed_in, names))
    one.ends += 1000  # the clock allows more
    one._spent = 2.0
    assert one.late
    assert one.why_not(grader.collected.exercises[0]) is not None


def test_a_view_is_paid_for_by_whoever_it_looks_at(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_in = submission(program(), "ada.py")
    names = [one.name for one in grader.collected.exercises]
    one = Candidate(grader.sandbox, grader.oracle, Program.of(handed_in, names))
    told: list[float] = []

    def view(_: Any, __: Any, result: Observed, seconds: float | None = None) -> Observed:
        if seconds is not None:  # the reference's own call has no account
            told.append(seconds)
            one._spent = 1000.0
        return replace(result)

    monkeypatch.setattr(grader.oracle, "viewed", view)
    seen = one._viewed(with_view(grader), first_request(grader), Observed("result", 1))
    assert (seen.did, seen.type) == ("gone", "timeout")
    assert 0 < told[0] <= calls.TRAINING_SECONDS


def test_a_function_that_is_no_longer_given_is_out_of_time_whatever_is_made_of_it(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    swallows = (
        "def rnn_forward(x, h0, W_xh, W_hh, b_h):\n    try:\n"
        "        return rnn_step(x[:, 0], h0, W_xh, W_hh, b_h)\n"
        "    except RuntimeError:\n        return 0"
    )
    handed_in = submission(program(rnn_forward=swallows), "ada.py")
    names = [one.name for one in grader.collected.exercises]
    one = Candidate(grader.sandbox, grader.oracle, Program.of(handed_in, names))
    exercise = next(e for e in grader.collected.exercises if e.name == "rnn_forward")
    request = first_request(grader, "rnn_forward")
    with one.apart(("rnn_step",)):
        assert one.call(exercise, 0, request, False)[0].did == "result"
        monkeypatch.setattr(Candidate, "late", property(lambda self: bool(self._loaded)))
        seen, _ = one.call(exercise, 0, request, False)
    assert (seen.did, seen.type) == ("gone", "timeout")
