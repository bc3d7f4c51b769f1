"""The commands of a course folder: a whole class graded, its page, and its marks elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from autograder.commands.stopping import ends_on_ctrl_c
from autograder.commands.terminal import COURSE, NEEDS_REVIEW, bar, class_table, console, known_lab
from autograder.labcheck.text import printable

if TYPE_CHECKING:
    from rich.progress import Task

    from autograder.course.grading import Asked, Graded
    from autograder.course.publishing import Kind
    from autograder.judge.report import LabReport

OUT = click.option("--out", type=click.Path(path_type=Path), help="Where to write.")


def grade_submitted(
    slug: str, root: Path, secret: bytes, json_file: Path | None, *, asked: Asked, **told: Any
) -> None:
    """``grade LAB`` without files: a progress bar, a table, and how the run went."""
    with bar("Grading", "judged") as progress, ends_on_ctrl_c(lambda: _kept(task, slug)):
        progress.add_task("", total=None)
        (task,) = progress.tasks
        from autograder.course.processes import begin_early
        from autograder.course.results import kept

        first_time = not kept(root, slug).entries()
        judges = not (asked.rebook or asked.dry)
        if judges and first_time and told["jobs"] > 1 and told["scheduler"] is None:
            begin_early(slug, told["device"], root)
        from autograder.course.grading import grade_class

        graded = grade_class(
            slug,
            secret,
            root=root,
            asked=asked,
            **told,
            step=lambda done, most, name: progress.update(
                task.id, completed=done, total=most, description=name
            ),
        )
    students = asked.students
    to_terminal = json_file is not None and str(json_file) == "-"
    if asked.dry:
        for line in _how_it_would_go(graded):
            console().print(line, soft_wrap=True, markup=False, highlight=False)
    elif to_terminal:
        for part in _json_list(slug, root, students, graded.withdrawn):
            click.echo(part, nl=False)
    else:
        _show_class(slug, root, students, graded.withdrawn)
        for line in _how_it_went(graded, asked):
            console().print(line, soft_wrap=True, markup=False, highlight=False)
        if json_file is not None:
            _write(json_file, "".join(_json_list(slug, root, students, graded.withdrawn)))
    if graded.faults:
        told_faults = "\n".join(f"  {fault}" for fault in graded.faults)
        raise click.ClickException(f"the gradebook did not take\n{told_faults}")
    if graded.review:
        sys.exit(NEEDS_REVIEW)


def _kept(task: Task, slug: str) -> str:
    """What there is of a run that is broken off."""
    if not task.completed:
        return "Stopped: nothing was judged in this run; what was kept before stays."
    return (
        f"Stopped: {task.completed:g} of {task.total or 0:g} submissions are judged and kept; "
        f"autograder grade {slug} goes on from there."
    )


def _how_it_would_go(graded: Graded) -> Iterator[str]:
    """What a run would do, as far as that is known without judging."""
    from autograder.pages.marks import told

    yield f"Would be judged: {_names(graded.to_judge) or 'nothing'}."
    yield from graded.notes
    changes = told(graded.changes, would=True) if graded.changes else "No mark would change"
    yield f"{printable(changes)}, by what is known without judging."
    yield "Nothing was judged, nothing was booked."


def _names(students: Collection[str]) -> str:
    """Some of the students, and how many more."""
    from autograder.pages.marks import MOST_NAMED

    named = [printable(name) for name in sorted(students)]
    rest = len(named) - MOST_NAMED
    return ", ".join(named[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _how_it_went(graded: Graded, asked: Asked) -> Iterator[str]:
    """What was done, and what of it has changed marks."""
    from autograder.pages.marks import told

    if asked.rebook:
        yield f"{graded.booked} entered in the gradebook, nothing was judged."
        if graded.to_judge:
            left = _names(graded.to_judge)
            yield f"Left as it was, for it is not judged yet as it is now: {left}."
        yield from graded.notes
        yield printable(told(graded.changes)) if graded.changes else "No mark changed."
        return
    yield (
        f"{graded.students} submissions: {graded.judged} judged now, "
        f"{graded.students - graded.judged} kept from before; "
        f"{graded.booked} entered in the gradebook."
    )
    yield from graded.notes
    if graded.changes:
        yield printable(told(graded.changes))


def _latest(
    slug: str, root: Path, students: Collection[str], without: Collection[str]
) -> Iterator[LabReport]:
    """The reports of some students; of all where none is named, without who was withdrawn."""
    from autograder.course.results import kept

    for report in kept(root, slug).latest():
        if report.student not in without and (report.student in students or not students):
            yield report


def _json_list(
    slug: str, root: Path, students: Collection[str], without: Collection[str]
) -> Iterator[str]:
    """The reports as one JSON list, a report at a time."""
    between = "[\n"
    for report in _latest(slug, root, students, without):
        text = json.dumps(report.to_json(), indent=2, ensure_ascii=False)
        yield between + "\n".join(f"  {line}" for line in text.splitlines())
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def _show_class(
    slug: str, root: Path, students: Collection[str], without: Collection[str]
) -> None:
    def latest() -> Iterator[LabReport]:
        return _latest(slug, root, students, without)

    out = console()
    out.print(class_table(latest()))
    isolation = sorted({report.isolation[0] for report in latest()})
    out.print(f"Isolation: {'; '.join(isolation)}", soft_wrap=True)
    for warning in {report.warning for report in latest()} - {""}:
        out.print(warning, soft_wrap=True)


@click.command("report")
@click.argument("slug", metavar="[LAB]", required=False)
@COURSE
@OUT
def report_command(slug: str | None, root: Path, out: Path | None) -> None:
    """Write the class page of LAB with a page for each student, or without LAB the term page.

    The class page says what to teach again, which mistakes were made and by whom, how marks are
    distributed, whom to look at, and which hand-ins are alike. The term page has all labs beside
    each other, and links to the class pages that are there.
    """
    from autograder.course import publishing
    from autograder.course.results import kept

    if slug is None:
        _report_term(root, out)
        return
    known_lab(slug, root)
    with bar("Writing", "written") as progress:
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


def _report_term(root: Path, out: Path | None) -> None:
    """``report`` without LAB; what it has no class page of is told."""
    from autograder.course import publishing
    from autograder.course.results import kept
    from autograder.spec.collection import labs

    with bar("Reading", "read") as progress:
        task = progress.add_task("", total=len(labs(root)))
        path = _written(
            lambda: publishing.report_term(
                root, out, done=lambda name: progress.update(task, advance=1, description=name)
            )
        )
    console().print(str(path), soft_wrap=True)
    for slug in labs(root):
        results = kept(root, slug)
        if results.entries() and not publishing.class_page_of(results).is_file():
            console().print(
                f"{slug} has no class page to lead to yet: autograder report {slug}",
                soft_wrap=True,
            )


@click.command("export")
@click.argument("slug", metavar="LAB")
@click.option(
    "--to",
    "kind",
    type=click.Choice(
        [
            *("gradescope", "gradescope-autograder", "canvas", "moodle", "brightspace"),
            *("junit", "csv", "pages"),
        ]
    ),
    required=True,
    help="gradescope: a results.json for each student; gradescope-autograder: the zip that "
    "Gradescope installs to judge there; canvas, moodle, brightspace: what their "
    "gradebooks import; junit: the judge's verdicts as XML; csv: a sheet; pages: a zip "
    "with the feedback for each student.",
)
@click.option(
    "--roster",
    metavar="CSV",
    type=click.Path(path_type=Path),
    help="The gradebook as Canvas, Moodle or Brightspace exports it: the marks are written into "
    "its column for LAB, and nothing else of it changes.",
)
@click.option("--column", metavar="NAME", help="What LAB is called in the roster.")
@click.option("--raw", is_flag=True, help="The judge's own marks, without penalties and people's.")
@COURSE
@OUT
def export_command(
    slug: str,
    root: Path,
    kind: Kind | Literal["gradescope-autograder"],
    roster: Path | None,
    column: str | None,
    raw: bool,
    out: Path | None,
) -> None:
    """Write the marks of LAB as other places read them; --out - is standard output.

    Marks are the gradebook's: with what people gave, and late penalties taken off.
    """
    from autograder.course import publishing

    known_lab(slug, root)
    if column and roster is None:
        raise click.UsageError("--column names a column of a roster: give that with --roster")
    if kind == "gradescope-autograder":
        if roster is not None or raw:
            raise click.UsageError("an autograder holds no marks: leave --roster and --raw out")
        _autograder(slug, root, out)
        return
    to_terminal = out is not None and str(out) == "-"
    if roster is not None:
        _fill(slug, kind, roster, root, column=column or "", raw=raw, out=out)
        return
    if to_terminal:
        if kind in publishing.FOLDERS:
            raise click.UsageError(f"for {kind}, give --out a folder: there are many files")
        click.echo(publishing.as_text(slug, kind, root, raw=raw), nl=False)
        return
    console().print(
        str(_written(lambda: publishing.export(slug, kind, out, root, raw=raw))), soft_wrap=True
    )


def _autograder(slug: str, root: Path, out: Path | None) -> None:
    """``export LAB --to gradescope-autograder``: the zip, readable by its owner alone."""
    from autograder.course.gradescope_zip import gradescope_zip
    from autograder.course.results import kept, write_whole
    from autograder.course.secret import course_secret

    data = gradescope_zip(slug, root, course_secret(root=root))
    if out is not None and str(out) == "-":
        click.echo(data, nl=False)
        return
    path = out or kept(root, slug).folder / "gradescope-autograder.zip"
    _written(lambda: write_whole(path, data, mode=0o600))
    console().print(str(path), soft_wrap=True)


def _fill(
    slug: str, kind: Kind, roster: Path, root: Path, *, out: Path | None, **how: Any
) -> None:
    """``export LAB --roster CSV``: the file filled in; what is to be said of it on stderr."""
    from autograder.course import publishing
    from autograder.course.results import kept

    found = publishing.into_roster(slug, kind, roster, root, **how)
    for sentence in found.said:
        click.echo(sentence, err=True)
    if out is not None and str(out) == "-":
        click.echo(found.data, nl=False)
        return
    path = out or kept(root, slug).folder / publishing.DEFAULTS[kind]
    _write(path, found.data)
    console().print(str(path), soft_wrap=True)


def _written(write: Any) -> Path:
    try:
        path: Path = write()
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or 'the file'} cannot be written: {error.strerror}"
        ) from error
    return path


def _write(path: Path, text: str | bytes) -> None:
    from autograder.course.results import write_whole

    _written(lambda: write_whole(path, text))
