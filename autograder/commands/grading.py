"""The command that grades: files, or a whole class."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from autograder.commands.stopping import ends_on_ctrl_c
from autograder.commands.terminal import (
    COURSE,
    NEEDS_REVIEW,
    bar,
    known_lab,
    show_reports,
    write_beside,
)
from autograder.labcheck.text import printable

NOTHING_STORED = "Stopped: marks of files are shown once all are judged, and nothing is stored."


@click.command("grade")
@click.argument("slug", metavar="LAB")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@COURSE
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path),
    help="Write the reports here; - for standard output.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where PyTorch exercises run.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    show_default=True,
    help="Submissions judged at a time.",
)
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path),
    help="The course secret; default: results/secret, made at the first grading.",
)
@click.option(
    "--isolation",
    type=click.Choice(["walls", "process"]),
    default="walls",
    show_default=True,
    help="process: grade without walls, where this machine cannot raise them.",
)
@click.option(
    "--again", "--force", "force", is_flag=True, help="Judge again what has been judged, too."
)
@click.option(
    "--rebook",
    is_flag=True,
    help="Judge nothing: bring the gradebook up to date from the reports that are kept.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Judge and book nothing: say what would be judged, and which marks would change.",
)
@click.option(
    "--student", "students", metavar="NAME", multiple=True, help="Only these of the class."
)
@click.option(
    "--exercise",
    "exercises",
    metavar="NAME",
    multiple=True,
    help="Judge only these again; of a class, the other verdicts stay.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Judge the class on the workers of this Dask scheduler (extra [cluster]).",
)
def grade_command(
    slug: str,
    paths: Sequence[Path],
    root: Path,
    json_file: Path | None,
    device: str,
    jobs: int,
    secret_file: Path | None,
    isolation: str,
    force: bool,
    rebook: bool,
    dry_run: bool,
    students: tuple[str, ...],
    exercises: tuple[str, ...],
    scheduler: str | None,
) -> None:
    """Grade submissions of LAB.

    With PATHs (.py or .ipynb files, or a folder or zip for each student, anywhere) these are
    graded and shown, and nothing is stored.
    Without, all of submitted/*/LAB/ goes into the gradebook, only what is new or changed.
    """
    from autograder.course.processes import grade_files
    from autograder.course.secret import course_secret

    known_lab(slug, root)
    if rebook and (force or exercises):
        raise click.UsageError("--rebook judges nothing: leave --again and --exercise out")
    if not paths:
        from autograder.commands.marks import grade_submitted
        from autograder.course.grading import Asked

        grade_submitted(
            slug,
            root,
            course_secret(secret_file, root=root),
            json_file,
            jobs=jobs,
            isolation=isolation,
            device=device,
            scheduler=scheduler,
            asked=Asked(force, students, exercises, rebook, dry_run),
        )
        return
    whole = {"--scheduler": scheduler, "--again": force, "--student": students}
    _refuse_with_files({**whole, "--rebook": rebook, "--dry-run": dry_run})
    if exercises:
        from autograder.course.grading import known_exercises

        known_exercises(slug, root, exercises)
    missing = [printable(str(path)) for path in paths if not os.path.lexists(path)]
    if missing:
        raise click.UsageError(f"no such file: {', '.join(missing)}; nothing was graded")
    if json_file is not None and not json_file.parent.is_dir():
        raise click.UsageError(f"there is no folder {json_file.parent}; nothing was graded")
    secret = course_secret(secret_file, root=root)
    with bar("Grading", "judged") as progress, ends_on_ctrl_c(lambda: NOTHING_STORED):
        task = progress.add_task("", total=len(paths))
        reports = grade_files(
            slug,
            paths,
            secret,
            root=root,
            jobs=jobs,
            isolation=isolation,
            device=device,
            only=frozenset(exercises),
            done=lambda name: progress.update(task, advance=1, description=name),
        )
    data = json.dumps([one.to_json() for one in reports], indent=2, ensure_ascii=False) + "\n"
    if json_file is not None and str(json_file) == "-":
        click.echo(data.encode("utf-8", "backslashreplace"), nl=False)
    else:
        show_reports(reports)
        if json_file is not None:
            write_beside(json_file, data)
    if any(one.needs_review for one in reports):
        sys.exit(NEEDS_REVIEW)


def _refuse_with_files(options: Mapping[str, object]) -> None:
    """Options that are of no use where files are named."""
    for name, given in options.items():
        if given:
            raise click.UsageError(f"{name} is for a whole class: leave the files out")
