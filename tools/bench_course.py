"""Whole classes in course folders of their own, for ``make bench``: ours, stock, and a cluster."""

from __future__ import annotations

import compileall
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.spec.collection import course
from tools.copies import copy_of
from tools.madeup import MadeUp, write

SECRET = "a secret for measuring only"


def class_folder(folder: Path, slug: str, students: int) -> Path:
    """A course folder: the lab released, and the same correct notebook of so many students."""
    root = course()
    copy_of(root, folder)
    for part in ("exercises", "solutions"):  # as in a course folder that was used before
        compileall.compile_dir(folder / part, quiet=1)
    timed(folder, *_nbgrader(), "generate_assignment", slug, "--force")
    written = write(root, slug, MadeUp("one"), folder / "written")
    for number in range(students):
        place = folder / "submitted" / f"student{number:04}" / slug
        place.mkdir(parents=True)
        shutil.copy(written, place / f"{slug}{written.suffix}")
    return folder


def environment() -> dict[str, str]:
    """For commands in a course folder: this kit, and a secret."""
    place = Path(sys.executable).parent
    path = f"{place}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "AUTOGRADER_SECRET": SECRET}


def timed(folder: Path, *command: str) -> float:
    """Seconds of a command in a course folder, to its end; SystemExit where it fails."""
    log = folder / "command.log"
    started = time.perf_counter()
    with log.open("wb") as out:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment(),
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        told = log.read_text("utf-8", "replace")
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{told[-2000:]}")
    return seconds


def graded(folder: Path, slug: str, *more: str) -> float:
    """Seconds of ``autograder grade LAB`` of the class, into the gradebook."""
    return timed(folder, sys.executable, "-m", "autograder", "grade", slug, *more)


def autograded(folder: Path, slug: str) -> float:
    """Seconds of ``nbgrader autograde LAB`` in a course folder."""
    return timed(folder, *_nbgrader(), "autograde", slug)


def _nbgrader() -> list[str]:
    return [sys.executable, "-m", "nbgrader"]


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """The address of a Dask scheduler with so many workers, each a process of its own."""
    file = folder / "scheduler.json"
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "dask.log").open("wb"))

        def start(*words: str) -> None:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *words, "--no-dashboard"],
                cwd=folder,
                stdout=log,
                stderr=log,
                env=environment(),
            )
            stack.callback(process.wait)
            stack.callback(process.kill)

        start("scheduler", "--scheduler-file", str(file), "--host", "127.0.0.1", "--port", "0")
        while not file.is_file():
            time.sleep(0.1)
        for _ in range(workers):
            start("worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny")
        address = str(json.loads(file.read_text())["address"])
        from distributed import Client

        with Client(address) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(workers)
        yield address
