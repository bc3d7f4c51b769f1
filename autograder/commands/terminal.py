"""What commands show on a terminal, and what they share: tables, bars, colours, --course."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autograder.judge.report import LabReport
from autograder.labcheck.text import printable
from autograder.pages.card import first_thing
from autograder.spec.collection import course, labs

FAILED = 1
WRONG_USAGE = 2
NEEDS_REVIEW = 3


def _course(ctx: click.Context, option: click.Parameter, folder: Path | None) -> Path:
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


def bar(title: str) -> Progress:
    """A progress bar on the terminal's error stream, invisible where there is no terminal."""
    return Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def known_lab(slug: str, root: Path) -> str:
    """The lab's name; a wrong one ends the command with the names that there are."""
    known = labs(root)
    if slug in known:
        return slug
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
        name = printable(report.student)
        out.print(f"{name}: {report.score:g} of {report.max_score:g} points", soft_wrap=True)
    else:
        out.print(class_table(reports))
    if reports:
        out.print(f"Isolation: {reports[0].isolation[0]}", soft_wrap=True)


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
        table.add_row(printable(report.student), score, share, _first_of(report))
    return table


def _first_of(report: LabReport) -> str:
    """The first sentence about what is not right."""
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
