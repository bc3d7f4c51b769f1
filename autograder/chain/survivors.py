"""Which mutants of the references get through all cases of their exercise."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from autograder.chain.mutants import Mutant, mutants
from autograder.chain.verify import SECRET, TRIED_DRAWS, Progress, trials_of
from autograder.judge.calls import TRAINING_SECONDS
from autograder.judge.grader import Grader
from autograder.judge.oracle import LazyAnswers, Oracle
from autograder.labcheck.message import counts
from autograder.sandbox.errors import GraderFault, SandboxError
from autograder.spec import Exercise
from autograder.spec.collection import collect, course, labs

MUTANT_SECONDS = 5.0
"""How long a mutant may take for one call; one in an exercise that trains has as long as any."""


@dataclass(frozen=True)
class Survivor:
    """A mutant that no case tells from the reference: where its change stands, and the change."""

    line: int
    before: str
    after: str


@dataclass(frozen=True)
class ExerciseSurvivors:
    """How many mutants of one exercise there were, and those that were not caught."""

    lab: str
    name: str
    mutants: int
    survivors: tuple[Survivor, ...]

    @property
    def caught(self) -> int:
        """How many mutants fail a case."""
        return self.mutants - len(self.survivors)

    def to_json(self) -> dict[str, Any]:
        """For --json."""
        return {**asdict(self), "caught": self.caught}


def survivors(
    slugs: Sequence[str] = (),
    root: Path | None = None,
    jobs: int = 2,
    progress: Progress = lambda text: None,
    exercise: str | None = None,
) -> list[ExerciseSurvivors]:
    """What became of the mutants of the labs named, or of all; processes share them.

    exercise: the only one whose mutants are tried, of the one lab that is named.  Raises
    GraderFault where nothing can be run.
    """
    root = course(root)
    wanted = [
        (slug, one.name)
        for slug in list(slugs) or labs(root)
        for one in collect(slug, root).exercises
        if exercise in (None, one.name)
    ]
    found: dict[tuple[str, str], list[ExerciseSurvivors]] = {key: [] for key in wanted}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {
            pool.submit(_share, *key, root, place, jobs): key
            for key in wanted
            for place in range(jobs)
        }
        for done in as_completed(waiting):
            found[waiting[done]].append(done.result())
            progress(" ".join(waiting[done]))
    return [_together(shares) for shares in found.values()]


def _together(shares: Sequence[ExerciseSurvivors]) -> ExerciseSurvivors:
    left = [one for share in shares for one in share.survivors]
    left.sort(key=lambda one: (one.line, one.before, one.after))
    count = sum(share.mutants for share in shares)
    return replace(shares[0], mutants=count, survivors=tuple(left))


def _share(slug: str, name: str, root: Path, place: int, share_of: int) -> ExerciseSurvivors:
    """What became of every `share_of`-th mutant of an exercise from `place` on."""
    collected = collect(slug, root)
    exercise = next(one for one in collected.exercises if one.name == name)
    text = (root / "solutions" / f"{slug}.py").read_text(encoding="utf-8")
    own = mutants(text, name)[place::share_of]
    try:
        with Grader(collected, SECRET, isolation="process") as grader:
            left = tuple(
                Survivor(mutant.line, mutant.before, mutant.after)
                for number, mutant in enumerate(own)
                if not caught(exercise, grader.oracle, f"mutants.m{number}", mutant)
            )
    except SandboxError as error:
        raise GraderFault(f"the mutants of {slug}/{name} cannot be tried: {error}") from error
    return ExerciseSurvivors(slug, name, len(own), left)


def caught(exercise: Exercise, oracle: Oracle, module: str, mutant: Mutant) -> bool:
    """Whether a mutant, loaded as a module of that name, fails a case on each draw."""
    return all(_fails(exercise, oracle, module, mutant, draw) for draw in TRIED_DRAWS)


def _fails(exercise: Exercise, oracle: Oracle, module: str, mutant: Mutant, draw: int) -> bool:
    """Whether some case fails; none is tried after the first that does.

    What ends its process, or takes too long, fails; the next mutant gets another process.
    """
    expected = oracle.expected(exercise, draw)
    seconds = TRAINING_SECONDS if exercise.training else MUTANT_SECONDS
    oracle.load({"mutants": "", module: mutant.text})
    requests = [request for request, _ in expected]
    does = LazyAnswers(oracle, exercise, f"{module}:{exercise.name}", requests, seconds)
    try:
        return any(counts(one) and not one.passed for one in trials_of(expected, does))
    except SandboxError:
        oracle.close()
        return True
