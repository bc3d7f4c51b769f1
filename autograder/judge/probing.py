"""What changed arguments do to a result: the reference's first, then a program's beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from autograder.judge.calls import Request, with_arguments
from autograder.labcheck.dependences import (
    AGAIN,
    Facts,
    Probe,
    Seen,
    asked,
    changed,
    facts,
    probed,
    probes,
)
from autograder.labcheck.verdict import Observed

Answer = Callable[[Request], Observed]


@dataclass(frozen=True)
class Probing:
    """A case as it is asked with probes, and the changes that tell something.

    known: each change with the call that it makes and what it does to the reference's result.
    """

    request: Request
    known: tuple[tuple[Probe, Request, Facts], ...]

    @classmethod
    def of(cls, request: Request, due: Observed, parts: Sequence[str], answer: Answer) -> Probing:
        """What the reference, that `answer` calls, does on a case with changed arguments."""
        question = asked(request.question, due.tree)
        if question is not request.question:
            request = with_arguments(request, question.arguments)
            due = answer(request)
        return cls(request, tuple(_changes(request, due, parts, answer)))

    def seen(self, parts: Sequence[str], answer: Answer) -> list[Seen]:
        """What a program, that `answer` calls, does on the same calls."""
        requests = {AGAIN: self.request} | {probe: request for probe, request, _ in self.known}
        known = [(probe, due) for probe, _, due in self.known]
        return probed(known, self.request.question, parts, lambda probe: answer(requests[probe]))


def _changes(
    request: Request, due: Observed, parts: Sequence[str], answer: Answer
) -> Iterator[tuple[Probe, Request, Facts]]:
    question = request.question
    for probe in probes(question, due.tree):
        other = with_arguments(request, changed(question, probe))
        seen = answer(other)
        if seen.did == "result":
            known = facts(probe, due.tree, seen.tree, question, parts)
            if known:
                yield probe, other, known
