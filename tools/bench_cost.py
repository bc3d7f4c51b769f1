"""What one hand-in can cost, for ``make bench``: reading it, by its size, and the worst."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.judge.program import Rules, program_of
from autograder.judge.submission import Submission, read_bytes
from autograder.sandbox.reader import bounded
from autograder.spec.collection import collect

MIB = 2**20
TIMES = 8
"""How much larger the larger of two texts is."""

MARKS = "\u0301\u0316"


def _notebook(cell: Mapping[str, object], count: int) -> bytes:
    made = {"cells": [cell] * count, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made).encode()


def _cell(kind: str, source: str, **more: object) -> dict[str, object]:
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


TEXTS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "combining marks": ("x.py", lambda n: f"x = 'a{MARKS * 15_000 * n}'\n".encode()),
    "a name under marks": ("x.py", lambda n: f"a{MARKS * 15_000 * n} = 1\n".encode()),
    "comments": ("x.py", lambda n: b"# nothing is said here, again and again\n" * 15_000 * n),
    "definitions": ("x.py", lambda n: b"def f(x):\n    return x + 1\n\n\n" * 900 * n),
    "lines that are no Python": ("x.py", lambda n: b"def f(\n" * 2000 * n),
    "text that never ends": ("x.py", lambda n: b"x = '" + b"\\'" * 12_000 * n),
    "raw cells": ("x.ipynb", lambda n: _notebook(_cell("raw", "x"), 6000 * n)),
    "pictures": (
        "x.ipynb",
        lambda n: _notebook(_cell("code", "x = 1", outputs=[{"data": "A" * MIB * 2}]), n),
    ),
}
"""Files by what is much in them: a name, and the bytes of so many times the smallest."""


def reading_ratios() -> dict[str, float]:
    """How much longer it takes to read TIMES as much, by kind of text."""
    return {kind: _seconds(kind, TIMES) / _seconds(kind, 1) for kind in TEXTS}


def _seconds(kind: str, size: int) -> float:
    name, made = TEXTS[kind]
    raw = made(size)
    return min(bounded(_time_of, raw, name) for _ in range(3))


def _time_of(raw: bytes, name: str) -> float:
    """Runs in a reader: processor seconds for the cells of a file and what is read of these."""
    started = time.process_time()
    submission: Submission = read_bytes(raw, name, "bench")
    program_of(submission, ("f",), Rules(("torch.nn",)))
    return max(time.process_time() - started, 1e-3)


# -- the worst -----------------------------------------------------------------------------------

SPINS = """
import threading, time
def _spin(*_, **__):
    ends = time.monotonic() + 9.5
    while time.monotonic() < ends:
        pass
for _ in range(20):
    threading.Thread(target=_spin, daemon=True).start()
"""
FILLS = """
import numpy as np
def _fill(*_, **__):
    return [np.random.rand(6000) for _ in range(5)]
"""


def _every(root: Path, lab: str, head: str, function: str) -> bytes:
    """A program in which one function stands for every exercise."""
    names = [exercise.name for exercise in collect(lab, root).exercises]
    lines = [head, *(f"{name} = {function}" for name in names), ""]
    return "\n".join(lines).encode()


def worst_hand_ins(root: Path, lab: str) -> dict[str, tuple[str, bytes]]:
    """Hand-ins that cost what they can: in time, in what comes back, and in being read."""
    parts = '{"cells": [' + "[]," * 2_000_000 + "[]]}"
    return {
        "spins in twenty threads and every call": ("a.py", _every(root, lab, SPINS, "_spin")),
        "returns as much as it may": ("a.py", _every(root, lab, FILLS, "_fill")),
        "has as many parts as are read": ("a.ipynb", parts.encode()),
        "has as much code as is read": ("a.py", b"x = [[1], [2], [3]]\n" * 13_000),
    }


@dataclass(frozen=True)
class Cost:
    """Processor seconds of all processes, and MiB of the grader's own at their worst."""

    seconds: float
    memory: float


def cost_of(root: Path, lab: str, folder: Path, name: str, raw: bytes) -> Cost:
    """What grading one hand-in takes, watched from outside."""
    file = folder / name
    file.write_bytes(raw)
    command = [sys.executable, "-m", "autograder", "grade", lab, str(file)]
    used: dict[int, float] = {}
    most = 0.0
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            most = max(most, _look(process.pid, used))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
    return Cost(sum(used.values()), most / MIB)


def _look(pid: int, used: dict[int, float]) -> float:
    """Bytes that the grader's own processes hold; what each process has used is noted."""
    held = 0
    with contextlib.suppress(psutil.Error):
        main = psutil.Process(pid)
        for one in (main, *main.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = one.cpu_times()
                used[one.pid] = times.user + times.system
                if not _is_worker(one):
                    held += one.memory_full_info().uss
    return held


def _is_worker(process: psutil.Process) -> bool:
    """Whether it is a student's, which has a limit of its own: it comes from a fork server."""
    parent = process.parent()
    return parent is not None and "forkserver.py" in " ".join(parent.cmdline())
