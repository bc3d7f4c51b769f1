"""A class at once: submissions judged by processes of this machine, reports in the order asked."""

from __future__ import annotations

import contextlib
import itertools
import signal
import socket
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import (
    forkserver,
    get_all_start_methods,
    get_context,
    parent_process,
    resource_tracker,
)
from pathlib import Path
from typing import Any, Literal

from autograder.course.candidates import kind_of, stem_of
from autograder.course.companions import whole
from autograder.course.finding import handed_in_by
from autograder.course.results import fingerprint
from autograder.judge.feedback import report_on
from autograder.judge.grader import Grader
from autograder.judge.judgement import Judgement
from autograder.judge.kept import Kept
from autograder.judge.report import LabReport
from autograder.judge.submission import Submission
from autograder.sandbox.errors import GraderFault, SandboxError
from autograder.sandbox.handle import Preloaded
from autograder.sandbox.kernel import die_with
from autograder.sandbox.reader import control as reader_control
from autograder.sandbox.reader import use
from autograder.spec.collection import CollectionError, collect, course, lab, taken_back
from autograder.spec.retracted import Retraction

Done = Callable[[str], None]
Reports = Iterator[tuple[Submission, LabReport]]
"""What was handed in, each with its report."""

Numbered = Iterator[tuple[int, Submission]]
Pending = dict[int, Submission]
Waiting = dict[Future[LabReport], int]

ANSWERS = "answers.sqlite"
"""In the folder of a lab's results: what its references give."""
RESTARTS = 3
"""How often judging processes that died are started again."""


def names_of(paths: Sequence[Path]) -> list[str]:
    """The student of each file: its stem; folder/stem where two are equal; numbered after that."""
    stems = [_stem(path) for path in paths]
    often = Counter(stems)
    names = [
        f"{path.absolute().parent.name}/{stem}" if often[stem] > 1 else stem
        for path, stem in zip(paths, stems, strict=True)
    ]
    used: set[str] = set()
    for place, name in enumerate(names):
        tried = (f"{name} ({number})" for number in itertools.count(2))
        names[place] = next(one for one in itertools.chain([name], tried) if one not in used)
        used.add(names[place])
    return names


def _stem(path: Path) -> str:
    """The name of a file without its suffixes; a folder's as it is."""
    name = path.name or path.resolve().name
    return name if path.is_dir() and not kind_of(name) else stem_of(name)


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
    """What a judging process needs to know; it is sent to it, never shown on a command line.

    only: the exercises that are judged; all where there is none.
    """

    slug: str
    root: Path
    secret: bytes
    isolation: Literal["walls", "process"] = "walls"
    device: Literal["cpu", "cuda"] = "cpu"
    only: frozenset[str] = frozenset()

    def grader(self, preloaded: socket.socket | None = None) -> Grader:
        """A grader of this lab; preloaded: what its fork server becomes a clone of."""
        return Grader(
            collect(self.slug, self.root),
            self.secret,
            isolation=self.isolation,
            device=self.device,
            preloaded=preloaded,
            only=self.only,
            kept=self._kept(),
        )

    def _kept(self) -> Kept | None:
        """What judges of this lab share, where results are kept."""
        results = self.root / "results"
        if not results.is_dir():
            return None
        return Kept(results / self.slug / ANSWERS, self.fingerprint())

    def fingerprint(self) -> str:
        """A digest of all that determines a verdict apart from the submission itself."""
        return self.with_retracted(taken_back(self.slug, self.root))

    def with_retracted(self, taken: Sequence[Retraction]) -> str:
        """The same where these cases were taken back."""
        of_lab = self.slug, self.root, self.secret
        return fingerprint(*of_lab, self.isolation, self.device, taken)


