"""The proof of a collection looks at no more cases than it needs, and finds the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from autograder.chain.verify import called_on, told_of
from autograder.judge.grader import Grader
from autograder.judge.oracle import LazyAnswers, Oracle
from autograder.spec import Exercise

LOOKED_AT = ("rnn_step", "rnn_backward", "audit_trace", "sgd_step")


@dataclass
class WithMore:
    """An oracle that knows of more mistakes."""

    oracle: Oracle
    more: Mapping[str, LazyAnswers]

    def expected(self, exercise: Exercise, draw: int) -> Any:
        return self.oracle.expected(exercise, draw)

    def mistakes(self, exercise: Exercise, draw: int) -> Mapping[str, LazyAnswers]:
        return {**self.oracle.mistakes(exercise, draw), **self.more}


@pytest.mark.parametrize("name", LOOKED_AT)
def test_few_cases_tell_what_all_of_them_tell(grader: Grader, name: str) -> None:
    exercise = next(one for one in grader.collected.exercises if one.name == name)
    oracle, draw = grader.oracle, 1
    known = oracle.mistakes(exercise, draw)
    requests = [request for request, _ in oracle.expected(exercise, draw)]
    right = oracle.run(exercise, f"solutions.lab2_rnn:{name}", requests)
    also: Any = WithMore(oracle, {"right": right, "twin": known[list(known)[2]]})
    for mistake in (*known, "right", "twin"):
        short, whole = (how(exercise, also, draw, mistake) for how in (called_on, told_of))
        assert (short.caught, short.called) == (whole.caught, whole.called), mistake
        assert (whole.called == mistake) == (mistake in known)
