"""What judging costs, lab by lab, for ``make bench``: the calls alone, and where the rest goes."""

from __future__ import annotations

import contextlib
import functools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from autograder import spec
from autograder.chain.verify import defined_in, right_programs
from autograder.judge import candidate, grader, oracle
from autograder.judge.candidate import Candidate
from autograder.judge.grader import Grader
from autograder.judge.oracle import Oracle
from autograder.judge.submission import Submission, read
from autograder.labcheck.calling import called
from autograder.sandbox.pool import Sandbox, Worker
from autograder.spec.collection import collect
from autograder.spec.loading import forget
from autograder.spec.variations import edited
from tools.madeup import MadeUp, write

SECRET = b"a secret for measuring only"
STUDENT = "one student"
"""All hand-ins of a lab share a draw, so that references are called before anything is timed."""

ENOUGH, MOST = 1.0, 8
"""Seconds of judgements of one hand-in after which no more are made, and how many are at most."""

SHARES = ("fork", "cells", "calls", "exchange", "comparing", "references", "naming", "rest")
"""Where the time of a judgement goes.

fork: processes started and ended.  cells: the file executed.  calls: waiting for the student's
own.  exchange: packing, pipes, unpacking.  references: what is due, and views of results.
naming: known mistakes, and words for others.
"""


@dataclass
class Shares:
    """Seconds by share, each moment given to the innermost of the calls that are under way.

    calls: seconds that programs say their calls took.
    """

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: float = 0.0
    _open: list[str] = field(default_factory=lambda: ["rest"])
    _since: float = field(default_factory=time.perf_counter)

    @contextlib.contextmanager
    def of(self, name: str) -> Iterator[None]:
        """What happens inside is this share's."""
        self._count()
        self._open.append(name)
        try:
            yield
        finally:
            self._count()
            self._open.pop()

    def _count(self) -> None:
        now = time.perf_counter()
        self.seconds[self._open[-1]] += now - self._since
        self._since = now

    def found(self) -> dict[str, float]:
        """Seconds by share.

        The program calls while the judge compares: what of the waiting is not the calls' own time
        is exchange.
        """
        self._count()
        waited = self.seconds["exchange"]
        calls = min(self.calls, waited)
        both = {"calls": calls, "exchange": waited - calls}
        return {name: {**self.seconds, **both}.get(name, 0.0) for name in SHARES}


WATCHED: Sequence[tuple[str, Any, str]] = (
    *(("fork", Sandbox, "worker"), ("fork", Worker, "close"), ("cells", Candidate, "_run_cells")),
    *(("exchange", Worker, "begin"), ("exchange", candidate, "call")),
    *(("exchange", candidate, "next_of"), ("exchange", oracle, "batch_of")),
    *(("references", Oracle, "expected"), ("references", Oracle, "viewed")),
    *(("references", Oracle, "answer"), ("references", Oracle, "limits")),
    *(("naming", grader, "diagnose"), ("naming", grader, "said"), ("naming", grader, "sketch_of")),
    ("comparing", grader, "tried"),
)
"""What is timed, from outside: (share, where it stands, its name)."""


@contextlib.contextmanager
def watched() -> Iterator[Shares]:
    """The judge of this process with a clock around what takes its time."""
    shares = Shares()
    with contextlib.ExitStack() as stack:
        for share, place, name in WATCHED:
            timed = _timed(shares, share, vars(place)[name])
            stack.enter_context(mock.patch.object(place, name, timed))
        stack.enter_context(mock.patch.object(Worker, "next", _told(shares, Worker.next)))
        stack.enter_context(mock.patch.object(Worker, "request", _told(shares, Worker.request)))
        yield shares