def grade_files(
    slug: str,
    paths: Sequence[Path],
    secret: bytes,
    *,
    jobs: int = 1,
    isolation: Any = "walls",
    device: str = "auto",
    root: Path | None = None,
    only: frozenset[str] = frozenset(),
    done: Done = lambda name: None,
) -> list[LabReport]:
    """One report per file, in the order of the files."""
    root = course(root)
    setup = Setup(slug, root, secret, isolation, device_for(device, lab(slug, root).arrays), only)
    names = names_of(paths)
    never = [whole(path) for path in paths]
    work = (
        handed_in_by(path, slug, name, root, never=never)
        for path, name in zip(paths, names, strict=True)
    )
    reports: dict[str, LabReport] = {}
    slow: list[Submission] = []
    at_once = min(jobs, len(paths))
    for submission, report in judge(work, setup, at_once):
        reports[submission.student] = report
        if at_once > 1 and timed_out(report):
            slow.append(submission)
        else:
            done(report.student)
    for submission in slow:
        again = replace(setup, only=timed_out(reports[submission.student]))
        for _, report in judge([submission], again, 1):
            reports[submission.student] = judged_again(reports[submission.student], report)
        done(submission.student)
    return [reports[name] for name in names]


def timed_out(report: LabReport) -> frozenset[str]:
    """The exercises that ran out of time while the machine was busy with something else.

    That may be the machine's fault, so it stands once it is so alone, too.  A program that had a
    processor all the time is late by itself.
    """
    if not report.starved:
        return frozenset()
    return frozenset(one.name for one in report.exercises if one.outcome == "timeout")


def judged_again(before: LabReport, new: LabReport) -> LabReport:
    """The report from before, with what was judged again in its place."""
    again = {exercise.name: exercise for exercise in new.exercises}
    exercises = tuple(again.get(one.name, one) for one in before.exercises)
    return replace(before, exercises=exercises)


def judge(work: Iterable[Submission], setup: Setup, jobs: int) -> Reports:
    """What is handed in with its report, as it is ready; no more is read ahead than is judged.

    Processes that are ended from outside are started again; after three times without a single
    report in between, what is left is judged one by one, and what ends its process even then is
    left to a person.  GraderFault where that is so of everything.  Several processes begin at
    once, before the first report is asked for.
    """
    todo = iter(work)
    first = list(itertools.islice(todo, 2 * jobs))
    if jobs == 1 or len(first) == 1:
        return _here(itertools.chain(first, todo), setup)
    jobs, pending = min(jobs, len(first)), Pending()
    numbered = iter(enumerate(itertools.chain(first, todo)))
    reports = _in_processes(numbered, pending, setup, jobs)
    return _restarted(numbered, pending, reports, setup, jobs)


def _restarted(
    todo: Numbered, pending: Pending, reports: Reports, setup: Setup, jobs: int
) -> Reports:
    """The reports of processes that are started again where they are ended from outside."""
    done, failures = 0, 0
    while True:
        before = done
        try:
            for reported in reports:
                done += 1
                yield reported
            return
        except BrokenProcessPool:
            failures = failures + 1 if done == before else 1
        todo = itertools.chain(list(pending.items()), todo)
        if failures == RESTARTS:
            yield from _one_by_one(todo, setup, any_done=bool(done))
            return
        reports = _in_processes(todo, pending, setup, jobs)


def _one_by_one(todo: Numbered, setup: Setup, any_done: bool) -> Reports:
    """Each in a process of its own, so that one that ends its judge takes no other along."""
    hopeless = []
    for place, submission in todo:
        try:
            for reported in _in_processes(iter([(place, submission)]), {}, setup, 1):
                any_done = True
                yield reported
        except BrokenProcessPool:
            hopeless.append(submission)
    if not any_done:
        raise GraderFault("the judging processes were ended from outside, again and again")
    for submission in hopeless:
        yield submission, _for_a_person(setup, submission.student)


def _for_a_person(setup: Setup, student: str) -> LabReport:
    """The report of a submission that no process survives."""
    why = "the judging process was ended from outside, again and again"
    exercises = tuple(
        report_on(Judgement.without_cases(exercise, "not_graded", why))
        for exercise in collect(setup.slug, setup.root).exercises
        if not setup.only or exercise.name in setup.only
    )
    isolation = ("nothing of it was judged",)
    return LabReport(setup.slug, student, setup.device, isolation, 0.0, exercises)


