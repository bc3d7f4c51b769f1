"""What each command of the command line does, and how it shows on a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autograder.collection import labs
from autograder.labcheck.explain import LABEL
from autograder.labcheck.text import printable
from autograder.report import LabReport

TELLING = (
    "Hint", "First wrong", "Raised", "What happened", "What to do", "You returned"
)  # fmt: skip
"""Labels of a feedback, the most telling first."""

FAILED = 1
WRONG_USAGE = 2
NEEDS_REVIEW = 3


def console(stderr: bool = False) -> Console:
    """Colours and boxes on a terminal only; elsewhere plain text of any width."""
    wide = None if (sys.stderr if stderr else sys.stdout).isatty() else 120
    return Console(stderr=stderr, width=wide, highlight=False, emoji=False, markup=False)


def bar(title: str) -> Progress:
    """A progress bar on the terminal's error stream, invisible where there is no terminal."""
    return Progress(
        TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.description}"), console=console(stderr=True), transient=True,
        disable=not sys.stderr.isatty(),
    )  # fmt: skip


def known_lab(slug: str) -> str:
    """The lab's name; a wrong one ends the command with the names that there are."""
    known = labs()
    if slug in known:
        return slug
    raise click.UsageError(f"there is no lab {slug!r}; the labs are: {', '.join(known) or 'none'}")


LABS = click.argument("slugs", metavar="[LAB]...", nargs=-1)


@click.command("build")
@LABS
@click.option("--check", is_flag=True, help="Change nothing; say what is not as a build makes it.")
def build_command(slugs: Sequence[str], check: bool) -> None:
    """Make source/, release/ and assignments/ from solutions/ (all labs, or those named)."""
    from autograder import build as chain

    chosen = [known_lab(slug) for slug in slugs]
    out = console()
    try:
        with bar("Building") as progress:
            task = progress.add_task("", total=len(chosen) or len(labs()))
            step = lambda text: progress.update(task, advance=1, description=text)  # noqa: E731
            if check:
                differences = chain.check(chosen, progress=step)
            else:
                written = chain.build(chosen, progress=step)
    except chain.BuildError as error:
        raise click.ClickException(str(error)) from error
    if check:
        for line in differences:
            out.print(line)
        if differences:
            sys.exit(FAILED)
        out.print("Everything generated is as a build makes it.")
    else:
        out.print(
            f"{len(written)} files written." if written else "Nothing to write: all is current."
        )


@click.command("verify")
@LABS
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write the proofs here."
)
@click.option(
    "--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes at a time."
)
def verify_command(slugs: Sequence[str], json_file: Path | None, jobs: int) -> None:
    """Prove the collection sound.

    References pass, stubs fail politely, every known mistake is caught and told apart from the
    others, other right answers pass, and nothing of a solution reaches students.
    """
    from autograder.verify import verify

    chosen = [known_lab(slug) for slug in slugs] or labs()
    with bar("Verifying") as progress:
        task = progress.add_task("", total=None)
        proofs = verify(
            chosen, jobs=jobs, progress=lambda text: progress.update(task, description=text)
        )
    out = console()
    for proof in proofs:
        table = Table("exercise", title=f"{proof.lab}: {'sound' if proof.sound else 'NOT sound'}",
                      title_justify="left")  # fmt: skip
        for column in ("cases", "mistakes caught", "told apart", "right variants pass"):
            table.add_column(column, justify="right")
        for one in proof.exercises:
            table.add_row(
                one.name, str(one.cases), f"{one.caught} of {one.mistakes}",
                f"{one.told_apart} of {one.mistakes}", f"{one.accepted} of {one.variants}",
            )  # fmt: skip
        out.print(table)
        for fault in (
            *proof.faults,
            *(f"{e.name}: {f}" for e in proof.exercises for f in e.faults),
        ):
            out.print(f"  fault: {fault}")
    if json_file is not None:
        text = json.dumps([proof.to_json() for proof in proofs], indent=2, ensure_ascii=False)
        write_beside(json_file, text + "\n")
    if not all(proof.sound for proof in proofs):
        sys.exit(FAILED)


@click.command("grade")
@click.argument("slug", metavar="LAB")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
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
    "--scheduler",
    metavar="ADDRESS",
    help="Judge the class on the workers of this Dask scheduler (extra [cluster]).",
)
def grade_command(
    slug: str, paths: Sequence[Path], json_file: Path | None, device: str, jobs: int,
    secret_file: Path | None, isolation: str, scheduler: str | None,
) -> None:  # fmt: skip
    """Grade submissions of LAB.

    With PATHs (.py or .ipynb files, anywhere) they are graded and shown, and nothing is stored.
    Without, all of submitted/*/LAB/ goes into the gradebook, only what is new or changed.
    """
    from autograder.classroom import grade_files
    from autograder.secret import course_secret

    known_lab(slug)
    if not paths:
        from autograder.course_commands import grade_submitted

        grade_submitted(
            slug, course_secret(secret_file), json_file, jobs=jobs, isolation=isolation,
            device=device, scheduler=scheduler,
        )  # fmt: skip
        return
    if scheduler is not None:
        raise click.UsageError("--scheduler is for a whole class: leave the files out")
    missing = [str(path) for path in paths if not os.path.lexists(path)]
    if missing:
        raise click.UsageError(f"no such file: {', '.join(missing)}; nothing was graded")
    if json_file is not None and not json_file.parent.is_dir():
        raise click.UsageError(f"there is no folder {json_file.parent}; nothing was graded")
    secret = course_secret(secret_file)
    with bar("Grading") as progress:
        task = progress.add_task("", total=len(paths))
        reports = grade_files(
            slug, paths, secret, jobs=jobs, isolation=isolation, device=device,
            done=lambda name: progress.update(task, advance=1, description=name),
        )  # fmt: skip
    data = json.dumps([one.to_json() for one in reports], indent=2, ensure_ascii=False) + "\n"
    if json_file is not None and str(json_file) == "-":
        click.echo(data.encode("utf-8", "backslashreplace"), nl=False)
    else:
        show_reports(reports)
        if json_file is not None:
            write_beside(json_file, data)
    if any(one.needs_review for one in reports):
        sys.exit(NEEDS_REVIEW)


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
        table.add_row(printable(report.student), score, share, first_thing(report))
    return table


def first_thing(report: LabReport) -> str:
    """The first sentence of feedback that is not "right"."""
    if report.problem:
        return report.problem
    for one in report.exercises:
        if one.outcome != "right":
            return f"{one.name}: {_first_told(one.feedback) or one.outcome}"
    return "all right"


def _first_told(feedback: str) -> str:
    """What stands behind the most telling label of a feedback, on one line, one sentence."""
    parts: dict[str, list[str]] = {}
    label = ""
    for line in feedback.splitlines()[2:]:
        if line[2:3].strip():
            label = line[:LABEL].strip()
        parts.setdefault(label, []).append(line[LABEL:].strip())
    told = next((parts[one] for one in TELLING if one in parts), [])
    text = " ".join(told)
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


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


@click.command("doctor")
def doctor_command() -> None:
    """Versions, devices, and which layers of isolation are in force here."""
    from autograder.doctor import examine

    out = console()
    found = examine()
    for title, rows in found.tables:
        table = Table("what", "found", title=title, title_justify="left")
        for what, value in rows:
            table.add_row(what, value)
        out.print(table)
    out.print(found.verdict, soft_wrap=True)
    if not found.isolated:
        sys.exit(FAILED)
