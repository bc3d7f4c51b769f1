"""What is said of the known mistakes when nobody knows them: each is then an unseen program.

``python -m tests.core.unlisted [LAB [EXERCISE…]]`` prints a sentence for each, and the figures.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.chain.verify import SECRET, trials_of
from autograder.judge.oracle import Oracle
from autograder.labcheck.dependences import AGAIN, Probe, Seen, probed
from autograder.labcheck.telling import said
from autograder.labcheck.verdict import Observed, Trial
from autograder.sandbox.pool import Sandbox
from autograder.spec import Exercise, Mistake
from autograder.spec.collection import collect, labs

COURSE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Unlisted:
    """One mistake with its name hidden: its first failing case as it is told, and the sentence."""

    lab: str
    exercise: str
    mistake: Mistake
    kind: str
    text: str

    @property
    def wrong_numbers(self) -> bool:
        """Whether it gives other numbers, in the form that is due."""
        return self.kind in ("values", "finite")


def of_lab(slug: str, names: frozenset[str] = frozenset()) -> Iterator[Unlisted]:
    """Every mistake of a lab, or of some of its exercises, whose value cases give a result."""
    collected = collect(slug, COURSE)
    with Sandbox(collected.lab.arrays, isolation="process", course=collected.root) as sandbox:
        oracle = Oracle(collected, SECRET, sandbox)
        try:
            for exercise in collected.exercises:
                if not names or exercise.name in names:
                    yield from of_exercise(exercise, oracle)
        finally:
            oracle.close()


def of_exercise(exercise: Exercise, oracle: Oracle) -> Iterator[Unlisted]:
    expected, does = oracle.expected(exercise, 0), oracle.mistakes(exercise, 0)
    for place, mistake in enumerate(exercise.mistakes):
        trials = list(trials_of(expected, does[mistake.name]))
        first = next((trial for trial in trials if not trial.passed), None)
        if first is None or not first.question.value or first.mismatch is None:
            continue
        entry = oracle.entry(exercise, f"mistakes.{place}.function")
        text = said(
            trials, exercise.parts, lambda t=trials, e=entry: _seen(exercise, oracle, t, e)
        )
        kind = first.mismatch.kind
        yield Unlisted(oracle.collected.slug, exercise.name, mistake, kind, text)


def _seen(exercise: Exercise, oracle: Oracle, trials: list[Trial], entry: str) -> list[Seen]:
    known = oracle.probed(exercise, 0)
    requests = {probe: request for probe, request, _ in known}
    requests[AGAIN] = oracle.expected(exercise, 0)[0][0]

    def call(probe: Probe) -> Observed:
        return oracle.reply(exercise, entry, requests[probe], arguments=False).result

    first, facts = trials[0], [(probe, due) for probe, _, due in known]
    return probed(facts, first.question, first.got, exercise.parts, call)


def main() -> None:
    slugs, names = sys.argv[1:2] or labs(COURSE), frozenset(sys.argv[2:])
    found = [one for slug in slugs for one in of_lab(slug, names)]
    for one in found:
        where = f"{one.lab}/{one.exercise} {one.mistake.name}"
        print(f"{where} [{one.kind}] {one.mistake.when}\n    => {one.text or '—'}")
    numbers = [one for one in found if one.wrong_numbers]
    for text, some in (("other numbers", numbers), ("all", found)):
        print(f"{text}: {sum(bool(one.text) for one in some)} of {len(some)} have a sentence")


if __name__ == "__main__":
    main()
