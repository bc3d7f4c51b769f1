"""The only place where points are given: (lab, submission, worker) → LabReport."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from typing import Any, Literal

from autograder.judge.calls import Request
from autograder.judge.candidate import Candidate, out_of_time
from autograder.judge.common import common, sketch_of
from autograder.judge.feedback import report_on
from autograder.judge.hidden import statement
from autograder.judge.judgement import Judgement
from autograder.judge.kept import Kept
from autograder.judge.limits import CROSSED, limited_memory
from autograder.judge.oracle import Oracle
from autograder.judge.program import Program, Rules
from autograder.judge.report import LabReport, Outcome
from autograder.judge.submission import Submission
from autograder.labcheck.dependences import Seen
from autograder.labcheck.exceptions import type_told
from autograder.labcheck.message import GRADED, explained, outcome_of, share
from autograder.labcheck.own import Own
from autograder.labcheck.telling import said
from autograder.labcheck.verdict import Observed, diagnose, tried
from autograder.sandbox.errors import OverLimit, SandboxError, told_fault
from autograder.sandbox.pool import Sandbox
from autograder.spec import Exercise
from autograder.spec.collection import Collected

MOST_STOPPED = 3
"""How many lines are named that failed when the cells ran."""
ENDED = frozenset({"timeout", "memory", "crash"})
DISTURBED = frozenset({"wrong", "partly", "error"})
"""Outcomes that may come from what other exercises or cells left behind in the process."""


class Grader(AbstractContextManager["Grader"]):
    """Grades submissions of one lab, one after another, in a sandbox of its own.

    only: the exercises that are judged, each as in a full run; all where there is none.  at_once:
    whether the calls of an exercise are sent together; what comes of it is the same.  kept: where
    it is kept what references give, and closed with the grader.
    """

    def __init__(
        self,
        collected: Collected,
        secret: bytes,
        *,
        isolation: Literal["walls", "process"] = "walls",
        device: Literal["cpu", "cuda"] = "cpu",
        preloaded: socket.socket | None = None,
        only: frozenset[str] = frozenset(),
        at_once: bool = True,
        kept: Kept | None = None,
    ) -> None:
        self.collected, self.device, self.only = collected, device, only
        self.at_once = at_once
        self.sandbox = Sandbox(
            collected.lab.arrays,
            isolation=isolation,
            device=device,
            course=collected.root,
            preloaded=preloaded,
        )
        self.kept = kept
        self.oracle = Oracle(collected, secret, self.sandbox, kept=kept)
        self.common = common(collected, self.sandbox, kept)

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the workers and the fork server."""
        self.oracle.close()
        self.common.close()
        self.sandbox.close()
        if self.kept is not None:
            self.kept.close()

    def grade(self, submission: Submission) -> LabReport:
        """The report of one submission; a fault of the grader becomes `not_graded`."""
        started = time.monotonic()
        exercises, notes = self.collected.exercises, submission.notes
        wanted = self.only or {exercise.name for exercise in exercises}
        judgements: list[Judgement] = []
        starved = False
        try:
            if submission.problem is None and not submission.fault:
                with limited_memory():
                    judgements, seen, starved = self._judged(submission)
                notes = (*seen, *notes, *(one.told for one in self.collected.retracted))
        except MemoryError:
            judgements = [Judgement.without_cases(one, "memory", CROSSED) for one in exercises]
        except OverLimit as over:
            submission = replace(submission, problem=f"unreadable submission: {over}")
        except Exception as fault:
            submission = replace(submission, fault=told_fault(fault))
        if not judgements:
            outcome: Outcome = "not_graded" if submission.fault else "missing"
            why = submission.fault or submission.problem or ""
            judgements = [Judgement.without_cases(one, outcome, why) for one in exercises]
        return LabReport(
            self.collected.slug,
            submission.student,
            self.device,
            self.isolation,
            time.monotonic() - started,
            tuple(report_on(one) for one in judgements if one.exercise.name in wanted),
            submission.problem,
            notes,
            submission.look_at,
            starved,
        )

    def _judged(self, submission: Submission) -> tuple[list[Judgement], tuple[str, ...], bool]:
        """Its exercises, notes on how its cells ran, and whether it waited for a processor.

        Raises OverLimit, GraderFault.
        """
        program = Program.of(
            submission, [one.name for one in self.collected.exercises], self.rules
        )
        candidate = Candidate(self.sandbox, self.oracle, program, at_once=self.at_once)
        with closing(candidate):
            judgements = Judging(self, candidate, submission.student).judge()
            candidate.close()
            return judgements, tuple(_notes(candidate)), candidate.starved

    @property
    def rules(self) -> Rules:
        """What the lab and its exercises forbid."""
        own = {one.name: tuple(one.forbidden) for one in self.collected.exercises}
        return Rules(tuple(self.collected.lab.forbidden), own)

    @property
    def isolation(self) -> tuple[str, ...]:
        """What the self-test found in force, for the report."""
        finding = self.sandbox.finding
        layers = tuple(layer.name for layer in finding.layers if layer.in_force)
        return (f"tier {finding.tier}: {finding.statement}", *layers)


