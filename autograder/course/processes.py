"""A class at once: submissions judged by processes of this machine, reports in the order asked."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import forkserver, get_all_start_methods, get_context, parent_process
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from typing import Any, Literal

from autograder.course.results import fingerprint
from autograder.judge.feedback import feedback
from autograder.judge.grader import Grader
from autograder.judge.judgement import Judgement
from autograder.judge.report import ExerciseReport, LabReport
from autograder.judge.submission import read
from autograder.sandbox.errors import GraderFault, SandboxError
from autograder.sandbox.handle import Preloaded
from autograder.spec.collection import CollectionError, collect, course, lab

Done = Callable[[str], None]
Work = Sequence[tuple[Path, str]]
"""Files to judge, each with its student."""

Numbered = Sequence[tuple[int, Path, str]]
"""The same, each with its place in the work."""

Reports = Iterator[tuple[int, LabReport]]
"""Reports, each with its place in the work."""

RESTARTS = 3
"""How often judging processes that died are started again."""


def names_of(paths: Sequence[Path]) -> list[str]:
    """The student of each file: its stem; folder/stem where two are equal; numbered after that."""
    stems = [path.stem for path in paths]
    often = Counter(stems)
    names = [
        f"{path.absolute().parent.name}/{path.stem}" if often[path.stem] > 1 else path.stem
        for path in paths
    ]
    seen: Counter[str] = Counter()
    for place, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[place] = f"{name} ({seen[name]})"
    return names


def device_for(wanted: str, arrays: str) -> Literal["cpu", "cuda"]:
    """Where exercises run; raises GraderFault for CUDA that is not there."""
    if wanted == "cpu" or arrays == "numpy" or (wanted == "auto" and not _accelerators()):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise GraderFault("there is no CUDA device here; leave --device out, or say --device cpu")
    return "cpu"


def _accelerators() -> list[Path]:
    """Device files of accelerators: without any it takes no PyTorch to know that there is none."""
    names = ("nvidia*", "kfd", "dxg")
    return [file for name in names for file in Path("/dev").glob(name)]


@dataclass(frozen=True)
class Setup:
    """What a judging process needs to know; it is sent to it, never shown on a command line."""

    slug: str
    root: Path
    secret: bytes
    isolation: Literal["walls", "process"] = "walls"
    device: Literal["cpu", "cuda"] = "cpu"

    def grader(self, preloaded: socket.socket | None = None) -> Grader:
        """A grader of this lab; preloaded: what its fork server becomes a clone of."""
        collected = collect(self.slug, self.root)
        return Grader(
            collected,
            self.secret,
            isolation=self.isolation,
            device=self.device,
            preloaded=preloaded,
        )

    def fingerprint(self) -> str:
        """A digest of all that determines a verdict apart from the submission itself."""
        return fingerprint(self.slug, self.root, self.secret, self.isolation, self.device)


def grade_files(
    slug: str,
    paths: Sequence[Path],
    secret: bytes,
    *,
    jobs: int = 1,
    isolation: Any = "walls",
    device: str = "auto",
    root: Path | None = None,
    done: Done = lambda name: None,
) -> list[LabReport]:
    """One report per file, in the order of the files."""
    root = course(root)
    arrays = lab(slug, root).arrays
    setup = Setup(slug, root, secret, isolation, device_for(device, arrays))
    work = list(zip(paths, names_of(paths), strict=True))
    found: dict[int, LabReport] = {}
    for place, report in judge(work, setup, jobs):
        found[place] = report
        done(report.student)
    return [found[place] for place in range(len(work))]


def judge(work: Work, setup: Setup, jobs: int) -> Reports:
    """Reports of (path, student) as they are ready, each with its place in the work.

    Processes that are ended from outside are started again; after three times without a single
    report in between, what is left is judged one by one, and what ends its process even then is
    left to a person.  GraderFault where that is so of everything.  Several processes begin at
    once, before the first report is asked for.
    """
    jobs = max(1, min(jobs, len(work)))
    if jobs == 1:
        return _here(work, setup)
    numbered = [(place, *one) for place, one in enumerate(work)]
    return _restarted(numbered, _in_processes(numbered, setup, jobs), setup, jobs)


def _restarted(work: Numbered, reports: Reports, setup: Setup, jobs: int) -> Reports:
    """The reports of processes that are started again where they are ended from outside."""
    done: set[int] = set()
    failures = 0
    while True:
        before = len(done)
        try:
            for place, report in reports:
                done.add(place)
                yield place, report
            return
        except BrokenProcessPool:
            failures = failures + 1 if len(done) == before else 1
        left = [one for one in work if one[0] not in done]
        if failures == RESTARTS:
            yield from _one_by_one(left, setup, any_done=bool(done))
            return
        reports = _in_processes(left, setup, jobs)


def _one_by_one(left: Numbered, setup: Setup, any_done: bool) -> Reports:
    """Each in a process of its own, so that one that ends its judge takes no other along."""
    hopeless = []
    for place, path, student in left:
        try:
            for found in _in_processes([(place, path, student)], setup, 1):
                any_done = True
                yield found
        except BrokenProcessPool:
            hopeless.append((place, student))
    if not any_done:
        raise GraderFault("the judging processes were ended from outside, again and again")
    for place, student in hopeless:
        yield place, _for_a_person(setup, student)


def _for_a_person(setup: Setup, student: str) -> LabReport:
    """The report of a submission that no process survives."""
    why = "the judging process was ended from outside, again and again"
    found = [
        Judgement(one, (), "not_graded", 0.0, None, why)
        for one in collect(setup.slug, setup.root).exercises
    ]
    exercises = [
        ExerciseReport(
            one.exercise.name,
            one.outcome,
            None,
            float(one.exercise.points),
            feedback=feedback(one.exercise, one, None),
        )
        for one in found
    ]
    notes = tuple(f"{one.name} could not be judged: {why}" for one in exercises)
    isolation = ("nothing of it was judged",)
    return LabReport(
        setup.slug, student, setup.device, isolation, 0.0, tuple(exercises), None, notes
    )


def _here(work: Work, setup: Setup) -> Reports:
    if not work:
        return
    with setup.grader() as grader:
        for place, (path, student) in enumerate(work):
            yield place, grader.grade(read(path, student))


def _in_processes(work: Numbered, setup: Setup, jobs: int) -> Reports:
    """Reports as they come; the processes begin now, whenever the first report is asked for."""
    preloaded = _preloaded(setup)
    context = _context(setup.slug, setup.root)
    told = (setup, preloaded.control)
    pool = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=told)
    todo = iter(work)
    waiting: dict[Future[LabReport], int] = {}
    for _ in range(2 * jobs):
        _submit(pool, todo, waiting)
    return _as_they_come(pool, preloaded, todo, waiting)


_EARLY: list[Preloaded] = []
"""The fork server that was begun early, until a class is judged or is found to need nothing."""


def begin_early(slug: str, device: str, root: Path | None = None) -> None:
    """Start what judging processes come from; its imports take a while, and more is to be done."""
    arrays = lab(slug, root).arrays
    _EARLY.append(Preloaded(arrays, device_for(device, arrays)))
    if _context(slug, root).get_start_method() == "forkserver":
        forkserver.ensure_running()


def not_needed() -> None:
    """End what was begun early."""
    while _EARLY:
        _EARLY.pop().close()


def _preloaded(setup: Setup) -> Preloaded:
    return _EARLY.pop() if _EARLY else Preloaded(lab(setup.slug, setup.root).arrays, setup.device)


def _context(slug: str, root: Path | None) -> Any:
    """Processes forked from one that has imported what is slow to import, and nothing else."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    slow = ["torch"] if lab(slug, root).arrays == "torch" else []
    context.set_forkserver_preload([__name__, *slow])
    return context


