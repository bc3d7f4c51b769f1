"""What goes wrong on our own side, brought about on purpose; and what is left afterwards.

Killed: the fork server, a worker, a judging process, the grader itself.  Full or closed: the
place of the reports, the place of the secret, the results.  Also two graders at once, and clocks
that jump.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

COURSE = Path(__file__).parents[2]
LAB = "lab2_rnn"
FULL = 100.0
RIGHT = (COURSE / "solutions" / f"{LAB}.py").read_text("utf-8")
SLOWLY = "\n# %%\nimport time\n\ntime.sleep(0.5)\n"


def hand_ins(folder: Path, count: int, more: str = "") -> list[Path]:
    """So many right submissions, each with some more text at its end."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"student{number}.py" for number in range(count)]
    for path in paths:
        path.write_text(RIGHT + more)
    return paths


def secret_in(folder: Path) -> Path:
    """A file with a course secret."""
    path = folder / "secret"
    path.write_text("the secret of a course with faults")
    return path


def command(*told: object) -> list[str]:
    """The command line of a grading."""
    return [sys.executable, "-m", "autograder", "grade", LAB, *map(str, told)]


def run(*told: object, **more: Any) -> subprocess.CompletedProcess[str]:
    """A grading to its end, what it printed as text."""
    return subprocess.run(
        command(*told),
        cwd=COURSE,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        **more,
    )


def reports_in(path: Path) -> list[dict[str, Any]]:
    """Reports without the time they took; a file that is not whole raises."""
    return [{**one, "seconds": 0} for one in json.loads(path.read_text("utf-8"))]


def until(condition: Callable[[], Any], seconds: float = 120) -> Any:
    """What is there as soon as something is; a failure where nothing ever is."""
    ends = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < ends, "it never came about"
        time.sleep(0.02)


def family(pid: int) -> list[psutil.Process]:
    """Every process below one."""
    with suppress(psutil.Error):
        return psutil.Process(pid).children(recursive=True)
    return []


def judges(pid: int) -> list[psutil.Process]:
    """The judging processes of a command, once they have a fork server below them."""
    found = []
    for one in family(pid):
        with suppress(psutil.Error):
            if _warm_below(one):
                found.append(one)
    return found


def _warm_below(process: psutil.Process) -> bool:
    return any("forkserver" in " ".join(one.cmdline()) for one in process.children())


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them runs any more."""
    return not any(_runs(one) for one in processes)


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def leftovers(folder: Path) -> list[str]:
    """Half-written files beside others."""
    return sorted(one.name for one in folder.iterdir() if one.name.startswith("."))


def limited(size: int) -> Callable[[], None]:
    """For a child process: no file may get larger than this, as on a disk that is full."""

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def environment(**more: str) -> dict[str, str]:
    """That of this process without what would point elsewhere."""
    kept = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    return {**kept, **more}
