"""Several calls sent at once, answered one after another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import load

from autograder.labcheck import tree
from autograder.sandbox import wire
from autograder.sandbox.errors import GraderFault, Violation, WorkerGone
from autograder.sandbox.pool import Batch, Worker

FORGED = """
import gc, os
def frame(ident):
    wire = __import__('sys').modules['_kit.sandbox.wire']
    return wire.head({'op': 'result', 'id': ident, 'result': 1.0, 'arguments': None, 'seconds': 0.0}, 0)
def f(x):
    loop = next(one for one in gc.get_objects() if type(one).__name__ == 'RequestLoop')
    ident, _, place = loop.current.partition('.')
    if HERE:
        os.write(loop.responses, b''.join(frame(f'{ident}.{n}') for n in PLACES))
    return x
"""


def batch(*values: Any, entry: str = "f") -> Batch:
    arrays: dict[str, Any] = {}
    calls = [
        {"scenario": None, "args": [["x", tree.encode(tree.plain(value), arrays)]]}
        for value in values
    ]
    header = {"calls": calls, "scenarios": [], "arguments": True}
    return Batch.of(header, wire.pack(arrays), len(calls))


def answers(worker: Worker, count: int, seconds: float = 10) -> list[dict[str, Any]]:
    return [worker.next(seconds=seconds)[0] for _ in range(count)]


def test_each_call_is_answered_in_its_turn(worker: Worker) -> None:
    load(worker, "def f(x):\n    x += 1\n    return x * 2")
    many = [np.arange(3.0) + n for n in range(50)]
    for _ in range(2):  # the same batch again: what a call does to its arguments stays its own
        worker.begin(batch(*many), "f", seconds=10)
        for value in many:
            reply, arrays = worker.next(seconds=10)
            result = tree.decode(reply["result"], arrays)
            np.testing.assert_array_equal(result.values, 2 * (value + 1))
            ((name, after),) = reply["arguments"]
            assert name == "x"
            np.testing.assert_array_equal(tree.decode(after, arrays).values, value + 1)
    assert load(worker, "f = 1")["defined"]["f"] == "other"


def test_an_exception_ends_its_call_and_no_other(worker: Worker) -> None:
    load(worker, "def f(x):\n    return 1 / x")
    worker.begin(batch(1, 0, 2), "f", seconds=10)
    assert [one["op"] for one in answers(worker, 3)] == ["result", "raised", "result"]


def test_nothing_else_is_asked_before_all_have_come(worker: Worker) -> None:
    load(worker, "def f(x):\n    return x")
    with pytest.raises(GraderFault, match="no call is under way"):
        worker.next(seconds=1)
    worker.begin(batch(1, 2), "f", seconds=10)
    worker.next(seconds=10)
    with pytest.raises(GraderFault, match="at other calls"):
        worker.begin(batch(1), "f", seconds=10)
    with pytest.raises(GraderFault, match="at other calls"):
        load(worker, "x = 1")
    worker.next(seconds=10)
    with pytest.raises(GraderFault, match="no call is under way"):
        worker.next(seconds=1)


def test_what_came_before_an_ending_counts_and_its_limit_is_its_own(worker: Worker) -> None:
    load(worker, "def f(x):\n    while x == 2: pass\n    return x")
    worker.begin(batch(0, 1, 2, 3), "f", seconds=10)
    assert [one["result"] for one in answers(worker, 2)] == [0, 1]
    with pytest.raises(WorkerGone) as gone:
        worker.next(seconds=0.3)
    assert gone.value.kind == "timeout"


@pytest.mark.parametrize(
    ("here", "places", "good"),
    [
        ("place == '0'", "(5,)", 0),  # an answer to another call
        ("place == '0'", "(0, 0)", 1),  # two to one
        ("place == '2'", "(2, 2)", 2),  # one more than calls
    ],
)
def test_answers_that_are_none_are_refused(
    worker: Worker, here: str, places: str, good: int
) -> None:
    load(worker, FORGED.replace("HERE", here).replace("PLACES", places))
    worker.begin(batch(0, 1, 2), "f", seconds=10)
    answers(worker, good)
    with pytest.raises(Violation):
        answers(worker, 3 - good)
