"""Programs judged in this very process: quick, for trusted code alone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from autograder.judge.calls import Reply, Request
from autograder.judge.oracle import Oracle
from autograder.labcheck.message import share
from autograder.labcheck.tree import NotPlain, live, plain
from autograder.labcheck.verdict import Observed, Trial, judged
from autograder.spec import Exercise
from autograder.spec.collection import Collected

SECONDS = 2.0


class LocalOracle(Oracle):
    """An oracle whose references run here."""

    def __init__(self, collected: Collected, secret: bytes) -> None:
        super().__init__(collected, secret, None)  # type: ignore[arg-type]

    def reply(self, exercise: Exercise, entry: str, request: Request, *, arguments: bool) -> Reply:
        return observe(exercise.reference, exercise, request)

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
    arguments = {name: live(value) for name, value in request.question.arguments.items()}
    scenario = request.case.scenario or exercise.scenario
    try:
        with limited(SECONDS), np.errstate(all="ignore"):
            if scenario is None:
                result = function(*arguments.values())
            else:
                result = scenario(function, **arguments)
        return Reply(Observed("result", plain(result)), Observed("result", plain(arguments)))
    except NotPlain as error:
        seen = Observed("refused", text=str(error))
    except Exception as error:
        bases = tuple(one.__name__ for one in type(error).__mro__)
        seen = Observed("raised", None, type(error).__name__, bases, str(error))
    return Reply(seen, seen)


def trials(
    oracle: Oracle, exercise: Exercise, function: Callable[..., Any], draw: int
) -> Iterator[Trial]:
    """Every case of a draw, as the grader would judge it."""
    left: dict[str, Observed] = {}
    for request, due in oracle.expected(exercise, draw):
        if request.case.observe == "arguments":
            got = left[request.case.like]
        else:
            reply = observe(function, exercise, request)
            got, left[request.case.name] = reply.result, reply.arguments
        yield judged(request.question, due, got)


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