def _as_they_come(
    pool: ProcessPoolExecutor,
    preloaded: Preloaded,
    todo: Iterator[tuple[int, Path, str]],
    waiting: Any,
) -> Reports:
    """Never more is asked for at a time than the processes can hold."""
    with contextlib.closing(preloaded), pool:
        while waiting:
            ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                place = waiting.pop(future)
                _submit(pool, todo, waiting)
                yield place, future.result()


def _submit(
    pool: ProcessPoolExecutor, todo: Iterator[tuple[int, Path, str]], waiting: Any
) -> None:
    one = next(todo, None)
    if one is not None:
        place, path, student = one
        waiting[pool.submit(_judge, path, student)] = place


_GRADER: list[Grader] = []
"""The grader of a judging process; there is one per process, made when it begins."""

_FAULTS: list[Exception] = []
"""Why this process has no grader."""


def _begin(setup: Setup, preloaded: socket.socket) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _GRADER.append(setup.grader(preloaded))
    except (CollectionError, SandboxError) as error:
        _FAULTS.append(error)
        return
    threading._register_atexit(_GRADER[0].close)  # type: ignore[attr-defined]


def _end_with_parent() -> None:
    """Ends this process, and the grader's with it, once the one that began it was killed.

    The sentinel is a pipe that the parent made: it tells of an end from before this began, too.
    """
    parent = parent_process()
    if parent is not None:
        wait_for_end([parent.sentinel])
        os._exit(1)


def _judge(path: Path, student: str) -> LabReport:
    for fault in _FAULTS:
        raise fault
    return _GRADER[0].grade(read(path, student))
