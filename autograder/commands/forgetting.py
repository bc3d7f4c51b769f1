"""The command that removes what there is of a student."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.commands.terminal import COURSE
from autograder.pages.naming import told

NOT_HERE = (
    "Not touched: the exchange of nbgrader, from which a collect takes hand-ins again, backups, "
    "and what --out has written elsewhere."
)


@click.command("forget")
@click.argument("student")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@COURSE
def forget_command(student: str, yes: bool, root: Path) -> None:
    """Remove all traces of STUDENT from the course, after listing them.

    Hand-ins, graded and feedback folders, reports, pages and files that name the student, and all
    rows of the gradebook, for every assignment.
    """
    from autograder.course.forgetting import known_students, traces_of
    from autograder.course.grading import Unknown

    traces = traces_of(student, root)
    if not traces:
        known = known_students(root)
        if not known:
            raise click.UsageError(f"there is no trace of {student!r}, and of nobody else")
        raise Unknown("there is no trace of", student, known)
    click.echo(f"Of {told(student)} there is:")
    for trace in traces:
        click.echo(f"  {trace.told}")
    click.echo(NOT_HERE)
    if not yes and not click.confirm("Remove all that is listed?"):
        click.echo("Nothing was removed.")
        return
    faults = []
    for trace in traces:
        try:
            trace.remove()
        except OSError as error:
            faults.append(f"  {trace.told}: {error.strerror}")
    if faults:
        left = "\n".join(faults)
        raise click.ClickException(f"this could not be removed; run it again once it can:\n{left}")
    click.echo(f"Removed: {told(student)} is forgotten.")
