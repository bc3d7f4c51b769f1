"""Programs judged in this very process: quick, for trusted code alone."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from autograder.judge.calls import Reply, Request
from autograder.judge.oracle import Oracle
from autograder.labcheck.calling import called
from autograder.labcheck.message import share
from autograder.labcheck.tree import NotPlain, plain
from autograder.labcheck.verdict import Observed, Trial, tried
from autograder.spec import Exercise
from autograder.spec.collection import Collected

SECONDS = 2.0


class LocalOracle(Oracle):
    """An oracle whose references run here."""

    def __init__(self, collected: Collected, secret: bytes) -> None:
        super().__init__(collected, secret, None)  # type: ignore[arg-type]

    def reply(
        self,
        exercise: Exercise,
        entry: str,
        request: Request,
        *,
        arguments: bool,
        seconds: float = SECONDS,
    ) -> Reply:
        return observe(exercise.reference, exercise, request)

    def replies(
        self,
        exercise: Exercise,
        entry: str,
        requests: Sequence[Request],
        *,
        seconds: float = SECONDS,
    ) -> list[Reply]:
        return [observe(exercise.reference, exercise, request) for request in requests]

    def viewed(self, exercise: Exercise, request: Request, observed: Observed) -> Observed:
        return observed


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in this thread when the time is up."""

    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def observe(function: Callable[..., Any], exercise: Exercise, request: Request) -> Reply:
    """What a worker would report of one call."""
    with limited(SECONDS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scenario = request.case.scenario or exercise.scenario
        call = called(function, request.question.arguments, scenario)
    left = Observed("result", plain(call.arguments))
    if call.error is not None:
        bases = tuple(one.__name__ for one in type(call.error).__mro__)
        kind, text = type(call.error).__name__, str(call.error)
        return Reply(Observed("raised", None, kind, bases, text), left)
    try:
        return Reply(Observed("result", plain(call.result)), left)
    except NotPlain as error:
        return Reply(Observed("refused", text=str(error)), left)


def trials(
    oracle: Oracle, exercise: Exercise, function: Callable[..., Any], draw: int
) -> Iterator[Trial]:
    """Every case of a draw, as the grader would judge it."""
    expected = oracle.expected(exercise, draw)

    def call(place: int, _: bool) -> tuple[Observed, Observed]:
        reply = observe(function, exercise, expected[place][0])
        return reply.result, reply.arguments

    return tried([(request.question, due) for request, due in expected], call)


def caught(oracle: Oracle, exercise: Exercise, function: Callable[..., Any], draw: int) -> bool:
    """Whether a function gets less than full marks; stops at the first case that fails."""
    return any(not trial.passed for trial in trials(oracle, exercise, function, draw))


def part(oracle: Oracle, exercise: Exercise, function: Callable[..., Any], draw: int) -> float:
    """The part of the points that a function earns."""
    return share(tuple(trials(oracle, exercise, function, draw)))


def defined(source: str, name: str, others: dict[str, str]) -> Callable[..., Any]:
    """The function of that name, with other functions around it."""
    space: dict[str, Any] = {"np": np}
    for other, text in others.items():
        if other != name:
            exec(_compiled(text), space)
    exec(_compiled(source), space)
    return space[name]  # type: ignore[no-any-return]


_CODE: dict[str, Any] = {}


def _compiled(text: str) -> Any:
    if text not in _CODE:
        _CODE[text] = compile(text, str(Path("program.py")), "exec", dont_inherit=True)
    return _CODE[text]
