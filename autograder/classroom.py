"""A class at once: submissions judged by processes of this machine, reports in the order asked."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

from autograder.collection import collect
from autograder.grade import Grader
from autograder.report import LabReport
from autograder.sandbox.errors import GraderFault
from autograder.submission import read

Done = Callable[[str], None]
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
    if wanted == "cpu" or arrays == "numpy":
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise GraderFault("there is no CUDA device here; leave --device out, or say --device cpu")
    return "cpu"


def grade_files(
    slug: str, paths: Sequence[Path], secret: bytes, *, jobs: int = 1, isolation: str = "walls",
    device: str = "auto", root: Path | None = None, done: Done = lambda name: None,
) -> list[LabReport]:  # fmt: skip
    """One report per file, in the order of the files."""
    collected = collect(slug, root)
    work = list(zip(paths, names_of(paths), strict=True))
    setup = (slug, root, secret, isolation, device_for(device, collected.lab.arrays))
    jobs = max(1, min(jobs, len(work)))
    if jobs == 1:
        with _grader(*setup) as grader:
            return [_noted(_grade(grader, path, name), done) for path, name in work]
    found: dict[int, LabReport] = {}
    for _ in range(RESTARTS):
        left = [(place, *one) for place, one in enumerate(work) if place not in found]
        if not left:
            break
        try:
            for place, report in _in_processes(left, setup, jobs):
                found[place] = report
                done(report.student)
        except BrokenProcessPool:
            continue
    if len(found) < len(work):
        raise GraderFault("the judging processes were ended from outside, again and again")
    return [found[place] for place in range(len(work))]


def _in_processes(
    work: Sequence[tuple[int, Path, str]], setup: tuple[Any, ...], jobs: int
) -> Iterator[tuple[int, LabReport]]:
    """Reports as they come, never more asked for at a time than the processes can hold."""
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=setup) as pool:
        todo = iter(work)
        waiting: dict[Future[LabReport], int] = {}
        for _ in range(2 * jobs):
            _submit(pool, todo, waiting)
        while waiting:
            ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                place = waiting.pop(future)
                yield place, future.result()
                _submit(pool, todo, waiting)


def _submit(
    pool: ProcessPoolExecutor, todo: Iterator[tuple[int, Path, str]], waiting: Any
) -> None:
    one = next(todo, None)
    if one is not None:
        place, path, name = one
        waiting[pool.submit(_judge, path, name)] = place


_GRADER: list[Grader] = []
"""The grader of a judging process; there is one per process, made when it begins."""


def _begin(slug: str, root: Path | None, secret: bytes, isolation: Any, device: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _GRADER.append(_grader(slug, root, secret, isolation, device))
    threading._register_atexit(_GRADER[0].close)  # type: ignore[attr-defined]


def _grader(slug: str, root: Path | None, secret: bytes, isolation: Any, device: Any) -> Grader:
    collected = collect(slug, root)
    return Grader(collected, secret, collected.root, isolation=isolation, device=device)


def _judge(path: Path, name: str) -> LabReport:
    return _grade(_GRADER[0], path, name)


def _grade(grader: Grader, path: Path, name: str) -> LabReport:
    return grader.grade(read(path, name))


def _noted(report: LabReport, done: Done) -> LabReport:
    done(report.student)
    return report
