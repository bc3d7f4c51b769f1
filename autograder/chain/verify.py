"""Proves the collection: references pass, stubs fail politely, mistakes are told apart."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from autograder.chain.foreseen import foreseen
from autograder.chain.leaks import leaks, secrets
from autograder.judge.calls import Request
from autograder.judge.feedback import report_on
from autograder.judge.grader import Grader
from autograder.judge.judgement import Judgement
from autograder.judge.oracle import LazyAnswers, Oracle
from autograder.judge.report import LabReport
from autograder.judge.submission import Submission, read
from autograder.labcheck.message import counts, outcome_of, share
from autograder.labcheck.verdict import Observed, Trial, diagnose, fits, tried
from autograder.sandbox.errors import SandboxError
from autograder.spec import Exercise
from autograder.spec.collection import (
    Collected,
    CollectionError,
    collect,
    course,
    lab,
    labs,
    problems,
)

SECRET = b"verify draws like a course, with a secret of its own"
TRIED_DRAWS = (0, 1)
Progress = Callable[[str], None]


@dataclass(frozen=True)
class ExerciseProof:
    """What was proven of one exercise; faults are sentences, empty where all is well.

    messages: what a student with each known mistake is told.
    """

    lab: str
    name: str
    cases: int
    mistakes: int
    caught: int
    told_apart: int
    variants: int
    accepted: int
    faults: tuple[str, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LabProof:
    """What was proven of one lab."""

    lab: str
    exercises: tuple[ExerciseProof, ...] = ()
    faults: tuple[str, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.faults and not any(proof.faults for proof in self.exercises)

    def to_json(self) -> dict[str, Any]:
        """For --json."""
        return {**asdict(self), "sound": self.sound}


@dataclass
class _Share:
    """What one process found out: proofs, exercises of right programs, and faults of the lab."""

    proofs: list[ExerciseProof] = field(default_factory=list)
    right: list[tuple[str, str | None]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def verify(
    slugs: Sequence[str] = (),
    root: Path | None = None,
    jobs: int = 2,
    progress: Progress = lambda text: None,
    exercise: str | None = None,
) -> list[LabProof]:
    """The proofs of the labs named, or of all; the work is spread over processes.

    exercise: the only one to prove, of the one lab that is named.
    """
    root = course(root)
    wanted = list(slugs) or labs(root)
    shares: dict[str, list[_Share]] = {slug: [] for slug in wanted}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {}
        for slug in wanted:
            share_of = jobs if len(wanted) < jobs and exercise is None else 1
            for place in range(share_of):
                waiting[pool.submit(_prove_share, slug, root, exercise, place, share_of)] = slug
        for done in as_completed(waiting):
            shares[waiting[done]].append(done.result())
            progress(waiting[done])
    return [_together(slug, root, shares[slug]) for slug in wanted]


def _together(slug: str, root: Path, shares: Sequence[_Share]) -> LabProof:
    try:
        order = [exercise.name for exercise in collect(slug, root).exercises]
    except CollectionError:
        order = []
    proofs = [proof for share in shares for proof in share.proofs if proof.name in order]
    proofs.sort(key=lambda proof: order.index(proof.name))
    right = [pair for share in shares for pair in share.right]
    faults = [fault for share in shares for fault in share.faults]
    return LabProof(slug, tuple(_with_right(proof, right) for proof in proofs), tuple(faults))


def _with_right(proof: ExerciseProof, right: Iterable[tuple[str, str | None]]) -> ExerciseProof:
    """The proof of an exercise with what became of the right programs that define it."""
    faults = [fault for name, fault in right if name == proof.name]
    lost = tuple(fault for fault in faults if fault is not None)
    return replace(
        proof,
        variants=proof.variants + len(faults),
        accepted=proof.accepted + len(faults) - len(lost),
        faults=(*proof.faults, *lost),
    )


def _prove_share(slug: str, root: Path, exercise: str | None, place: int, share_of: int) -> _Share:
    """Every `share_of`-th exercise from `place` on; the first share proves the lab itself."""
    found = _Share()
    first = place == 0
    try:
        collected = collect(slug, root)
    except CollectionError as error:
        return _Share(faults=[str(error)] if first else [])
    if exercise is None:
        found.faults += problems(collected) if first else []
    else:
        only = tuple(one for one in collected.exercises if one.name == exercise)
        collected = replace(collected, exercises=only)
    try:
        with Grader(collected, SECRET, isolation="process") as grader:
            if first:
                found.faults += _solution_passes(grader)
                found.faults += _stub_is_polite(grader) if exercise is None else []
                found.faults += _leaks(collected) if exercise is None else []
            for one in collected.exercises[place::share_of]:
                found.proofs.append(prove(one, grader.oracle, messages=exercise is not None))
            for file in right_programs(collected)[place::share_of]:
                found.right += _right_passes(grader, file)
    except SandboxError as error:
        found.faults.append(f"{slug}: {error}")
    return found


def _solution_passes(grader: Grader) -> list[str]:
    collected = grader.collected
    report = grader.grade(read(collected.root / "solutions" / f"{collected.slug}.py"))
    return [
        f"solutions/{collected.slug}.py: {exercise.name} is judged {exercise.outcome}: "
        f"{exercise.feedback}"
        for exercise in report.exercises
        if exercise.outcome != "right"
    ] + list(report.notes)


def _stub_is_polite(grader: Grader) -> list[str]:
    collected = grader.collected
    path = collected.root / "assignments" / f"{collected.slug}.py"
    if not path.is_file():
        return [
            f"assignments/{collected.slug}.py is missing: run autograder build {collected.slug}"
        ]
    report = grader.grade(read(path))
    return [
        f"assignments/{collected.slug}.py: the stub {exercise.name} is judged {exercise.outcome}"
        for exercise in report.exercises
        if exercise.outcome != "unfinished" or exercise.score != 0
    ]


def right_programs(collected: Collected) -> list[Path]:
    """Hand-ins in many styles, each of whose exercises is right: exercises/<lab>/right/*.py."""
    return sorted((collected.root / "exercises" / collected.slug / "right").glob("*.py"))


def _right_passes(grader: Grader, file: Path) -> list[tuple[str, str | None]]:
    """(exercise, why it loses points or None) for every exercise that a right program defines."""
    collected = grader.collected
    submission = read(file)
    own = defined_in(submission, collected)
    if not own:
        return []
    known = {exercise.name: exercise for exercise in collected.exercises}
    grader.collected = replace(collected, exercises=tuple(known[name] for name in own))
    try:
        report: LabReport = grader.grade(submission)
    finally:
        grader.collected = collected
    where = f"exercises/{collected.slug}/right/{file.name}"
    return [
        (
            exercise.name,
            None
            if exercise.score == exercise.max_score
            else f"the right answer in {where} loses points: {exercise.feedback}",
        )
        for exercise in report.exercises
    ]


def defined_in(submission: Submission, collected: Collected) -> list[str]:
    """The exercises of a lab that a submission defines, in teaching order."""
    names = {name for cell in submission.cells for name in cell.defines}
    return [exercise.name for exercise in collected.exercises if exercise.name in names]


def _leaks(collected: Collected) -> list[str]:
    authored = (collected.root / "solutions" / f"{collected.slug}.py").read_text(encoding="utf-8")
    folders = [collected.root / "release" / collected.slug, collected.root / "assignments"]
    files = {
        str(path.relative_to(collected.root)): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return leaks(collected.slug, authored, files, _handed_out(collected))


def _handed_out(collected: Collected) -> set[str]:
    """Lines that other labs hand out written, which are copies of this one or of what it is of."""
    own, found = {collected.slug, *collected.lab.copied}, set[str]()
    for slug in labs(collected.root):
        if slug != collected.slug and own & {*lab(slug, collected.root).copied}:
            text = (collected.root / "solutions" / f"{slug}.py").read_text(encoding="utf-8")
            found |= secrets(text)[1]
    return found


def _others(exercise: Exercise) -> int:
    """How many other right programs stand in a spec."""
    return int(exercise.stand_in is not None) + len(exercise.styles)


def prove(exercise: Exercise, oracle: Oracle, messages: bool = False) -> ExerciseProof:
    """Runs the mistakes, the stand-in and the styles of one exercise through its cases."""
    proof = ExerciseProof(
        oracle.collected.slug, exercise.name, 0, len(exercise.mistakes), 0, 0, _others(exercise), 0
    )
    try:
        found_out = told_of if messages else called_on
        told = {
            name: [found_out(exercise, oracle, draw, name) for draw in TRIED_DRAWS]
            for name in (mistake.name for mistake in exercise.mistakes)
        }
        others = _others_pass(exercise, oracle)
        return replace(
            proof,
            cases=len(oracle.expected(exercise, 0)),
            caught=sum(all(found.caught for found in tried) for tried in told.values()),
            told_apart=sum(
                all(found.called == name for found in tried) for name, tried in told.items()
            ),
            accepted=_others(exercise) if others is None else 0,
            faults=tuple(
                dict.fromkeys(
                    fault for name, tried in told.items() for fault in _faults(name, tried)
                )
            )
            + ((others,) if others else ())
            + tuple(dict.fromkeys(foreseen(oracle.expected(exercise, 0)))),
            messages=tuple((name, tried[0].message) for name, tried in told.items())
            if messages
            else (),
        )
    except SandboxError as error:
        return replace(proof, faults=(str(error),))


@dataclass(frozen=True)
class Diagnosis:
    """What a mistake is called on one draw, and what a student who made it is told, if asked."""

    caught: bool
    called: str | None
    message: str = ""


def told_of(exercise: Exercise, oracle: Oracle, draw: int, name: str) -> Diagnosis:
    """What becomes of a mistake, judged as a student's program is: on every case."""
    expected, mistakes = oracle.expected(exercise, draw), oracle.mistakes(exercise, draw)
    trials = tuple(trials_of(expected, mistakes[name]))
    earned, called = share(trials), diagnose(trials, mistakes)
    outcome: Any = outcome_of(trials)
    judgement = Judgement(exercise, trials, outcome, earned, called)
    return Diagnosis(earned < 1, called, report_on(judgement).feedback)


def called_on(exercise: Exercise, oracle: Oracle, draw: int, name: str) -> Diagnosis:
    """The same without a message, on as many cases as that needs.

    A mistake is caught by one case, and told from another by the first case on which they differ:
    what does on every case what was seen is it, and the first such one in the spec is named.
    """
    expected, mistakes = oracle.expected(exercise, draw), oracle.mistakes(exercise, draw)
    trials = _Asked(trials_of(expected, mistakes[name]))
    if not any(counts(trial) and not trial.passed for trial in trials):
        return Diagnosis(caught=False, called=None)
    does_so = (other for other, does in mistakes.items() if other == name or fits(trials, does))
    return Diagnosis(caught=True, called=next(does_so))


class _Asked:
    """Trials that are made one after another, as far as anybody looks, each of them once."""

    def __init__(self, trials: Iterator[Trial]) -> None:
        self._made: list[Trial] = []
        self._rest = trials

    def __iter__(self) -> Iterator[Trial]:
        for place in itertools.count():
            if place == len(self._made):
                try:
                    self._made.append(next(self._rest))
                except StopIteration:
                    return
            yield self._made[place]


def _faults(name: str, tried: Sequence[Diagnosis]) -> Iterable[str]:
    for found in tried:
        if found.caught and found.called not in (name, None):
            yield f"{name} is taken for {found.called}"
    if not all(found.caught for found in tried):
        yield f"{name} is not caught"
    elif not all(found.called == name for found in tried):
        yield f"{name} is not told apart from other mistakes"


def trials_of(expected: Sequence[tuple[Request, Observed]], does: LazyAnswers) -> Iterator[Trial]:
    """The cases of a program of which is found out, when asked, what it does on each."""
    cases = [(request.question, due) for request, due in expected]

    def call(place: int, arguments: bool) -> tuple[Observed, Observed]:
        return does[place], does.left(place) if arguments else Observed("skipped")

    return tried(cases, call)


def _others_pass(exercise: Exercise, oracle: Oracle) -> str | None:
    """Why the stand-in or a style of an exercise is not right, if one is not."""
    others = {"the stand-in": "stand_in"} if exercise.stand_in else {}
    others |= {f"the style {s.__name__}": f"styles.{n}" for n, s in enumerate(exercise.styles)}
    for name, path in others.items():
        for draw in TRIED_DRAWS:
            expected = oracle.expected(exercise, draw)
            requests = [request for request, _ in expected]
            does = oracle.run(exercise, oracle.entry(exercise, path), requests)
            for trial in trials_of(expected, does):
                if counts(trial) and not trial.passed:
                    what = trial.mismatch or f"{trial.got.did} {trial.got.type} {trial.got.text}"
                    return f"{name} fails on {trial.question.name!r}: {what}"
    return None
