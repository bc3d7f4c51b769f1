"""``make bench``: what the kit costs, as ratios measured in one run, beside stock nbgrader."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
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

from rich.table import Table

from autograder.commands.terminal import console
from autograder.judge.grader import Grader
from autograder.judge.submission import read
from autograder.labcheck.session import NotebookSession
from autograder.labcheck.tree import live
from autograder.sandbox.pool import Sandbox
from autograder.spec.collection import collect, course
from tools.bench_cost import TIMES, cost_of, reading_ratios, worst_hand_ins
from tools.bench_course import autograded, class_folder, cluster, graded, timed
from tools.bench_nbgrader import stock_course
from tools.madeup import MadeUp, write

SECRET = b"a secret for measuring only"
LAB = "lab2_rnn"
TORCH_LAB = "lab1_shapes"
MIB = 2**20


@dataclass(frozen=True)
class Figure:
    """One measured figure: its name, what was found, and what is to be reached."""

    name: str
    found: str
    goal: str
    reached: bool


def main(words: Sequence[str] | None = None) -> int:
    """Measures what is asked for; 0 when every goal is reached."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="PART", help=f"of: {', '.join(PARTS)}")
    parser.add_argument("--class-size", type=int, default=100)
    parser.add_argument("--stock", type=int, default=10, help="notebooks timed with nbgrader")
    told = parser.parse_args(words)
    unknown = [name for name in told.only if name not in PARTS]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; the parts are: {', '.join(PARTS)}")
    figures: list[Figure] = []
    for name in told.only or PARTS:
        print(f"measuring {name} …", file=sys.stderr)
        figures += PARTS[name](told)
    table = Table("figure", "found", "goal", "")
    for one in figures:
        table.add_row(one.name, one.found, one.goal, "reached" if one.reached else "MISSED")
    console().print(table)
    return 0 if all(one.reached for one in figures) else 1


def _grader() -> Grader:
    collected = collect(LAB)
    return Grader(collected, SECRET)