def _notes(candidate: Candidate) -> Iterator[str]:
    """For the top of the report: modules that are not here, and lines that cannot run here."""
    for name in candidate.absent:
        yield f"{name} is not installed where you are graded"
    told = [seen for seen in candidate.stopped.values() if seen.type != "ModuleNotFoundError"]
    for seen in told[:MOST_STOPPED]:
        for file, line, source in seen.lines[:1]:
            where = f"{file}, line {line}"
            kind = type_told(seen, candidate.program.own)
            yield f"{where} stopped with {kind}: {source.strip()[:60]}"


@dataclass(frozen=True)
class Judging:
    """One submission under judgement."""

    grader: Grader
    candidate: Candidate
    student: str

    # -- the exercises, twice where that can help ------------------------------------------------

    def judge(self) -> list[Judgement]:
        """Every exercise; those that fail are judged again apart from what else failed.

        What the wrong ones do is found out last, so that it takes no time from a verdict.
        """
        first: list[Judgement] = []
        for exercise in self._to_judge():
            first.append(self._first(exercise, first))
        final: list[Judgement] = []
        for judgement in first:
            failed = [earlier.exercise.name for earlier in final if earlier.share < 1]
            final.append(_slim(self._again(judgement, failed)))
        return [self._told(judgement) for judgement in final]

    def _to_judge(self) -> list[Exercise]:
        """What is asked for, and what that uses: how this ends is a part of the verdict."""
        exercises = self.grader.collected.exercises
        todo, names = set(self.grader.only), set[str]()
        while todo:
            names |= todo
            todo = {used for name in todo for used in self.candidate.program.used(name)} - names
        return [one for one in exercises if one.name in names or not names]

    def _first(self, exercise: Exercise, before: Sequence[Judgement]) -> Judgement:
        """Judged with all cells; what would end the process once more is given at once."""
        ended = [earlier.exercise.name for earlier in before if earlier.outcome in ENDED]
        given = self._used(exercise, ended)
        if given:
            helped = self._helped(exercise, given)
            if helped.outcome == "right":
                return helped
        return self._safely(exercise)

    def _again(self, first: Judgement, failed: Sequence[str]) -> Judgement:
        """Judged apart from other exercises and cells, then with earlier ones given."""
        best, exercise = first, first.exercise
        if first.outcome in ("right", "not_graded"):
            return first
        for only in self._apart_from(first):
            if best.share < 1:
                best = max(best, self._apart(exercise, (), only), key=lambda it: it.share)
        given = self._used(exercise, failed)
        if given and best.share < 1:
            helped = self._helped(exercise, given)
            asked = self._asked(helped).intersection(given)
            same = helped.share == best.share and asked and _compared(helped)
            if helped.share > best.share or same:
                best = helped
        return best

    def _apart_from(self, first: Judgement) -> Iterator[Collection[int] | None]:
        """Which cells to run in a process of its own: all, then those that are needed."""
        if first.outcome in DISTURBED:
            if first.exercise != self.grader.collected.exercises[0]:
                yield None
            needed = self.candidate.program.needed([first.exercise.name])
            if self.candidate.program.disturbed(needed):
                yield needed

    def _used(self, exercise: Exercise, names: Sequence[str]) -> tuple[str, ...]:
        used = self.candidate.program.used(exercise.name) if names else set()
        apart = (name for name in names if not self.candidate.fatal_together(name, exercise.name))
        return tuple(name for name in apart if name in used)

    def _helped(self, exercise: Exercise, given: tuple[str, ...]) -> Judgement:
        """Judged with functions given, of which those are told that the exercise may ask."""
        helped = self._apart(exercise, given)
        asked = self._asked(helped)
        return replace(helped, given=tuple(name for name in given if name in asked) or given)

    def _asked(self, helped: Judgement) -> frozenset[str]:
        """The functions that an exercise may ask the judge for; none where it was not called."""
        oracle, exercise = self.grader.oracle, helped.exercise
        if not helped.trials:
            return frozenset()
        return oracle.asked(exercise, oracle.draw(self.student, exercise))

    def _apart(
        self, exercise: Exercise, given: tuple[str, ...], only: Collection[int] | None = None
    ) -> Judgement:
        with self.candidate.apart(given, only):
            return self._safely(exercise)

    def _safely(self, exercise: Exercise) -> Judgement:
        """Judged, and once more in new processes where the grader's own have failed."""
        text = ""
        for _ in range(2):
            try:
                return self._judge(exercise)
            except OverLimit:
                raise
            except SandboxError as fault:
                text = str(fault)
                self.grader.oracle.close()
                self.candidate.close()
            except MemoryError:
                self.candidate.close()
                return Judgement.without_cases(exercise, "memory", CROSSED)
            except Exception as fault:
                text = told_fault(fault)
                self.candidate.close()
                break
        return Judgement.without_cases(exercise, "not_graded", text)

    # -- one exercise ----------------------------------------------------------------------------

    def _judge(self, exercise: Exercise) -> Judgement:
        if self.candidate.late:
            return Judgement.without_cases(exercise, "timeout", out_of_time())
        used = self.candidate.program.forbidden.get(exercise.name)
        if used is not None:
            return Judgement.without_cases(exercise, "forbidden", used)
        reason, program = self.candidate.why_not(exercise), self.candidate.program
        if reason is not None:
            given = bool(self.candidate.given)
            ended = _cannot_be_called(reason, program.own, given)
            return Judgement.without_cases(exercise, *ended)
        oracle = self.grader.oracle
        draw = oracle.draw(self.student, exercise)
        expected = oracle.expected(exercise, draw)
        questions = [(request.question, due) for request, due in expected]
        with self.candidate.asking(exercise, draw) as call:
            trials = tuple(tried(questions, call))
        outcome: Any = outcome_of(trials)
        mistake = None
        if outcome in DISTURBED:
            mistake = diagnose(trials, oracle.mistakes(exercise, draw))
        known = Own() if outcome == "right" else program.own.beside(statement(exercise))
        return Judgement(exercise, trials, outcome, share(trials), mistake, own=known)

    def _told(self, judgement: Judgement) -> Judgement:
        """The judgement with what the program does, where no known mistake does the same."""
        if not _unnamed(judgement) or self.candidate.late:
            return judgement
        with self.candidate.apart(judgement.given):
            return self._sketched(self._described(judgement))

    def _described(self, judgement: Judgement) -> Judgement:
        """The judgement with a sentence on what the program does, if one holds."""
        exercise = judgement.exercise

        def probe() -> Sequence[Seen]:
            return self._probed(exercise)

        try:
            return replace(judgement, said=said(judgement.trials, exercise.parts, probe))
        except Exception:  # the verdict stands, whatever comes of looking for words
            self.grader.oracle.close()
            self.candidate.close()
            return judgement

    def _sketched(self, judgement: Judgement) -> Judgement:
        """The judgement with what can be compared with others', where values are wrong so."""
        exercise, candidate = judgement.exercise, self.candidate
        wrong = any(one.question.value and not one.passed for one in judgement.trials)
        if not wrong or candidate.late:
            return judgement
        draw = self.grader.oracle.draw(self.student, exercise)

        def does(place: int, request: Request) -> Observed:
            return candidate.call(exercise, draw, request, False)[0]

        try:
            sketch = sketch_of(exercise, self.grader.common, does)
            if sketch is not None:
                program = candidate.program.excerpt(exercise.name)
                sketch = replace(sketch, program=program)
        except Exception:  # the verdict stands, whatever comes of looking for company
            self.grader.common.close()
            candidate.close()
            return judgement
        return replace(judgement, sketch=sketch)

    def _probed(self, exercise: Exercise) -> Sequence[Seen]:
        """What the program does on the first case with changed arguments."""
        oracle = self.grader.oracle
        draw = oracle.draw(self.student, exercise)
        probing = oracle.probing(exercise, draw)

        def answer(asked: Request) -> Observed:
            return self.candidate.call(exercise, draw, asked, False)[0]

        return probing.seen(exercise.parts, answer)


