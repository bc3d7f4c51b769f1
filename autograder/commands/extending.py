"""The command that gives a student more time."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.commands.terminal import COURSE, known_lab
from autograder.pages.naming import told


@click.command("extend")
@click.argument("slug", metavar="LAB")
@click.argument("student")
@click.argument("until", metavar="TIME")
@COURSE
def extend_command(slug: str, student: str, until: str, root: Path) -> None:
    """Give STUDENT until TIME to hand in LAB; the next grading books what being late costs then.

    TIME is UTC, or says its zone: 2026-12-05T23:59 or 2026-12-05T23:59+01:00.  A second extension
    takes the place of the first; one that ends with the deadline takes it back.
    """
    from autograder.course.extensions import TABLE, extend, time_of, told_time
    from autograder.course.forgetting import known_students
    from autograder.course.grading import Unknown

    known_lab(slug, root)
    try:
        when = time_of(until)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    known = known_students(root)
    if known and student not in known:
        raise Unknown("there is no student", student, known)
    try:
        extend(slug, student, when, root)
    except OSError as error:
        raise click.ClickException(f"{TABLE.file} cannot be written: {error.strerror}") from error
    click.echo(f"{told(student)} has until {told_time(when)} for {slug} ({TABLE.file}).")
    click.echo(f"Next:\n  autograder grade {slug}")
