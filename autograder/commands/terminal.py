"""What commands show on a terminal, and what they share: tables, bars, colours, --course."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from autograder.pages.naming import told

if TYPE_CHECKING:
    from autograder.judge.report import LabReport

FAILED = 1
WRONG_USAGE = 2
NEEDS_REVIEW = 3

EVERY = 10.0
"""Seconds between two lines of progress where no bar can be drawn."""
ESTIMATED_FROM = 120.0
"""From how many seconds past it is estimated how long the rest takes."""
MINUTES_TOLD = 100
LINES = "lines of progress"
"""The name of the thread that prints them."""


def _course(ctx: click.Context, option: click.Parameter, folder: Path | None) -> Path:
    from autograder.spec.collection import course

    return course(folder)


COURSE = click.option(
    "--course",
    "root",
    metavar="DIR",
    type=click.Path(path_type=Path),
    callback=_course,
    help="The course folder; by default the nearest one above with solutions/.",
)


def console(stderr: bool = False) -> Console:
    """Colours and boxes on a terminal only; elsewhere plain text of any width."""
    wide = None if (sys.stderr if stderr else sys.stdout).isatty() else 120
    return Console(stderr=stderr, width=wide, highlight=False, emoji=False, markup=False)


@contextlib.contextmanager
def bar(title: str, done: str = "") -> Iterator[Progress]:
    """A progress bar on the error stream; where that is no terminal, a line every ten seconds.

    done: what has become of those that are counted; without it there are no lines.
    """
    drawn = sys.stderr.isatty()
    progress = Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=console(stderr=True),
        transient=True,
        disable=not drawn,
        speed_estimate_period=ESTIMATED_FROM,
    )
    over = threading.Event()
    if done and not drawn:
        told = (progress, done, over, EVERY)
        threading.Thread(target=_lines, args=told, name=LINES, daemon=True).start()
    try:
        with progress:
            yield progress
    finally:
        over.set()


def _lines(progress: Progress, done: str, over: threading.Event, every: float) -> None:
    """How far it is, as long as it is not over."""
    with contextlib.suppress(OSError):
        while not over.wait(every):
            for task in progress.tasks[:1]:
                click.echo(how_far(task, done), err=True)


def how_far(task: Task, done: str) -> str:
    """How many are done, and how long the rest may take: ``120 of 300 judged, about …``."""
    if task.total is None:
        return f"none {done} yet"
    left = task.time_remaining if task.remaining else None
    rest = f", {_about(left)} left" if left else ""
    return f"{task.completed:g} of {task.total:g} {done}{rest}"


def _about(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 60:
        return "less than a minute"
    if minutes > MINUTES_TOLD:
        return f"about {round(minutes / 60)} hours"
    return f"about {minutes} minute{'' if minutes == 1 else 's'}"


def known_lab(slug: str, root: Path) -> str:
    """The lab's name; a wrong one ends the command with the names that there are."""
    from autograder.spec.collection import SUMMARY, labs, topics

    known = labs(root)
    if slug in known:
        return slug
    if slug == SUMMARY and topics(root):
        raise click.UsageError(
            f"{slug} is what the course has to revise from, and no lab: it has no exercise; "
            f"autograder build {slug} makes it"
        )
    if any((root / step / slug).is_dir() for step in ("source", "release")):
        raise click.UsageError(
            f"{slug} is an assignment of nbgrader's alone and is left to it, for it has no "
            f"solutions/{slug}.py with exercises/{slug}/: nbgrader autograde {slug} grades it"
        )
    raise click.UsageError(f"there is no lab {slug!r}; the labs are: {', '.join(known) or 'none'}")


def show_reports(reports: Sequence[LabReport]) -> None:
    """One submission in full; several as a table with each one's first finding."""
    out = console()
    if len(reports) == 1:
        report = reports[0]
        for one in report.exercises:
            out.print(one.feedback, soft_wrap=True)
            out.print()
        if report.problem:
            out.print(report.problem)
        for note in report.notes:
            out.print(f"Note: {note}", soft_wrap=True)
        if report.look_at:
            out.print(f"To look at: {report.look_at}", soft_wrap=True)
        name = told(report.student)
        out.print(f"{name}: {report.score:g} of {report.max_score:g} points", soft_wrap=True)
    else:
        out.print(class_table(reports))
    if reports:
        found = sorted({report.isolation[0] for report in reports if report.isolation})
        out.print(f"Isolation: {'; '.join(found)}", soft_wrap=True)
        for warning in {report.warning for report in reports if report.warning}:
            out.print(warning, soft_wrap=True)


def class_table(reports: Iterable[LabReport]) -> Table:
    """A line for each submission."""
    table = Table("student")
    table.add_column("points", justify="right")
    table.add_column("right", justify="right")
    table.add_column("first thing to say", overflow="fold")
    for report in reports:
        right = sum(one.outcome == "right" for one in report.exercises)
        score = f"{round(report.score, 2):g}"
        share = f"{right} of {len(report.exercises)}"
        table.add_row(told(report.student), score, share, _first_of(report))
    return table


def _first_of(report: LabReport) -> str:
    """The first sentence about what is not right."""
    from autograder.pages.card import first_thing

    if report.look_at:
        return f"to look at: {report.look_at}"
    if report.problem:
        return report.problem
    for exercise in report.exercises:
        if exercise.outcome != "right":
            sentence, stop, _ = first_thing(exercise).partition(". ")
            return f"{exercise.name}: {sentence + stop.strip() or exercise.outcome}"
    return "all right"


def write_beside(path: Path, text: str) -> None:
    """Write a whole file or nothing: beside it first, then renamed; a device is written into."""
    plain = path.is_file() or not path.exists()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if not plain:
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
            return
        beside.write_text(text, encoding="utf-8", errors="backslashreplace")
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
