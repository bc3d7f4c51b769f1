"""The commands of a course folder: a whole class graded, its page, and its marks elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.commands.terminal import COURSE, NEEDS_REVIEW, bar, class_table, console, known_lab
from autograder.course.results import kept, write_whole
from autograder.judge.report import LabReport
from autograder.labcheck.text import printable

if TYPE_CHECKING:
    from autograder.course.grading import Graded
    from autograder.course.publishing import Kind

OUT = click.option("--out", type=click.Path(path_type=Path), help="Where to write.")


def grade_submitted(
    slug: str,
    root: Path,
    secret: bytes,
    json_file: Path | None,
    *,
    force: bool,
    students: tuple[str, ...],
    exercises: tuple[str, ...],
    **told: Any,
) -> None:
    """``grade LAB`` without files: a progress bar, a table, and how the run went."""
    from autograder.course.processes import begin_early

    first_time = not kept(root, slug).entries()
    if first_time and told["jobs"] > 1 and told["scheduler"] is None:
        begin_early(slug, told["device"], root)
    from autograder.course.grading import Asked, grade_class

    with bar("Grading") as progress:
        task = progress.add_task("", total=None)
        graded = grade_class(
            slug,
            secret,
            root=root,
            asked=Asked(force, students, exercises),
            **told,
            step=lambda done, most, name: progress.update(
                task, completed=done, total=most, description=name
            ),
        )
    to_terminal = json_file is not None and str(json_file) == "-"
    if to_terminal:
        for part in _json_list(slug, root, students):
            click.echo(part, nl=False)
    else:
        _show_class(slug, root, students)
        for line in _how_it_went(graded):
            console().print(line, soft_wrap=True, markup=False, highlight=False)
        if json_file is not None:
            _write(json_file, "".join(_json_list(slug, root, students)))
    if graded.faults:
        told_faults = "\n".join(f"  {fault}" for fault in graded.faults)
        raise click.ClickException(f"the gradebook did not take\n{told_faults}")
    if graded.review:
        sys.exit(NEEDS_REVIEW)


def _how_it_went(graded: Graded) -> Iterator[str]:
    """What was done, and what of it has changed marks."""
    from autograder.pages.marks import told

    yield (
        f"{graded.students} submissions: {graded.judged} judged now, "
        f"{graded.students - graded.judged} kept from before; "
        f"{graded.booked} entered in the gradebook."
    )
    yield from graded.notes
    if graded.changes:
        yield printable(told(graded.changes))


def _latest(slug: str, root: Path, students: Collection[str]) -> Iterator[LabReport]:
    """The reports of some students; of all where none is named."""
    reports = kept(root, slug).latest()
    return (report for report in reports if report.student in students or not students)


def _json_list(slug: str, root: Path, students: Collection[str]) -> Iterator[str]:
    """The reports as one JSON list, a report at a time."""
    between = "[\n"
    for report in _latest(slug, root, students):
        text = json.dumps(report.to_json(), indent=2, ensure_ascii=False)
        yield between + "\n".join(f"  {line}" for line in text.splitlines())
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def _show_class(slug: str, root: Path, students: Collection[str]) -> None:
    out = console()
    out.print(class_table(_latest(slug, root, students)))
    isolation = sorted({report.isolation[0] for report in _latest(slug, root, students)})
    out.print(f"Isolation: {'; '.join(isolation)}", soft_wrap=True)


@click.command("report")
@click.argument("slug", metavar="LAB")
@COURSE
@OUT
def report_command(slug: str, root: Path, out: Path | None) -> None:
    """Write the class page of LAB, and a page for each student beside it.

    The page says how marks are distributed, which mistakes were made and by how many, which
    exercises separate strong from weak, and whom to look at.
    """
    from autograder.course import publishing

    known_lab(slug, root)
    with bar("Writing") as progress:
        task = progress.add_task("", total=len(kept(root, slug).entries()))
        path = _written(
            lambda: publishing.report(
                slug,
                out,
                root,
                done=lambda name: progress.update(task, advance=1, description=name),
            )
        )
    console().print(f"{path}\n{path.with_name(f'{path.stem}_files')}/", soft_wrap=True)


@click.command("export")
@click.argument("slug", metavar="LAB")
@click.option(
    "--to",
    "kind",
    type=click.Choice(["gradescope", "canvas", "moodle", "junit", "csv"]),
    required=True,
    help="gradescope: a results.json for each student; canvas, moodle: what their gradebooks "
    "import; junit: the judge's verdicts as XML; csv: a sheet.",
)
@click.option("--raw", is_flag=True, help="The judge's own marks, without penalties and people's.")
@COURSE
@OUT
def export_command(slug: str, root: Path, kind: Kind, raw: bool, out: Path | None) -> None:
    """Write the marks of LAB as other places read them; --out - is standard output.

    Marks are the gradebook's: with what people gave, and late penalties taken off.
    """
    from autograder.course import publishing

    known_lab(slug, root)
    if out is not None and str(out) == "-":
        if kind == "gradescope":
            raise click.UsageError("for Gradescope, give --out a folder: there are many files")
        click.echo(publishing.as_text(slug, kind, root, raw=raw), nl=False)
        return
    console().print(
        str(_written(lambda: publishing.export(slug, kind, out, root, raw=raw))), soft_wrap=True
    )


def _written(write: Any) -> Path:
    try:
        path: Path = write()
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or 'the file'} cannot be written: {error.strerror}"
        ) from error
    return path


def _write(path: Path, text: str) -> None:
    _written(lambda: write_whole(path, text))
