"""Proves the collection: references pass, stubs fail politely, mistakes are told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from autograder.calls import Request
from autograder.chain.leaks import leaks
from autograder.collection import Collected, CollectionError, collect, labs, problems
from autograder.grade import Grader
from autograder.labcheck.message import counts, share
from autograder.labcheck.verdict import Observed, Trial, diagnose, judged, reads_host
from autograder.oracle import Oracle
from autograder.sandbox.errors import SandboxError
from autograder.spec import Exercise
from autograder.submission import read

SECRET = b"verify draws like a course, with a secret of its own"
TRIED_DRAWS = (0, 1)
Progress = Callable[[str], None]


@dataclass(frozen=True)
class ExerciseProof:
    """What was proven of one exercise; faults are sentences, empty where all is well."""

    lab: str
    name: str
    cases: int
    mistakes: int
    caught: int
    told_apart: int
    variants: int
    accepted: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabProof:
    """What was proven of one lab."""

    lab: str
    exercises: tuple[ExerciseProof, ...] = ()
    faults: tuple[str, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.faults and not any(one.faults for one in self.exercises)

    def to_json(self) -> dict[str, Any]:
        """For --json."""
        return {**asdict(self), "sound": self.sound}


def verify(
    slugs: Sequence[str] = (),
    root: Path | None = None,
    jobs: int = 2,
    progress: Progress = lambda text: None,
) -> list[LabProof]:
    """The proofs of the labs named, or of all; the work is spread over processes."""
    wanted = list(slugs) or labs(root)
    parts: dict[str, list[ExerciseProof]] = {slug: [] for slug in wanted}
    faults: dict[str, list[str]] = {slug: [] for slug in wanted}
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        waiting = {}
        for slug in wanted:
            share_of = max(1, jobs if len(wanted) < jobs else 1)
            for place in range(share_of):
                waiting[pool.submit(_prove, slug, root, place, share_of)] = slug
        for done in as_completed(waiting):
            slug = waiting[done]
            proofs, found = done.result()
            parts[slug] += proofs
            faults[slug] += found
            progress(slug)
    return [_in_order(slug, root, parts[slug], faults[slug]) for slug in wanted]


def _in_order(
    slug: str, root: Path | None, proofs: list[ExerciseProof], faults: list[str]
) -> LabProof:
    try:
        order = [one.name for one in collect(slug, root).exercises]
    except CollectionError:
        order = []
    known = [one for one in proofs if one.name in order]
    known.sort(key=lambda one: order.index(one.name))
    return LabProof(slug, tuple(known), tuple(faults))


def _prove(
    slug: str, root: Path | None, place: int, share_of: int
) -> tuple[list[ExerciseProof], list[str]]:
    """Every `share_of`-th exercise from `place` on; the first share proves the lab itself."""
    try:
        collected = collect(slug, root)
    except CollectionError as error:
        return [], [str(error)] if place == 0 else []
    faults = problems(collected) if place == 0 else []
    try:
        with Grader(collected, SECRET, collected.root, isolation="process") as grader:
            if place == 0:
                faults += _solution_passes(grader, collected) + _stub_is_polite(grader, collected)
                faults += _leaks(collected)
            chosen = collected.exercises[place::share_of]
            return [prove(exercise, grader.oracle) for exercise in chosen], faults
    except SandboxError as error:
        return [], [*faults, f"{slug}: {error}"]


def _solution_passes(grader: Grader, collected: Collected) -> list[str]:
    report = grader.grade(read(collected.root / "solutions" / f"{collected.slug}.py"))
    return [
        f"solutions/{collected.slug}.py: {one.name} is judged {one.outcome}: {one.feedback}"
        for one in report.exercises if one.outcome != "right"
    ] + list(report.notes)  # fmt: skip


def _stub_is_polite(grader: Grader, collected: Collected) -> list[str]:
    path = collected.root / "assignments" / f"{collected.slug}.py"
    if not path.is_file():
        return [
            f"assignments/{collected.slug}.py is missing: run autograder build {collected.slug}"
        ]
    report = grader.grade(read(path))
    return [
        f"assignments/{collected.slug}.py: the stub {one.name} is judged {one.outcome}"
        for one in report.exercises if one.outcome != "unfinished" or one.score != 0
    ]  # fmt: skip


def _leaks(collected: Collected) -> list[str]:
    authored = (collected.root / "solutions" / f"{collected.slug}.py").read_text(encoding="utf-8")
    folders = [collected.root / "release" / collected.slug, collected.root / "assignments"]
    files = {
        str(path.relative_to(collected.root)): path.read_bytes()
        for folder in folders for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }  # fmt: skip
    return leaks(collected.slug, authored, files)


def prove(exercise: Exercise, oracle: Oracle) -> ExerciseProof:
    """Runs the mistakes and the other right answers of one exercise through its cases."""
    slug = oracle.collected.slug
    caught, told_apart, accepted, faults = 0, 0, 0, []
    try:
        names = [one.name for one in exercise.mistakes]
        caught_in = dict.fromkeys(names, 0)
        named_in = dict.fromkeys(names, 0)
        for draw in TRIED_DRAWS:
            expected = oracle.expected(exercise, draw)
            mistakes = oracle.mistakes(exercise, draw)
            for name in names:
                trials = _trials(expected, mistakes[name])
                caught_in[name] += share(trials) < 1
                named_in[name] += diagnose(trials, mistakes) == name
                if share(trials) < 1 and diagnose(trials, mistakes) not in (name, None):
                    faults.append(f"{name} is taken for {diagnose(trials, mistakes)}")
        tried = len(TRIED_DRAWS)
        faults += [f"{name} is not caught" for name in names if caught_in[name] < tried]
        faults += [
            f"{name} is not told apart from other mistakes" for name in names
            if caught_in[name] == tried and named_in[name] < tried
        ]  # fmt: skip
        caught = sum(count == tried for count in caught_in.values())
        told_apart = sum(count == tried for count in named_in.values())
        accepted, lost = _variants(exercise, oracle)
        faults += lost
        cases = len(oracle.expected(exercise, 0))
    except SandboxError as error:
        faults.append(str(error))
        cases = 0
    return ExerciseProof(
        slug, exercise.name, cases, len(exercise.mistakes), caught, told_apart,
        len(exercise.also_right) + (exercise.stand_in is not None), accepted,
        tuple(dict.fromkeys(faults)),
    )  # fmt: skip


def _trials(expected: Sequence[tuple[Request, Observed]], does: Sequence[Observed]) -> list[Trial]:
    pairs = zip(expected, does, strict=True)
    return [judged(request.question, due, got) for (request, due), got in pairs]


def _fine(request: Request, trial: Trial) -> bool:
    """Passed, or stopped on the meta device only because it reads numbers, which it may."""
    return trial.passed or (request.case.device == "meta" and reads_host(trial.got))


def _variants(exercise: Exercise, oracle: Oracle) -> tuple[int, list[str]]:
    accepted, faults = 0, []
    variants = {f"also_right.{place}": one for place, one in enumerate(exercise.also_right)}
    if exercise.stand_in is not None:
        variants["stand_in"] = exercise.stand_in
    for path, variant in variants.items():
        lost = None
        for draw in TRIED_DRAWS:
            expected = oracle.expected(exercise, draw)
            entry = oracle.entry(exercise, path)
            trials = _trials(expected, oracle.run(exercise, entry, [one for one, _ in expected]))
            wrong = next(
                (
                    one
                    for (request, _), one in zip(expected, trials, strict=True)
                    if counts(one) and not _fine(request, one)
                ),
                None,
            )
            lost = lost or wrong
        accepted += lost is None
        if lost is not None:
            what = lost.mismatch or f"{lost.got.did} {lost.got.type} {lost.got.text}"
            faults.append(
                f"the right answer {variant.__name__} fails on {lost.question.name!r}: {what}"
            )
    return accepted, faults
