"""Very many small hand-ins, for ``make bench``: what each costs, what grows, and a model of both.

A course of its own has one lab of two exercises; a few programs are handed in under many names,
and hidden inputs are drawn by name, so that each is judged.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pickle
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from autograder.chain.build import build
from autograder.chain.scaffold import new_course, new_lab
from autograder.course.finding import handed_in_by
from autograder.course.processes import Setup
from tools.bench_course import cluster, environment
from tools.madeup import MadeUp, write

SLUG = "lab1"
SHORTEST = 1e-6
"""Seconds that anything takes, at least."""
MIB = 2**20
LOOKS = 1.0
"""Seconds between two looks at a run."""

PROGRAMS = (
    MadeUp("reference"),
    MadeUp("in_one_line", edits=[("unroll", "h, states = h0, []", "states, h = [], h0")]),
    MadeUp("from_zeros", edits=[("smooth", "h, states = h0, []", "h, states = 0 * h0, []")]),
    MadeUp("always_from_h0", edits=[("smooth", "keep * h +", "keep * h0 +")]),
    MadeUp("every_call", edits=[("unroll", "step(x[:, t], h)", "step(x[:, t], h0)")]),
    MadeUp("half", stubs=["unroll"]),
    MadeUp("another_axis", edits=[("smooth", "np.stack(states, axis=1)", "np.stack(states)")]),
    MadeUp("of_no_name", edits=[("unroll", "h, states = h0, []", "h, states = 2 * h0, []")]),
)
"""Right, wrong by a mistake with a name, half done, and wrong in a way that has none."""


def small_course(folder: Path) -> Path:
    """A new course with one small lab, built."""
    new_course(folder)
    new_lab(SLUG, "numpy", folder)
    build([SLUG], root=folder)
    return folder


def hand_in(root: Path, count: int) -> None:
    """So many hand-ins of different students; what is there stays."""
    texts = [write(root, SLUG, one, root / "written").read_bytes() for one in PROGRAMS]
    for number, text in zip(range(count), itertools.cycle(texts)):
        place = root / "submitted" / f"student{number:07}" / SLUG
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{SLUG}.ipynb").write_bytes(text)


@dataclass(frozen=True)
class Look:
    """A run at a moment: seconds since it began, reports so far, MiB and processor seconds.

    memory, cpu: of the process that books.  judges: MiB of all below it together.
    """

    seconds: float
    done: int
    memory: float
    judges: float
    cpu: float


@dataclass(frozen=True)
class Run:
    """A class that was graded into the gradebook, watched from outside.

    seconds: of all of it, the command's start and its table at the end too.
    """

    count: int
    seconds: float
    looks: Sequence[Look]

    @property
    def first(self) -> Look:
        """When the first reports were there, and all judges had begun."""
        return next((one for one in self.looks if one.done), self.looks[0])

    @property
    def last(self) -> Look:
        """The last moment at which hand-ins were judged."""
        return next((one for one in self.looks if one.done >= self.count), self.looks[-1])

    @property
    def each(self) -> float:
        """Seconds for one more hand-in, start and end left aside; more than 0."""
        taken = self.last.seconds - self.first.seconds
        return max(taken, SHORTEST) / max(1, self.last.done - self.first.done)

    @property
    def writing(self) -> float:
        """Processor seconds that the process that books takes for a hand-in; more than 0."""
        taken = self.last.cpu - self.first.cpu
        return max(taken, SHORTEST) / max(1, self.last.done - self.first.done)

    @property
    def memory(self) -> float:
        """MiB of the process that books, the median of the second half."""
        looks = [one.memory for one in self.looks if one.done >= self.count / 2]
        return statistics.median(looks or [one.memory for one in self.looks])

    @property
    def peak(self) -> float:
        """MiB of that process at its worst, the end of the run with its table too."""
        return max(one.memory for one in self.looks)

    def to_json(self) -> dict[str, Any]:
        """For --json, with some thirty of the looks."""
        step = max(1, len(self.looks) // 30)
        told = {"seconds_each": self.each, "writer_seconds_each": self.writing}
        told |= {"writer_mib": self.memory, "writer_peak_mib": self.peak}
        looks = [asdict(one) for one in self.looks[::step]]
        return {"hand_ins": self.count, "seconds": self.seconds, **told, "looks": looks}


def graded(root: Path, count: int, *more: str) -> Run:
    """``autograder grade`` of a class of so many in a course folder.  Raises SystemExit."""
    hand_in(root, count)
    reports = root / "results" / SLUG / "reports"
    command = [sys.executable, "-m", "autograder", "grade", SLUG, *more]
    log = root / "command.log"
    looks: list[Look] = []
    started = time.perf_counter()
    with (
        log.open("wb") as out,
        subprocess.Popen(command, cwd=root, env=environment(), stdout=out, stderr=out) as process,
    ):
        while process.poll() is None:
            with contextlib.suppress(psutil.Error):
                looks.append(_look(psutil.Process(process.pid), reports, started))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOKS)
    seconds = time.perf_counter() - started
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)}:\n{log.read_text('utf-8', 'replace')[-2000:]}")
    return Run(count, seconds, looks)


def _look(process: psutil.Process, reports: Path, started: float) -> Look:
    done = len(os.listdir(reports)) if reports.is_dir() else 0  # noqa: PTH208
    memory, times, below = process.memory_full_info().uss, process.cpu_times(), 0
    for one in process.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            below += one.memory_full_info().uss
    cpu = times.user + times.system
    return Look(time.perf_counter() - started, done, memory / MIB, below / MIB, cpu)


# -- the model -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Model:
    """What a class costs: T(n) = start + n · each, on as many cores as it was measured on.

    judging, writing: processor seconds for a hand-in, of judges and of the one process that books.
    growth: bytes that this process holds for a hand-in.
    """

    start: float
    each: float
    judging: float
    writing: float
    memory: float
    growth: float

    @staticmethod
    def of(few: Run, more: Run, cores: int) -> Model:
        """From two runs of different sizes; more: the larger one."""
        each = (more.seconds - few.seconds) / (more.count - few.count)
        growth = (more.peak - few.peak) * MIB / (more.count - few.count)
        judging = max(0.0, cores * more.each - more.writing)
        start = more.seconds - each * more.count
        return Model(start, each, judging, more.writing, more.peak, max(0.0, growth))

    def seconds(self, count: int) -> float:
        """What a class of so many takes here."""
        return self.start + self.each * count

    def on(self, workers: int, count: int) -> float:
        """What it takes with so many workers on cores of their own, and one process that books."""
        return self.start + count * max(self.judging / workers, self.writing)

    @property
    def useful(self) -> float:
        """As many workers as keep the process that books busy; more wait for it."""
        return self.judging / self.writing


# -- Dask ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Messages:
    """Bytes of a hand-in on its way to a worker, with its setup, and of its report back."""

    task: float
    result: float


def messages(root: Path, reports: Path) -> Messages:
    """What the hand-ins and reports of a course weigh as they are sent, the mean."""
    setup = Setup(SLUG, root, b"x" * 32)
    below = root / "submitted"
    places = sorted(below.iterdir())[: len(PROGRAMS)]
    sent = [
        len(
            pickle.dumps(
                (handed_in_by(place / SLUG, SLUG, place.name, root, below=below).to_judge, setup)
            )
        )
        for place in places
    ]
    came = [
        len(pickle.dumps(json.loads(file.read_text("utf-8"))))
        for file in itertools.islice(sorted(reports.glob("*.json")), 100)
    ]
    return Messages(statistics.mean(sent), statistics.mean(came))


@dataclass(frozen=True)
class Scheduler:
    """What a Dask scheduler holds while a class passes through it.

    held: MiB before the class, and at most meanwhile.  most: tasks that it knows of at a time.
    task: bytes that it holds for a task that it knows of.
    """

    held: tuple[float, float]
    most: int
    task: float


def scheduler_held(root: Path, count: int, workers: int) -> tuple[Run, Scheduler]:
    """A class through Dask on this machine, with what its scheduler holds."""
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker has this file
    with cluster(root, workers) as address:
        task = bytes_of_a_task(address)
        from distributed import Client

        with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            before = client.run_on_scheduler(_held)
            client.run_on_scheduler(_watch)
        run = graded(root, count, "--scheduler", address)
        with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            most, held = client.run_on_scheduler(_seen)
    return run, Scheduler((before, max(before, held)), most, task)


def bytes_of_a_task(address: str, count: int = 2000) -> float:
    """Bytes that a scheduler holds for a task that waits, found by holding many."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        before = client.run_on_scheduler(_held)
        gate = client.submit(time.sleep, 6, pure=False)
        waiting = [client.submit(_nothing, gate, n, pure=False) for n in range(count)]
        time.sleep(3)
        held = client.run_on_scheduler(_held)
        client.cancel([gate, *waiting])
    return float(max(0.0, held - before) * MIB / count)


def _nothing(gate: Any, number: int) -> None:
    """A task that waits for another."""


def _held() -> float:
    """Runs in the scheduler: MiB that it holds."""
    return float(psutil.Process().memory_full_info().uss / MIB)


def _watch(dask_scheduler: Any) -> None:
    """Runs in the scheduler: note from now on how many tasks it knows of, and what it holds."""
    from tornado.ioloop import PeriodicCallback

    seen = [0, 0.0]

    def look() -> None:
        seen[0] = max(seen[0], len(dask_scheduler.tasks))
        seen[1] = max(seen[1], psutil.Process().memory_full_info().uss / MIB)

    dask_scheduler.seen = seen
    dask_scheduler.looking = PeriodicCallback(look, 200)
    dask_scheduler.looking.start()


def _seen(dask_scheduler: Any) -> list[Any]:
    dask_scheduler.looking.stop()
    return list(dask_scheduler.seen)
