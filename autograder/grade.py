"""The only place where points are given: (lab, submission, worker) → LabReport."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from autograder.calls import CALL_SECONDS, TRAINING_SECONDS, Answer, Request, call, raised
from autograder.collection import Collected
from autograder.feedback import case_report, feedback
from autograder.labcheck.forbidden import Source, folded, forbidden_use, may_use
from autograder.labcheck.message import outcome_of, share
from autograder.labcheck.tree import decode, encode
from autograder.labcheck.verdict import Observed, Trial, diagnose, judged, reads_host
from autograder.oracle import Oracle
from autograder.report import ExerciseReport, LabReport, Outcome
from autograder.sandbox import wire
from autograder.sandbox.errors import GraderFault, SandboxError, Violation, WorkerGone
from autograder.sandbox.pool import Sandbox, Worker
from autograder.spec import Exercise
from autograder.submission import Cell, Submission

CELL_SECONDS = 20.0
SUBMISSION_SECONDS = 180.0
RELOADS = 3
"""How many cells may each end the process before the rest is given up."""


@dataclass(frozen=True)
class Judgement:
    """One exercise as judged: its cases, the known mistake, and what ended it early."""

    exercise: Exercise
    trials: tuple[Trial, ...]
    outcome: Outcome
    share: float
    mistake: str | None = None
    reason: str = ""
    given: tuple[str, ...] = ()


class Grader:
    """Grades submissions of one lab, one after another, in a sandbox of its own."""

    def __init__(
        self, collected: Collected, secret: bytes, root: Path, *,
        isolation: Literal["walls", "process"] = "walls", device: Literal["cpu", "cuda"] = "cpu",
    ) -> None:  # fmt: skip
        self.collected = collected
        self.device = device
        self.sandbox = Sandbox(
            collected.lab.arrays, isolation=isolation, device=device, course=root
        )
        self.oracle = Oracle(collected, secret, self.sandbox, root)

    def __enter__(self) -> Grader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        """Ends the workers and the warm process."""
        self.oracle.close()
        self.sandbox.close()

    def grade(self, submission: Submission) -> LabReport:
        """The report of one submission; a fault of the grader becomes `not_graded`."""
        started = time.monotonic()
        if submission.problem is not None:
            found = [self._nothing(one, submission.problem) for one in self.collected.exercises]
        else:
            with _Sitting(self, submission) as sitting:
                found = sitting.judge()
        exercises = [self._report(one) for one in found]
        notes = [*submission.notes, *(_fault(one) for one in found if one.outcome == "not_graded")]
        return LabReport(
            self.collected.slug, submission.student, self.device, self.isolation,
            time.monotonic() - started, tuple(exercises), submission.problem, tuple(notes),
        )  # fmt: skip

    @property
    def isolation(self) -> tuple[str, ...]:
        """What the canary found in force, for the report."""
        finding = self.sandbox.finding
        layers = tuple(layer.name for layer in finding.layers if layer.in_force)
        return (f"tier {finding.tier}: {finding.statement}", *layers)

    def _nothing(self, exercise: Exercise, problem: str) -> Judgement:
        return Judgement(exercise, (), "missing", 0.0, None, problem)

    def _report(self, one: Judgement) -> ExerciseReport:
        exercise = one.exercise
        score = None if one.outcome == "not_graded" else round(exercise.points * one.share, 4)
        return ExerciseReport(
            exercise.name, one.outcome, score, float(exercise.points), one.mistake,
            feedback(exercise, one, score),
            tuple(case_report(trial, exercise.parts) for trial in one.trials),
        )  # fmt: skip


@dataclass
class _Sitting:
    """One submission under judgement: its cells, its worker, and the time that is left."""

    grader: Grader
    submission: Submission
    ends: float = 0.0
    worker: Worker | None = None
    given: tuple[str, ...] = ()
    defined: dict[str, str] = field(default_factory=dict)
    failed: dict[int, Observed] = field(default_factory=dict)
    deadly: dict[int, Observed] = field(default_factory=dict)

    def __enter__(self) -> _Sitting:
        self.ends = time.monotonic() + SUBMISSION_SECONDS
        asked = {one.name for one in self.grader.collected.exercises}
        self.cells = [one for one in self.submission.cells if not one.extra or one.defines & asked]
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def _drop(self) -> None:
        if self.worker is not None:
            self.worker.close()
            self.worker = None

    # -- the exercises, twice where that can help ------------------------------------------------

    def judge(self) -> list[Judgement]:
        """Every exercise; those that fail are judged again apart from what else failed."""
        exercises = self.grader.collected.exercises
        first = [self._safely(one) for one in exercises]
        final: list[Judgement] = []
        for place, one in enumerate(first):
            earlier = [other.exercise.name for other in first[:place] if other.share < 1]
            final.append(self._again(one, earlier, alone=place == 0))
        return final

    def _again(self, one: Judgement, earlier: Sequence[str], alone: bool) -> Judgement:
        """Judged afresh: apart from other exercises, then with earlier ones given."""
        if one.outcome in ("right", "unfinished", "not_graded"):
            return one
        best = one
        if not alone and one.outcome in ("wrong", "partly", "error"):
            best = max(best, self._afresh(one.exercise, ()), key=lambda judged: judged.share)
        used = self.source.reachable(one.exercise.name) - {one.exercise.name}
        given = tuple(name for name in earlier if name in used)
        if given and best.share < 1:
            helped = self._afresh(one.exercise, given)
            if helped.share > best.share:
                best = replace(helped, given=given)
        return best

    def _afresh(self, exercise: Exercise, given: tuple[str, ...]) -> Judgement:
        self._drop()
        self.given = given
        try:
            return self._safely(exercise)
        finally:
            self._drop()
            self.given = ()

    def _safely(self, exercise: Exercise) -> Judgement:
        try:
            return self._judge(exercise)
        except SandboxError as fault:
            self._drop()
            return Judgement(exercise, (), "not_graded", 0.0, None, str(fault))
        except Exception as fault:
            self._drop()
            return Judgement(
                exercise, (), "not_graded", 0.0, None, f"{type(fault).__name__}: {fault}"
            )

    # -- one exercise ----------------------------------------------------------------------------

    def _judge(self, exercise: Exercise) -> Judgement:
        if time.monotonic() > self.ends:
            return Judgement(exercise, (), "timeout", 0.0, None, _no_time())
        early = self._before(exercise)
        if early is not None:
            return early
        used = self._forbidden(exercise)
        if used is not None:
            return Judgement(exercise, (), "forbidden", 0.0, None, used)
        oracle = self.grader.oracle
        draw = oracle.draw(self.submission.student, exercise)
        trials = tuple(self._trials(exercise, oracle.expected(exercise, draw)))
        outcome: Any = outcome_of(trials)
        mistake = None
        if outcome in ("wrong", "partly", "error"):
            mistake = diagnose(trials, oracle.mistakes(exercise, draw))
        return Judgement(exercise, trials, outcome, share(trials), mistake)

    def _before(self, exercise: Exercise) -> Judgement | None:
        """The judgement of an exercise that cannot be called at all."""
        if self.worker is None:
            self._load()
        if self.worker is None:
            gone = next(reversed(self.deadly.values()))
            return Judgement(exercise, (), _outcome(gone.type), 0.0, None, gone.text)
        if self.defined.get(exercise.name) in ("function", "class", "other"):
            return None
        for place, cell in enumerate(self.cells):
            if exercise.name not in cell.defines:
                continue
            if place in self.deadly:
                gone = self.deadly[place]
                return Judgement(exercise, (), _outcome(gone.type), 0.0, None, gone.text)
            if place in self.failed:
                return self._cell_failed(exercise, self.failed[place])
        return Judgement(exercise, (), "missing", 0.0)

    @functools.cached_property
    def source(self) -> Source:
        """The names of the submission, read when they are first asked for."""
        return Source.of([cell.source for cell in self.cells])

    @functools.cached_property
    def text(self) -> str:
        """All cells as one text, identifiers folded."""
        return folded(cell.source for cell in self.cells)

    def _forbidden(self, exercise: Exercise) -> str | None:
        """What the exercise uses and may not, read from the source."""
        collected = self.grader.collected
        if not may_use(self.text, (*collected.lab.forbidden, *exercise.forbidden)):
            return None
        names = [one.name for one in collected.exercises]
        own = forbidden_use(self.source, exercise.name, exercise.forbidden)
        lab = collected.lab.forbidden
        return own or forbidden_use(self.source, exercise.name, lab, apart=names)

    def _cell_failed(self, exercise: Exercise, error: Observed) -> Judgement:
        if error.did == "forbidden":
            return Judgement(exercise, (), "forbidden", 0.0, None, error.text)
        memory = error.type == "MemoryError"
        where = "".join(
            f"\n{file}, line {line}: {text.strip()}" for file, line, text in error.lines[-1:]
        )
        reason = f"{error.type}: {error.text}{where}"
        return Judgement(exercise, (), "memory" if memory else "error", 0.0, None, reason)

    def _trials(
        self, exercise: Exercise, expected: Sequence[tuple[Request, Observed]]
    ) -> Iterable[Trial]:
        arguments: dict[str, Observed] = {}
        wanted = {one.case.like for one, _ in expected if one.case.observe == "arguments"}
        gone: Observed | None = None
        for request, due in expected:
            case = request.case
            if gone is not None:
                skipped = Observed("skipped", text="not run: a call before it ended the process")
                yield Trial(request.question, due, skipped, None, passed=False)
                continue
            if case.observe == "arguments":
                got = arguments[case.like]
            else:
                reply = self._call(exercise, request, wants=case.name in wanted)
                got, arguments[case.name] = reply
            if got.did == "gone":
                gone = got
                self._drop()
            if case.device == "meta" and due.did == "result" and reads_host(got):
                skipped = Observed("skipped", text="it reads numbers on the host, which is fine")
                yield Trial(request.question, due, skipped, None, passed=True)
                continue
            yield judged(request.question, due, got)

    def _call(
        self, exercise: Exercise, request: Request, wants: bool
    ) -> tuple[Observed, Observed]:
        if self.worker is None:
            self._load()
        if self.worker is None:
            gone = Observed("gone", type="crash", text="The program could not be loaded again.")
            return gone, gone
        limit = TRAINING_SECONDS if exercise.training else CALL_SECONDS
        left = max(0.1, min(limit, self.ends - time.monotonic()))
        reply = call(
            self.worker,
            exercise.name,
            request,
            seconds=left,
            arguments=wants,
            answer=self._answer(),
        )
        return self.grader.oracle.viewed(exercise, request, reply.result), reply.arguments

    def _answer(self) -> Answer | None:
        """Answers for the functions that the judge gives in the student's stead."""
        if not self.given:
            return None
        references = {one.name: one.reference for one in self.grader.collected.exercises}

        def answer(header: dict[str, Any], arrays: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
            name = str(header.get("name"))
            if name not in self.given:
                return _told("NameError", "no such function"), b""
            args = [decode(node, arrays) for node in header["args"]]
            kwargs = {str(key): decode(node, arrays) for key, node in header["kwargs"]}
            try:
                bound = inspect.signature(references[name]).bind(*args, **kwargs)
            except TypeError as error:
                return _told("TypeError", str(error)), b""
            got = self.grader.oracle.answer(name, dict(bound.arguments))
            packed: dict[str, Any] = {}
            if got.did != "result":
                return _told(got.type, got.text), b""
            node = encode(got.tree, packed)
            return {"op": "answer", "result": node}, wire.pack(packed)

        return answer

    # -- the student's cells ---------------------------------------------------------------------

    def _load(self) -> None:
        """A fresh worker with every cell run that does not end its process."""
        ends = min(self.ends, time.monotonic() + CELL_SECONDS)
        for _ in range(RELOADS):
            if self._run_cells(ends):
                return
            if any(gone.type == "timeout" for gone in self.deadly.values()):
                ends = min(self.ends, time.monotonic() + CELL_SECONDS)
        self._drop()

    def _run_cells(self, ends: float) -> bool:
        self._drop()
        lab = self.grader.collected.lab
        self.worker = worker = self.grader.sandbox.worker()
        header = {"op": "load", "name": "submission", "cells": [], "modules": {},
                  "stand_ins": list(lab.forbidden), "instead": list(self.given),
                  "scenarios": []}  # fmt: skip
        worker.request(header, seconds=CELL_SECONDS)
        self.failed = {}
        for place, cell in enumerate(self.cells):
            if place in self.deadly:
                continue
            try:
                self._run_cell(worker, place, cell, max(0.1, ends - time.monotonic()))
            except (WorkerGone, Violation, ValueError, KeyError, TypeError) as gone:
                kind = gone.kind if isinstance(gone, WorkerGone) else "crash"
                text = f"Running {cell.file} took too long." if kind == "timeout" else str(gone)
                self.deadly[place] = Observed("gone", type=kind, text=text)
                self._drop()
                return False
        return True

    def _run_cell(self, worker: Worker, place: int, cell: Cell, seconds: float) -> None:
        code = {"source": cell.source, "file": cell.file, "offset": cell.offset}
        reply, _ = worker.request({"op": "cell", **code}, seconds=seconds, answer=self._answer())
        if reply.get("op") != "ran":
            raise Violation("an answer to another question")
        self.defined = {str(name): str(kind) for name, kind in reply["defined"].items()}
        error = reply.get("error")
        if isinstance(error, dict) and error.get("op") == "forbidden":
            self.failed[place] = Observed("forbidden", text=str(error.get("package")))
        elif isinstance(error, dict):
            self.failed[place] = raised(error)


def _outcome(kind: str) -> Any:
    return kind if kind in ("timeout", "memory", "crash") else "crash"


def _fault(one: Judgement) -> str:
    return f"{one.exercise.name} could not be judged: {one.reason}"


def _no_time() -> str:
    return (
        f"The {SUBMISSION_SECONDS:g} seconds of this submission were used up by earlier exercises."
    )


def _told(kind: str, text: str) -> dict[str, Any]:
    return {"op": "answer", "raised": {"type": kind, "text": text}}


__all__ = ["Grader", "GraderFault", "Judgement"]
