"""The calls of an exercise, sent together: what comes of it is what comes of them one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from core_kit import NAMES, grade, program

from autograder.chain.foreseen import foreseen
from autograder.judge import calls
from autograder.judge.grader import Grader
from autograder.judge.report import LabReport
from autograder.labcheck.verdict import Observed
from autograder.sandbox import pool

OUT = "def output_layer(h, W_hy, b_y):\n    "
PROGRAMS = {
    "right": {},
    "ends at float32": {
        "output_layer": f"{OUT}h.dtype.itemsize == 4 and __import__('os')._exit(3)\n    return h @ W_hy + b_y"
    },
    "hangs at float32": {
        "output_layer": f"{OUT}while h.dtype.itemsize == 4: pass\n    return h @ W_hy + b_y"
    },
    "takes all memory at long sequences": {
        "output_layer": f"{OUT}kept = []\n    while h.shape[1] > 20: kept.append(bytearray(b'1' * 2**26))\n    return h @ W_hy + b_y"
    },
    "no memory at once": {"output_layer": f"{OUT}raise MemoryError"},
    "no sum": {
        "rnn_step": "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    return np.tanh(x @ W_xh + h_prev @ W_hh)"
    },
    "changes an argument": {
        "output_layer": f"{OUT}h *= 1\n    h += 1\n    return (h - 1) @ W_hy + b_y"
    },
    "an exception": {
        "rnn_forward": "def rnn_forward(x, h0, W_xh, W_hh, b_h):\n    return {}[x.shape]"
    },
    "too much": {"output_layer": f"{OUT}return np.zeros((h.size, 30000))"},
}


def told(report: LabReport) -> object:
    return {**report.to_json(), "seconds": 0}


@pytest.mark.parametrize("what", PROGRAMS)
def test_both_ways_of_calling_tell_the_same(
    what: str, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "CALL_SECONDS", 1.5)
    reports = []
    for at_once in (True, False):
        monkeypatch.setattr(grader, "at_once", at_once)
        reports.append(grade(grader, program(**PROGRAMS[what])))
    together, one_by_one = map(told, reports)
    assert together == one_by_one
    assert (reports[0].score == 100) == (what == "right")


def test_a_right_program_is_asked_once_an_exercise(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, asked = [], []
    begin, request = pool.Worker.begin, pool.Worker.request

    def beginning(self: pool.Worker, batch: pool.Batch, entry: str, **more: float) -> None:
        begun.append(entry)
        begin(self, batch, entry, **more)

    def requesting(self: pool.Worker, header: pool.Header, *rest: bytes, **more: float) -> object:
        asked.append(header["op"])
        return request(self, header, *rest, **more)  # type: ignore[arg-type]

    grade(grader, program())  # so that what is due is known
    monkeypatch.setattr(pool.Worker, "begin", beginning)
    monkeypatch.setattr(pool.Worker, "request", requesting)
    assert grade(grader, program()).score == 100
    assert begun == list(NAMES)
    assert "call" not in asked


def test_the_first_case_comes_first_and_the_others_in_the_order_of_their_draw(
    grader: Grader,
) -> None:
    exercise = grader.collected.exercises[0]
    orders = []
    for draw in range(3):
        batch, order = grader.oracle.batch(exercise, draw, "cpu")
        expected = grader.oracle.expected(exercise, draw)
        assert batch is not None
        assert batch.count == len(order)
        called = [n for n, (one, _) in enumerate(expected) if one.case.observe == "result"]
        assert sorted(order) == called
        orders.append(order)
    assert {order[0] for order in orders} == {0}
    assert len(set(map(tuple, orders))) == 3


def test_what_is_too_large_to_be_sent_at_once_is_sent_one_by_one(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object) -> pool.Batch:
        raise pool.wire.BadFrame("too large")

    monkeypatch.setattr(pool.Batch, "of", too_large)
    monkeypatch.setattr(grader.oracle, "_batches", {})
    assert grade(grader, program()).score == 100
    assert {batch for batch, _ in grader.oracle._batches.values()} == {None}


def test_a_case_that_gives_away_what_another_is_due_is_told(grader: Grader) -> None:
    exercise = next(one for one in grader.collected.exercises if one.name == "output_layer")
    expected = list(grader.oracle.expected(exercise, 0))
    assert list(foreseen(expected)) == []
    request, due = expected[0]
    arguments = {**request.question.arguments, "W_hy": due.tree}
    spied = replace(request.case, name="a spy")
    told = replace(request, case=spied, question=replace(request.question, arguments=arguments))
    (text,) = foreseen([expected[0], (told, Observed("raised"))])
    assert "'a spy' is given what the case 'values' is due" in text