def _here(work: Iterable[Submission], setup: Setup) -> Reports:
    """Judged in this process, which finds the lab while the fork server imports."""
    with (
        contextlib.closing(_preloaded(setup)) as preloaded,
        setup.grader(preloaded.control) as grader,
    ):
        for submission in work:
            yield submission, grader.grade(submission)


def _in_processes(todo: Numbered, pending: Pending, setup: Setup, jobs: int) -> Reports:
    """Reports as they come; the processes begin now, whenever the first report is asked for.

    pending: what was taken and is not reported yet, kept up to date.
    """
    preloaded = _preloaded(setup)
    context = _context(setup.slug, setup.root)
    _ensure_running(context)
    arguments = (setup, preloaded.control, reader_control())
    pool = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=arguments)
    _POOLS.add(pool)
    waiting: Waiting = {}
    for _ in range(2 * jobs):
        _submit(pool, todo, pending, waiting)
    return _as_they_come(pool, preloaded, todo, pending, waiting)


_EARLY: list[Preloaded] = []
"""The fork server that was begun early, until a class is judged or is found to need nothing."""


def begin_early(slug: str, device: str, root: Path | None = None) -> None:
    """Start what judging processes come from; its imports take a while, and more is to be done."""
    arrays = lab(slug, root).arrays
    _EARLY.append(Preloaded(arrays, device_for(device, arrays)))
    reader_control()
    _ensure_running(_context(slug, root))


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


def _ensure_running(context: Any) -> None:
    """Start what judging processes are forked from, where Ctrl-C, meant for this one, does not
    reach it: the signal stays blocked in it.
    """
    if context.get_start_method() != "forkserver":
        return
    resource_tracker.ensure_running()  # which unblocks the signal once it is started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _as_they_come(
    pool: ProcessPoolExecutor,
    preloaded: Preloaded,
    todo: Numbered,
    pending: Pending,
    waiting: Waiting,
) -> Reports:
    """Never more is asked for at a time than the processes can hold."""
    with contextlib.closing(preloaded), pool, not_waited_for():
        while waiting:
            ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                report, place = future.result(), waiting.pop(future)
                submission = pending.pop(place)
                _submit(pool, todo, pending, waiting)
                yield submission, report


_POOLS: weakref.WeakSet[ProcessPoolExecutor] = weakref.WeakSet()
"""The pools of this process; they begin before the first report is asked for."""


@contextlib.contextmanager
def not_waited_for() -> Iterator[None]:
    """Where a run is broken off, nobody waits for the submissions that processes are at."""
    try:
        yield
    except BaseException:
        for pool in list(_POOLS):
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()
        not_needed()
        raise


def _submit(pool: ProcessPoolExecutor, todo: Numbered, pending: Pending, waiting: Waiting) -> None:
    for place, submission in itertools.islice(todo, 1):
        pending[place] = submission
        waiting[pool.submit(_judge, submission.to_judge)] = place


_GRADER: list[Grader] = []
"""The grader of a judging process; there is one per process, made when it begins."""

_FAULTS: list[Exception] = []
"""Why this process has no grader."""


def _begin(setup: Setup, preloaded: socket.socket, readers: socket.socket) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    use(readers)
    try:
        _GRADER.append(setup.grader(preloaded))
    except (CollectionError, SandboxError) as error:
        _FAULTS.append(error)
        return
    threading._register_atexit(_GRADER[0].close)  # type: ignore[attr-defined]


def _end_with_parent() -> None:
    """Have this process killed, and the grader's with it, once the one that began it has ended.

    The sentinel is a pipe that the parent made: it tells of an end from before this began, too.
    """
    parent = parent_process()
    if parent is not None:
        die_with(parent.sentinel)


def _judge(submission: Submission) -> LabReport:
    for fault in _FAULTS:
        raise fault
    return _GRADER[0].grade(submission)
