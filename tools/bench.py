"""``make bench``: what the kit costs, as ratios measured in one run, beside stock nbgrader.

Without names the sections of DEFAULT are measured, in under eight minutes on two quiet cores; the
others are measured by name.  Stock nbgrader is timed on two small classes, and its time for a
larger one is a line through both.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.commands.terminal import console
from autograder.judge.grader import Grader
from autograder.judge.submission import read
from autograder.sandbox.pool import Sandbox
from autograder.spec.collection import collect, course, labs
from tools import bench_scale
from tools.bench_cost import TIMES, cost_of, reading_ratios, worst_hand_ins
from tools.bench_course import autograded, class_folder, cluster, graded, timed
from tools.bench_figures import Due, Figure, Section, machine, rows_table, table, write
from tools.bench_labs import LabCost, lab_cost
from tools.bench_nbgrader import stock_course
from tools.madeup import MadeUp
from tools.madeup import write as write_hand_in

SECRET = b"a secret for measuring only"
LAB = "lab2_rnn"
TORCH_LAB = "lab1_shapes"
CHECKED = "rnn_forward"
MIB = 2**20


def main(words: Sequence[str] | None = None) -> int:
    """Measures what is asked for; 0 when all that is due is reached."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    named = f"of: {', '.join(SECTIONS)}; by default {', '.join(DEFAULT)}"
    parser.add_argument("only", nargs="*", metavar="SECTION", help=named)
    parser.add_argument("--lab", action="append", metavar="LAB", help="only these, in labs")
    parser.add_argument("--class-size", type=int, default=100, help="of gradebook, files, dask")
    parser.add_argument("--stock", type=int, default=6, help="notebooks timed with nbgrader")
    parser.add_argument("--hand-ins", type=int, default=1000, help="the larger class of scale")
    parser.add_argument("--times", type=int, default=1, help="judgements of each hand-in in labs")
    parser.add_argument("--json", type=Path, metavar="PATH", help="keep all figures here")
    told = parser.parse_args(words)
    unknown = [name for name in told.only if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are: {', '.join(SECTIONS)}")
    if told.json is not None and not told.json.absolute().parent.is_dir():
        parser.error(f"there is no folder {told.json.parent}; nothing was measured")
    before, found = machine(), dict[str, Section]()
    for name in told.only or DEFAULT:
        print(f"measuring {name} …", file=sys.stderr)
        found[name] = SECTIONS[name](told)
        for made in (rows_table(found[name].rows), table(found[name].figures)):
            if made is not None:
                console().print(made)
        if told.json is not None:
            write(told.json, found, before)
    figures = [one for section in found.values() for one in section.figures]
    return 0 if all(one.reached is not False for one in figures) else 1


def _grader() -> Grader:
    return Grader(collect(LAB), SECRET)


def _timed(action: Callable[[], Any]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def labs_one_by_one(told: argparse.Namespace) -> Section:
    """Each lab: the calls alone, the judge's own time, and where it goes."""
    root, costs = course(), list[LabCost]()
    with tempfile.TemporaryDirectory() as place:
        for slug in told.lab or labs(root):
            print(f"  {slug} …", file=sys.stderr)
            costs.append(lab_cost(slug, root, Path(place) / slug, told.times))
    figures = [
        Figure(
            f"{one.slug}: the judge's own time over the student's calls",
            one.own,
            due=Due("<=", 1.0) if one.slug == LAB else None,
        )
        for one in costs
    ]
    torch = [one for one in costs if one.arrays == "torch"]
    if torch:
        slow, fast = max(costs, key=lambda one: one.mean), min(torch, key=lambda one: one.mean)
        named = f"a class in {slow.slug} over one in {fast.slug}"
        note = f"{slow.mean:.2f} and {fast.mean:.2f} s a hand-in"
        figures.append(Figure(named, slow.mean / fast.mean, note=note))
    rows = tuple(row for one in costs for row in one.rows())
    return Section(tuple(figures), rows, {"labs": [one.to_json() for one in costs]})


def notebook(told: argparse.Namespace) -> Section:
    """The first check of a notebook, all included, each time in a process of its own."""
    root = course()
    check = (
        "import contextlib, importlib, io, sys, time\n"
        "from pathlib import Path\n"
        "from autograder.labcheck.session import NotebookSession\n"
        f"session = NotebookSession(Path('release/{LAB}/visible.json'))\n"
        f"entry = importlib.import_module('solutions.{LAB}').{CHECKED}\n"
        "started = time.perf_counter()\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    session.check(entry)\n"
        "print(time.perf_counter() - started)\n"
    )
    found = [float(_run([sys.executable, "-c", check], root)) for _ in range(5)]
    first = statistics.median(found) * 1e3
    name = f"check({CHECKED}) in a notebook, the first time"
    note = "median of 5 processes; reading the visible cases is in it, importing is not"
    return Section((Figure(name, first, "ms", Due("<=", 60), note),))


# -- beside stock nbgrader -----------------------------------------------------------------------


@dataclass(frozen=True)
class Stock:
    """Seconds of ``nbgrader autograde`` by the size of a class, two of them."""

    found: dict[int, float]

    @property
    def each(self) -> float:
        """Seconds for one more hand-in."""
        (few, first), (more, second) = sorted(self.found.items())
        return (second - first) / (more - few)

    def seconds(self, count: int) -> float:
        """What a class of so many takes: start, and so much for each."""
        few = min(self.found)
        return self.found[few] + (count - few) * self.each

    @property
    def note(self) -> str:
        """How it was found."""
        told = (f"{seconds:.1f} s for {count}" for count, seconds in sorted(self.found.items()))
        return f"stock: {', '.join(told)}, so {self.each:.2f} s for each more"


def stock(folder: Path, slug: str, most: int) -> Stock:
    """Stock nbgrader on a third of so many hand-ins, and on all, after one to warm up."""
    root = stock_course(folder, slug, most)
    handed_in, aside = root / "submitted", root / "aside"
    handed_in.rename(aside)
    released = shutil.copy(root / "gradebook.db", root / "released.db")
    found, places = {}, sorted(aside.iterdir())
    few = max(1, most // 3)
    for count in (1, few, most):
        shutil.rmtree(root / "autograded", ignore_errors=True)
        shutil.copy(released, root / "gradebook.db")
        shutil.rmtree(handed_in, ignore_errors=True)
        for place in places[:count]:
            shutil.copytree(place, handed_in / place.name)
        found[count] = timed(root, *_nbgrader(), "autograde", slug)
    return Stock({count: found[count] for count in (few, most)})


def gradebook(told: argparse.Namespace) -> Section:
    """PyTorch hand-ins into the gradebook: ours, nbgrader with our judge, and stock."""
    many, most = told.class_size, 3 * told.class_size
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        theirs = stock(folder / "stock", TORCH_LAB, told.stock)
        ours, large = (
            graded(class_folder(folder / f"ours{count}", TORCH_LAB, count), TORCH_LAB)
            for count in (many, most)
        )
        with_judge = autograded(class_folder(folder / "judge", TORCH_LAB, many), TORCH_LAB)
    what = "PyTorch hand-ins into the gradebook, against nbgrader autograde"
    figures = (
        Figure(f"{many} {what}", theirs.seconds(many) / ours, "times", Due(">=", 35), theirs.note),
        Figure(
            f"{most} {what}",
            theirs.seconds(most) / large,
            "times",
            Due(">=", 50),
            f"ours: {large:.1f} s",
        ),
        Figure(
            f"{many} {what}: nbgrader autograde with our judge",
            theirs.seconds(many) / with_judge,
            "times",
            Due(">=", 15),
            f"{with_judge:.1f} s",
        ),
    )
    seconds = {"ours": {many: ours, most: large}, "nbgrader_with_our_judge": {many: with_judge}}
    return Section(figures, more={"seconds": {**seconds, "stock": theirs.found}})


def files(told: argparse.Namespace) -> Section:
    """A class of files of lab 2, process against process."""
    root, many = course(), told.class_size
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        paths = [
            write_hand_in(root, LAB, MadeUp(f"student{number:04}"), folder / "hand-ins")
            for number in range(many)
        ]
        ours = _timed(lambda: _run([*_autograder(), "grade", LAB, *map(str, paths)], root))
        theirs = stock(folder / "stock", LAB, told.stock)
    name = f"{many} files of {LAB}: autograder grade against nbgrader autograde"
    figure = Figure(name, theirs.seconds(many) / ours, "times", Due(">=", 30), theirs.note)
    return Section((figure,), more={"seconds": {"ours": {many: ours}, "stock": theirs.found}})


def _autograder() -> list[str]:
    return [sys.executable, "-m", "autograder"]


def _nbgrader() -> list[str]:
    return [sys.executable, "-m", "nbgrader"]


def _run(command: Sequence[str], folder: Path) -> str:
    """What a command prints; SystemExit where it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(course())}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=env
    )
    if done.returncode != 0:
        raise SystemExit(
            f"{' '.join(command[:4])} ended with {done.returncode}:\n{done.stderr[-2000:]}"
        )
    return done.stdout


# -- very many -----------------------------------------------------------------------------------


def scale(told: argparse.Namespace) -> Section:
    """Ten times as many small hand-ins: time, memory, and a model that foretells both."""
    many = told.hand_ins
    few, fewest = max(2, many // 10), max(1, many // 40)
    with tempfile.TemporaryDirectory() as place:
        made = bench_scale.small_course(Path(place) / "course")
        runs = {}
        for count in (fewest, few, many):
            root = Path(place) / str(count)
            shutil.copytree(made, root)
            runs[count] = bench_scale.graded(root, count)
        sizes = bench_scale.messages(root, root / "results" / bench_scale.SLUG / "reports")
    small, large = runs[few], runs[many]
    model = bench_scale.Model.of(runs[fewest], small, os.cpu_count() or 1)
    whole = bench_scale.Model.of(small, large, os.cpu_count() or 1)
    foretold = model.seconds(many) / large.seconds
    figures = (
        Figure(
            f"time for each of {many:,} over {few:,}", large.each / small.each, "", Due("<=", 1.1)
        ),
        Figure(
            f"memory of the process that books, {many:,} over {few:,}",
            large.memory / small.memory,
            "",
            Due("<=", 1.1),
            f"{small.memory:.0f} and {large.memory:.0f} MiB; at the end {large.peak:.0f}",
        ),
        Figure(
            f"{many:,} as foretold from {fewest:,} and {few:,}, over what they took",
            foretold,
            note=f"{'' if abs(foretold - 1) <= 0.1 else 'NOT '}within a tenth",
        ),
        Figure("hand-ins a second, booked", 1 / large.each, "/s"),
        Figure("the process that books, for a hand-in", 1e3 * large.writing, "ms of a processor"),
        Figure("judging, for a hand-in", 1e3 * whole.judging, "ms of a processor"),
        Figure("workers that keep it busy", whole.useful, "workers"),
        Figure("a hand-in on its way to a worker", sizes.task / 1024, "KiB"),
        Figure("its report on its way back", sizes.result / 1024, "KiB"),
    )
    runs_told = [run.to_json() for run in runs.values()]
    return Section(
        figures, more={"runs": runs_told, "model": vars(whole), "messages": vars(sizes)}
    )


def dask(told: argparse.Namespace) -> Section:
    """Dask workers on this machine: their time, and what the scheduler holds for a task."""
    many = told.class_size
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        here = class_folder(folder / "here", TORCH_LAB, many)
        local = graded(here, TORCH_LAB, "--jobs", "2")
        there = class_folder(folder / "there", TORCH_LAB, many)
        with cluster(there, 2) as address:
            cold = graded(there, TORCH_LAB, "--scheduler", address) / local
            shutil.rmtree(there / "results")
            warm = graded(there, TORCH_LAB, "--scheduler", address) / local
        small = bench_scale.small_course(folder / "small")
        _, held = bench_scale.scheduler_held(small, 4 * many, 2)
    figures = (
        Figure(
            "two Dask workers that are up over two local ones that begin",
            warm,
            "",
            Due("<=", 1.1),
            f"the first class: {cold:.2f}",
        ),
        Figure("tasks that the scheduler knows of at a time, at most", held.most, "tasks"),
        Figure("what it holds for a task", held.task / 1024, "KiB"),
        Figure(
            f"what it holds after {4 * many} small hand-ins over before",
            held.held[1] / held.held[0],
            "",
            Due("<=", 1.1),
        ),
    )
    return Section(figures)


# -- the rest ------------------------------------------------------------------------------------


def worker(told: argparse.Namespace) -> Section:
    """How soon a worker answers, what it holds for itself, and what the walls add."""
    ready, private = _forks("walls")
    bare, _ = _forks("process")
    return Section(
        (
            Figure("worker ready, median", ready * 1e3, "ms", Due("<=", 20)),
            Figure("private memory of a worker", private / MIB, "MiB", Due("<=", 50)),
            Figure("walls over a bare fork, median", (ready - bare) * 1e3, "ms", Due("<=", 5)),
        )
    )


def _forks(isolation: Literal["walls", "process"], times: int = 60) -> tuple[float, int]:
    taken, private = [], 0
    with Sandbox("torch", isolation=isolation, course=course()) as sandbox:
        for _ in range(times):
            started = time.perf_counter()
            with sandbox.worker() as one:
                one.request({"op": "load", "cells": []}, seconds=10)
                taken.append(time.perf_counter() - started)
                private = max(private, _private(one.pid))
    return statistics.median(taken), private


def _private(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    lines = [line.split() for line in text.splitlines() if line.startswith("Private_")]
    return sum(int(line[1]) * 1024 for line in lines)


def long_run(told: argparse.Namespace) -> Section:
    """Memory, descriptors and processes after 2,000 hand-ins in one run."""
    import psutil

    hand_in = read(course() / "solutions" / f"{LAB}.py")
    me = psutil.Process()
    with _grader() as grader:
        names = [f"student{number}" for number in range(2000)]
        for name in names[:200]:
            grader.grade(type(hand_in)(name, hand_in.cells))
        memory, handles = me.memory_info().rss, me.num_fds()
        children = len(me.children(recursive=True))
        for name in names[200:]:
            grader.grade(type(hand_in)(name, hand_in.cells))
        grown = (me.memory_info().rss - memory) / MIB
        left = me.num_fds() - handles, len(me.children(recursive=True)) - children
    over = "over the last 1,800 of 2,000 hand-ins"
    return Section(
        (
            Figure(f"growth of memory {over}", grown, "MiB", Due("<=", 20)),
            Figure(f"growth of descriptors {over}", left[0], "", Due("<=", 0)),
            Figure(f"growth of processes {over}", left[1], "", Due("<=", 0)),
        )
    )


def commands(told: argparse.Namespace) -> Section:
    """build --check and verify of one lab."""
    root = course()
    check = _timed(lambda: _run([*_autograder(), "build", "--check", LAB], root))
    proof = _timed(lambda: _run([*_autograder(), "verify", LAB], root))
    return Section(
        (
            Figure("build --check of one lab", check, "s", Due("<=", 15)),
            Figure("verify of lab 2", proof, "s", Due("<=", 30)),
        )
    )


def reading(told: argparse.Namespace) -> Section:
    """Whether reading a hand-in costs as much more as there is more of it."""
    return Section(
        tuple(
            Figure(f"reading {TIMES} times as much: {kind}", ratio, "times", Due("<=", 3 * TIMES))
            for kind, ratio in reading_ratios().items()
        )
    )


def worst(told: argparse.Namespace) -> Section:
    """What the worst hand-ins cost over an ordinary one; their own processes' memory apart."""
    root, figures = course(), list[Figure]()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ordinary = (root / "solutions" / f"{LAB}.py").read_bytes()
        usual = cost_of(root, LAB, folder, "a.py", ordinary)
        for kind, (name, raw) in worst_hand_ins(root, LAB).items():
            found = cost_of(root, LAB, folder, name, raw)
            seconds, memory = found.seconds - usual.seconds, found.memory - usual.memory
            what = f"a hand-in that {kind}"
            figures.append(Figure(what, seconds, "s of one core", Due("<=", 200)))
            figures.append(Figure(what, memory, "MiB", Due("<=", 600)))
    return Section(tuple(figures))


SECTIONS: dict[str, Callable[[argparse.Namespace], Section]] = {
    "labs": labs_one_by_one,
    "notebook": notebook,
    "gradebook": gradebook,
    "files": files,
    "scale": scale,
    "dask": dask,
    "worker": worker,
    "reading": reading,
    "worst": worst,
    "commands": commands,
    "long_run": long_run,
}
DEFAULT = ("labs", "notebook", "gradebook", "files", "scale")
"""What is measured where no section is named."""


if __name__ == "__main__":
    sys.exit(main())