def _slim(judgement: Judgement) -> Judgement:
    """Without what came back, where nothing is left to be said of it."""
    if judgement.outcome != "right":
        return judgement
    trials = (replace(trial, got=replace(trial.got, tree=None)) for trial in judgement.trials)
    return replace(judgement, trials=tuple(trials))


def _unnamed(judgement: Judgement) -> bool:
    """Whether a result is wrong, and not as a known mistake has it."""
    wrong = judgement.outcome in ("wrong", "partly") and bool(judgement.trials)
    return wrong and judgement.mistake is None


def _compared(judgement: Judgement) -> bool:
    """Whether the first thing to tell is a result that differs, and not a failure to answer."""
    first = next((trial for trial in judgement.trials if not trial.passed), None)
    return first is not None and first.mismatch is not None


def _cannot_be_called(why: Observed, own: Own, given: bool) -> tuple[Outcome, str]:
    """How an exercise ends whose cells already tell that it cannot be called.

    given: whether the judge answered while they ran, so that their texts may hold its answers.
    """
    if why.did == "gone":
        return why.type if why.type in ENDED else "crash", why.text  # type: ignore[return-value]
    if why.did == "forbidden":
        return "forbidden", why.text
    if why.did == "missing":
        return "missing", ""
    told = f"{why.type}: {why.text}" if not given else f"{type_told(why, own)}"
    text = f"The cell that defines it stopped with {told}"
    for file, line, source in why.lines[-1:]:
        place = f"{file}, line {line}"
        text = f"{text.removesuffix(f' ({place})')}\n{place}: {source.strip()}"
    if means := explained(why, own, GRADED):
        text += f"\nThat means: {means}"
    return "memory" if why.type == "MemoryError" else "error", text
