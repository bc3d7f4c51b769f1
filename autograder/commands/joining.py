"""The command that puts students into a group."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.commands.terminal import COURSE, known_lab
from autograder.pages.naming import told


@click.command("group")
@click.argument("slug", metavar="LAB")
@click.argument("students", metavar="STUDENT…", nargs=-1, required=True)
@COURSE
def group_command(slug: str, students: tuple[str, ...], root: Path) -> None:
    """Let these STUDENTs hand in LAB together: what one hands in is judged for each of them.

    Each is judged on inputs of their own, and has an own mark.  Who hands in as well is judged by
    that.  groups.csv (lab, group, student) has all groups, with * for every lab.
    """
    from autograder.course.forgetting import known_students
    from autograder.course.grading import Unknown
    from autograder.course.groups import TABLE, group

    known_lab(slug, root)
    if len(set(students)) < 2:
        raise click.UsageError("a group has two students or more")
    known = known_students(root)
    for student in students:
        if known and student not in known:
            raise Unknown("there is no student", student, known)
    try:
        group(slug, students, root)
    except OSError as error:
        raise click.ClickException(f"{TABLE.file} cannot be written: {error.strerror}") from error
    click.echo(f"{', '.join(map(told, students))} hand in {slug} together ({TABLE.file}).")
    click.echo(f"Next:\n  autograder grade {slug}")