def _timed(shares: Shares, share: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        with shares.of(share):
            found = function(*args, **kwargs)
            return tuple(found) if isinstance(found, Iterator) else found

    return timed


def _told(shares: Shares, function: Callable[..., Any]) -> Callable[..., Any]:
    """A request with the seconds that its answer tells noted, where it is a student's."""

    @functools.wraps(function)
    def told(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        if shares._open[-1] == "exchange":
            shares.calls += float(found[0].get("seconds") or 0.0)
        return found

    return told


# -- hand-ins ------------------------------------------------------------------------------------

Slip = tuple[str, str, Mapping[str, str]]
"""An exercise, a known mistake of it, and the changes to the reference's text that make it."""


def slips(slug: str, root: Path) -> list[Slip]:
    """The known mistakes of a lab that are an edit of its reference."""
    made: dict[Any, tuple[Any, Mapping[str, str]]] = {}

    def noted(program: Any, edits: Mapping[str, str], **names: Any) -> Any:
        result = edited(program, edits, **names)
        if not names:
            made[result] = (program, edits)
        return result

    forget(root)
    with mock.patch.object(spec, "edited", noted):
        collected = collect(slug, root)
    forget(root)
    return [
        (exercise.name, mistake.name, made[mistake.function][1])
        for exercise in collected.exercises
        if not exercise.training
        for mistake in exercise.mistakes
        if mistake.function in made and made[mistake.function][0] is exercise.reference
    ]


def hand_ins(slug: str, root: Path, folder: Path, most: int = 2) -> dict[str, list[Submission]]:
    """Some of each kind: right (and in other styles), wrong by a known mistake, the stub."""
    collected = collect(slug, root)
    names = [exercise.name for exercise in collected.exercises]
    styles = [
        path for path in right_programs(collected) if defined_in(read(path), collected) == names
    ]
    known = list({name: slip for slip in slips(slug, root) for name in [slip[0]]}.values())
    wrong = [
        write(root, slug, MadeUp(f"wrong{place}", "py", _edits(slip)), folder)
        for place, slip in enumerate([known[0], known[-1]][: min(most, len(known))])
    ]
    files = {
        "right": [root / "solutions" / f"{slug}.py", *styles[: most - 1]],
        "wrong": wrong,
        "stub": [root / "assignments" / f"{slug}.py"],
    }
    return {kind: [read(path, STUDENT) for path in paths] for kind, paths in files.items()}


def _edits(slip: Slip) -> list[tuple[str, str, str]]:
    exercise, _, edits = slip
    return [(exercise, old, new) for old, new in edits.items()]


# -- costs ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LabCost:
    """What judging a lab costs, in seconds, warm.

    bare: the calls of the right program in one warm process.  whole: judgements by kind of
    hand-in.  shares: where the time of each kind goes.  cases: how many calls there are, and how
    many of them on an accelerator that is played.
    """

    slug: str
    arrays: str
    bare: float
    whole: Mapping[str, float]
    shares: Mapping[str, Mapping[str, float]]
    cases: tuple[int, int]

    @property
    def own(self) -> float:
        """The judge's own time for a right hand-in, as a multiple of the calls."""
        return self.whole["right"] / self.bare - 1

    @property
    def mean(self) -> float:
        """Seconds for a hand-in of whatever kind."""
        return statistics.mean(self.whole.values())

    def rows(self) -> Iterator[dict[str, str | float]]:
        """A line for each kind of hand-in, in milliseconds and percent."""
        for kind, whole in self.whole.items():
            own = f"{self.own:.2f}" if kind == "right" else ""
            bare = f"{self.bare * 1e3:.0f}" if kind == "right" else ""
            found, every = self.shares[kind], sum(self.shares[kind].values())
            shares = {name: f"{100 * found[name] / every:.0f} %" for name in SHARES}
            named = {"lab": self.slug, "hand-in": kind}
            yield {**named, "ms": round(whole * 1e3), "bare": bare, "own/bare": own, **shares}

    def to_json(self) -> dict[str, Any]:
        """For --json."""
        return {
            "lab": self.slug,
            "arrays": self.arrays,
            "calls": self.cases[0],
            "calls_on_a_played_accelerator": self.cases[1],
            "bare_seconds": self.bare,
            "own_over_bare": self.own,
            "seconds": dict(self.whole),
            "shares": {kind: dict(found) for kind, found in self.shares.items()},
        }


def lab_cost(slug: str, root: Path, folder: Path, times: int = 3, most: int = 2) -> LabCost:
    """Judge some hand-ins of a lab, each once to warm up and then so many times."""
    made = hand_ins(slug, root, folder, most)
    collected = collect(slug, root)
    with Grader(collected, SECRET) as judge:
        found: dict[str, list[tuple[float, Mapping[str, float]]]] = {kind: [] for kind in made}
        for kind, submissions in made.items():
            for submission in submissions:
                judge.grade(submission)
                found[kind] += _often(judge, submission, times)
        bare = bare_seconds(judge, times)
        requests = [
            one.case
            for exercise in collected.exercises
            for one, _ in judge.oracle.expected(exercise, judge.oracle.draw(STUDENT, exercise))
            if one.case.observe != "arguments"
        ]
    played = sum(case.device in ("accelerator", "beside") for case in requests)
    whole = {kind: statistics.median(one for one, _ in each) for kind, each in found.items()}
    shares = {
        kind: {name: statistics.mean(one[name] for _, one in each) for name in SHARES}
        for kind, each in found.items()
    }
    return LabCost(slug, collected.lab.arrays, bare, whole, shares, (len(requests), played))


def _often(
    judge: Grader, submission: Submission, times: int
) -> list[tuple[float, Mapping[str, float]]]:
    """So many judgements, and more of those that are short."""
    found = [_once(judge, submission) for _ in range(times)]
    while sum(seconds for seconds, _ in found) < ENOUGH and len(found) < MOST:
        found.append(_once(judge, submission))
    return found


def _once(judge: Grader, submission: Submission) -> tuple[float, Mapping[str, float]]:
    started = time.perf_counter()
    with watched() as shares:
        judge.grade(submission)
    return time.perf_counter() - started, shares.found()


def bare_seconds(judge: Grader, times: int = 3) -> float:
    """Seconds of the calls of the right program alone, in this process, warm; the median.

    Calls on an accelerator that is played are among them.
    """
    if judge.collected.lab.arrays == "torch":
        import torch

        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
    return statistics.median([_bare(judge) for _ in range(times + 3)][1:])


def _bare(judge: Grader) -> float:
    taken = 0.0

    def timed(entry: Callable[..., Any], **given: Any) -> Any:
        nonlocal taken
        started = time.perf_counter()
        try:
            return used(entry, **given) if used else entry(*given.values())
        finally:
            taken += time.perf_counter() - started

    for exercise in judge.collected.exercises:
        draw = judge.oracle.draw(STUDENT, exercise)
        for request, _ in judge.oracle.expected(exercise, draw):
            used = request.scenario
            if request.case.observe != "arguments":
                question = request.question
                called(exercise.reference, question.arguments, timed, question.device)
    return taken
