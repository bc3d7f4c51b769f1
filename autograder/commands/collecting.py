"""``autograder collect``: what learning platforms give as one zip, sorted into submitted/."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from autograder.commands.terminal import COURSE, console, known_lab
from autograder.pages.naming import told


@click.command("collect")
@click.argument(
    "paths", metavar="ZIP...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--lab", "slug", metavar="LAB", help="The lab, where the files do not tell it.")
@click.option("--update", is_flag=True, help="Replace hand-ins that are there and differ.")
@COURSE
def collect_command(paths: tuple[Path, ...], slug: str | None, update: bool, root: Path) -> None:
    """Sort the bulk downloads of Moodle, Canvas, Brightspace or Gradescope into submitted/.

    Who is who is known by the gradebook's students (platform's number, e-mail, full name), else a
    folder is named after them. Notebooks, .py files, zips and what lies beside them are taken.
    """
    from autograder.course import collecting

    if slug is not None:
        known_lab(slug, root)
    there = False
    for path in paths:
        try:
            outcome = collecting.collect(path, root, slug, update)
        except (collecting.NoDownload, OSError) as error:
            raise click.ClickException(str(error)) from error
        _show(outcome)
        for sentence in collecting.sentences(outcome):
            click.echo(sentence)
        click.echo(f"{outcome.platform}, {collecting.counted(outcome.collected)}.")
        there = there or any(one.what == "there already" for one in outcome.collected)
    if there:
        click.echo("What is there already was left as it is; --update takes what is in the zip.")


def _show(outcome: object) -> None:
    from autograder.course.collecting import Outcome

    assert isinstance(outcome, Outcome)
    table = Table("handed in by", "student", "lab", "files", "", "")
    for one in outcome.collected:
        late = "late" if one.late else ""
        row = (told(one.sender.name), told(one.student), one.lab, str(one.files), one.what, late)
        table.add_row(*row)
    if outcome.collected:
        console().print(table)
