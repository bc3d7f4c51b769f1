"""What is said of the known mistakes when nobody knows them: each is then an unseen program.

``python -m tests.core.unlisted [LAB [EXERCISE…]]`` prints a sentence for each, and the figures.
``python -m tests.core.unlisted --mutants 12 [LAB [EXERCISE…]]`` does so for twelve mutants of each
reference, which nobody has seen: with the known mistake that they are taken for, if any.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.chain.mutants import Mutant, mutants
from autograder.chain.verify import SECRET, trials_of
from autograder.judge.calls import TRAINING_SECONDS, Request
from autograder.judge.oracle import LazyAnswers, Oracle
from autograder.labcheck.dependences import Seen
from autograder.labcheck.telling import said
from autograder.labcheck.verdict import Observed, diagnose
from autograder.sandbox.errors import SandboxError
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


def of_lab(
    slug: str, names: frozenset[str] = frozenset(), preloaded: socket.socket | None = None
) -> Iterator[Unlisted]:
    """Every mistake of a lab, or of some of its exercises, whose value cases give a result."""
    collected = collect(slug, COURSE)
    arrays, course = collected.lab.arrays, collected.root
    with Sandbox(arrays, isolation="process", course=course, preloaded=preloaded) as sandbox:
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
        text = said(trials, exercise.parts, lambda e=entry: _seen(exercise, oracle, e))
        kind = first.mismatch.kind
        yield Unlisted(oracle.collected.slug, exercise.name, mistake, kind, text)


def _seen(exercise: Exercise, oracle: Oracle, entry: str) -> list[Seen]:
    def answer(asked: Request) -> Observed:
        return oracle.reply(exercise, entry, asked, arguments=False).result

    return oracle.probing(exercise, 0).seen(exercise.parts, answer)


def mutants_of_lab(slug: str, names: frozenset[str], count: int) -> Iterator[Unlisted]:
    """Some mutants of each reference that fail a value case; `mistake` says what was changed."""
    collected = collect(slug, COURSE)
    source = (COURSE / "solutions" / f"{slug}.py").read_text(encoding="utf-8")
    with Sandbox(collected.lab.arrays, isolation="process", course=collected.root) as sandbox:
        oracle = Oracle(collected, SECRET, sandbox)
        try:
            for exercise in collected.exercises:
                if names and exercise.name not in names:
                    continue
                made = mutants(source, exercise.name)
                for number, mutant in enumerate(made[:: max(1, len(made) // count)]):
                    try:
                        yield from _mutant(
                            exercise, oracle, f"mutants.{exercise.name}_{number}", mutant
                        )
                    except SandboxError:
                        oracle.close()
        finally:
            oracle.close()


def _mutant(exercise: Exercise, oracle: Oracle, module: str, mutant: Mutant) -> Iterator[Unlisted]:
    expected = oracle.expected(exercise, 0)
    oracle.load({"mutants": "", module: mutant.text})
    entry, requests = f"{module}:{exercise.name}", [request for request, _ in expected]
    trials = list(
        trials_of(expected, LazyAnswers(oracle, exercise, entry, requests, TRAINING_SECONDS))
    )
    first = next((trial for trial in trials if not trial.passed), None)
    if first is None or not first.question.value or first.mismatch is None:
        return
    named = diagnose(trials, oracle.mistakes(exercise, 0))
    text = f"({named})" if named else ""
    if not text:
        text = said(trials, exercise.parts, lambda: _seen(exercise, oracle, entry))
    change = Mistake(module, print, f"{mutant.before.strip()}  ->  {mutant.after.strip()}", "")
    yield Unlisted(oracle.collected.slug, exercise.name, change, first.mismatch.kind, text)


def main() -> None:
    given, count = sys.argv[1:], 0
    if given[:1] == ["--mutants"]:
        count, given = int(given[1]), given[2:]
    slugs, names = given[:1] or labs(COURSE), frozenset(given[1:])
    found = [
        one
        for slug in slugs
        for one in (mutants_of_lab(slug, names, count) if count else of_lab(slug, names))
    ]
    for one in found:
        where = f"{one.lab}/{one.exercise} {one.mistake.name}"
        print(f"{where} [{one.kind}] {one.mistake.when}\n    => {one.text or '—'}")
    numbers = [one for one in found if one.wrong_numbers]
    for text, some in (("other numbers", numbers), ("all", found)):
        print(f"{text}: {sum(bool(one.text) for one in some)} of {len(some)} have a sentence")


if __name__ == "__main__":
    main()
