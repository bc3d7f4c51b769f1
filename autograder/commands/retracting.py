"""The command that takes a case back."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.commands.terminal import COURSE, known_lab


@click.command("retract")
@click.argument("slug", metavar="LAB")
@click.argument("exercise", required=False)
@click.argument("case", required=False)
@click.option("--why", default="", help="One sentence for students.")
@click.option("--restore", is_flag=True, help="Let the case count again.")
@COURSE
def retract_command(
    slug: str, exercise: str | None, case: str | None, why: str, restore: bool, root: Path
) -> None:
    """Take a broken hidden CASE of EXERCISE back: it counts neither for nor against anybody.

    Marks follow with the next grading, from the reports that are kept where these suffice.
    Without CASE the names of the cases are listed.  retracted.csv (lab, exercise, case, why) has
    all that were taken back.
    """
    from autograder.course import retracting
    from autograder.course.grading import Unknown
    from autograder.spec.cases import cases_of
    from autograder.spec.collection import collect, taken_back
    from autograder.spec.retracted import FILE

    known_lab(slug, root)
    taken = taken_back(slug, root)
    if exercise is None:
        for one in taken:
            click.echo(one.told)
        if not taken:
            click.echo(f"No case of {slug} was taken back.")
        return
    collected = collect(slug, root, whole=True)
    exercises = {one.name: one for one in collected.exercises}
    if exercise not in exercises:
        raise Unknown(f"{slug} has no exercise", exercise, list(exercises))
    if case is None:
        gone = {one.case for one in taken if one.exercise == exercise}
        for each in cases_of(exercises[exercise], collected.lab):
            seen = "taken back" if each.name in gone else "hidden" if each.hidden else "visible"
            click.echo(f"{seen:<11} {each.name}")
        return
    try:
        if restore:
            retracting.restore(slug, exercise, case, collected.root)
        else:
            retracting.retract(collected, exercises[exercise], case, why, Unknown)
    except retracting.Refused as refused:
        raise click.UsageError(str(refused)) from refused
    except OSError as error:
        text = f"{FILE} cannot be written: {error.strerror}"
        raise click.ClickException(text) from error
    now = "counts again" if restore else "counts for nobody now"
    click.echo(f"The case {case!r} of {exercise} {now} ({FILE}).")
    click.echo(f"Next:\n  autograder verify {slug} {exercise}\n  autograder grade {slug}")