def _timed(action: Callable[[], Any]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def whole_process(told: argparse.Namespace) -> list[Figure]:
    """A class of correct hand-ins through both commands, process against process."""
    root = course()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        paths = [
            write(root, LAB, MadeUp(f"student{number:04}"), folder / "hand-ins")
            for number in range(told.class_size)
        ]
        ours = _timed(lambda: _run([*_autograder(), "grade", LAB, *map(str, paths)], root))
        stock = stock_course(folder / "stock", LAB, told.stock)
        command = [str(_bin() / "nbgrader"), "autograde", LAB]
        theirs = _timed(lambda: _run(command, stock)) * told.class_size / told.stock
    ratio = theirs / ours
    size = f"{told.class_size} correct hand-ins"
    found = f"{ratio:.0f} times faster"
    return [
        Figure(
            f"{size}: autograder grade against nbgrader autograde",
            found,
            "at least 15 times",
            ratio >= 15,
        )
    ]


def _autograder() -> list[str]:
    return [sys.executable, "-m", "autograder"]


def _bin() -> Path:
    return Path(sys.executable).parent


def _run(command: Sequence[str], folder: Path) -> None:
    path = f"{_bin()}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    if done.returncode != 0:
        raise SystemExit(
            f"{' '.join(command[:4])} ended with {done.returncode}:\n{done.stderr[-2000:]}"
        )


def worker(told: argparse.Namespace) -> list[Figure]:
    """How soon a worker answers, what it holds for itself, and what the walls add."""
    ready, private = _forks("walls")
    bare, _ = _forks("process")
    walls = (ready - bare) * 1e3
    return [
        Figure("worker ready, median", f"{ready * 1e3:.1f} ms", "20 ms", ready <= 0.020),
        Figure(
            "private memory of a worker",
            f"{private / MIB:.1f} MiB",
            "under 50 MiB",
            private < 50 * MIB,
        ),
        Figure("walls over a bare fork, median", f"{walls:.1f} ms", "under 5 ms", walls < 5),
    ]


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


def judge(told: argparse.Namespace) -> list[Figure]:
    """The judge's own time: all but the student's calls, these timed bare in a fork server."""
    collected = collect(LAB)
    hand_in = read(collected.root / "solutions" / f"{LAB}.py")
    with _grader() as grader:
        for _ in range(3):
            grader.grade(hand_in)
        whole = statistics.median(_timed(lambda: grader.grade(hand_in)) for _ in range(15))
        bare = statistics.median(_bare(grader, hand_in.student) for _ in range(15))
    ratio = (whole - bare) / bare
    return [
        Figure(
            "the judge's own time, as a multiple of the student's calls",
            f"{ratio:.2f}",
            "at most 1",
            ratio <= 1,
        )
    ]


def _bare(grader: Grader, student: str) -> float:
    """Seconds of the calls alone, in this process."""
    module = importlib.import_module(f"solutions.{LAB}")
    total = 0.0
    for exercise in grader.collected.exercises:
        entry = getattr(module, exercise.name)
        for request, _ in grader.oracle.expected(exercise, grader.oracle.draw(student, exercise)):
            if request.case.observe == "arguments":
                continue
            given = {name: live(value) for name, value in request.question.arguments.items()}
            scenario = request.case.scenario or exercise.scenario
            started = time.perf_counter()
            with contextlib.suppress(ValueError, KeyError):
                _ = scenario(entry, **given) if scenario else entry(*given.values())
            total += time.perf_counter() - started
    return total


def notebook(told: argparse.Namespace) -> list[Figure]:
    """What check(rnn_forward) adds to the student's own calls."""
    root = course()
    session = NotebookSession(root / "release" / LAB / "visible.json")
    entry = importlib.import_module(f"solutions.{LAB}").rnn_forward
    with contextlib.redirect_stdout(io.StringIO()):
        first = _timed(lambda: session.check(entry))
    return [
        Figure(
            "check(rnn_forward), the first time, all included",
            f"{first * 1e3:.0f} ms",
            "under 100 ms more than the calls",
            first < 0.1,
        )
    ]


def long_run(told: argparse.Namespace) -> list[Figure]:
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
    found = f"{grown:.1f} MiB, {left[0]} descriptors, {left[1]} processes"
    return [
        Figure(
            "growth over the last 1,800 of 2,000 hand-ins",
            found,
            "under 20 MiB, 0 and 0",
            grown < 20 and left == (0, 0),
        )
    ]


def gradebook(told: argparse.Namespace) -> list[Figure]:
    """A class of PyTorch hand-ins into the gradebook: ours, stock, and nbgrader with our judge."""
    many = told.class_size
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours = graded(class_folder(folder / "ours", TORCH_LAB, many), TORCH_LAB).seconds
        with_judge = autograded(class_folder(folder / "judge", TORCH_LAB, many), TORCH_LAB).seconds
        stock = stock_course(folder / "stock", TORCH_LAB, told.stock)
        theirs = timed(stock, str(_bin() / "nbgrader"), "autograde", TORCH_LAB).seconds
    theirs *= many / told.stock
    against = f"{many} PyTorch hand-ins into the gradebook, against nbgrader autograde"
    return [
        Figure(
            f"{against}: autograder grade",
            f"{theirs / ours:.0f} times faster",
            "at least 25 times",
            theirs / ours >= 25,
        ),
        Figure(
            f"{against}: with our judge",
            f"{theirs / with_judge:.0f} times faster",
            "at least 10 times",
            theirs / with_judge >= 10,
        ),
    ]


def growth(told: argparse.Namespace) -> list[Figure]:
    """Ten times as many hand-ins: time for each, and memory of all processes together."""
    few, many = told.class_size, 10 * told.class_size
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        small = graded(class_folder(folder / "few", TORCH_LAB, few), TORCH_LAB, memory=True)
        large = graded(class_folder(folder / "many", TORCH_LAB, many), TORCH_LAB, memory=True)
    ratio = (large.seconds / many) / (small.seconds / few)
    more = large.memory / small.memory
    return [
        Figure(
            f"time for each of {many} against {few}", f"{ratio:.2f}", "at most 1.1", ratio <= 1.1
        ),
        Figure(
            f"memory for {many} against {few}",
            f"{more:.2f} ({small.memory:.0f} and {large.memory:.0f} MiB)",
            "at most 1.1",
            more <= 1.1,
        ),
    ]


def dask(told: argparse.Namespace) -> list[Figure]:
    """Two Dask workers on this machine, cold and then warm, against two judging processes."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        here = class_folder(folder / "here", TORCH_LAB, told.class_size)
        local = graded(here, TORCH_LAB, "--jobs", "2").seconds
        there = class_folder(folder / "there", TORCH_LAB, told.class_size)
        with cluster(there, 2) as address:
            cold = graded(there, TORCH_LAB, "--scheduler", address).seconds / local
            shutil.rmtree(there / "results")
            warm = graded(there, TORCH_LAB, "--scheduler", address).seconds / local
    return [
        Figure(
            "two Dask workers that are up against two local ones that begin",
            f"{warm:.2f} of the time (the first class: {cold:.2f})",
            "at most 1.1",
            warm <= 1.1,
        )
    ]


def commands(told: argparse.Namespace) -> list[Figure]:
    """build --check and verify of one lab."""
    root = course()
    check = _timed(lambda: _run([*_autograder(), "build", "--check", LAB], root))
    proof = _timed(lambda: _run([*_autograder(), "verify", LAB], root))
    return [
        Figure("build --check of one lab", f"{check:.1f} s", "under 15 s", check < 15),
        Figure("verify of lab 2", f"{proof:.1f} s", "under 30 s", proof < 30),
    ]


def reading(told: argparse.Namespace) -> list[Figure]:
    """Whether reading a hand-in costs as much more as there is more of it."""
    return [
        Figure(
            f"reading {TIMES} times as much: {kind}",
            f"{ratio:.1f} times the time",
            f"at most {3 * TIMES}",
            ratio <= 3 * TIMES,
        )
        for kind, ratio in reading_ratios().items()
    ]


def worst(told: argparse.Namespace) -> list[Figure]:
    """What the worst hand-ins cost over an ordinary one; their own processes' memory apart."""
    root, figures = course(), []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ordinary = (root / "solutions" / f"{LAB}.py").read_bytes()
        usual = cost_of(root, LAB, folder, "a.py", ordinary)
        for kind, (name, raw) in worst_hand_ins(root, LAB).items():
            found = cost_of(root, LAB, folder, name, raw)
            seconds, memory = found.seconds - usual.seconds, found.memory - usual.memory
            figures.append(
                Figure(
                    f"a hand-in that {kind}",
                    f"{seconds:.0f} s of one core, {memory:.0f} MiB",
                    "at most 200 s and 600 MiB",
                    seconds <= 200 and memory <= 600,
                )
            )
    return figures


PARTS: dict[str, Callable[[argparse.Namespace], list[Figure]]] = {
    "worker": worker,
    "judge": judge,
    "notebook": notebook,
    "reading": reading,
    "worst": worst,
    "commands": commands,
    "whole_process": whole_process,
    "gradebook": gradebook,
    "growth": growth,
    "dask": dask,
    "long_run": long_run,
}


if __name__ == "__main__":
    shutil.rmtree(course() / "bench", ignore_errors=True)
    sys.exit(main())
