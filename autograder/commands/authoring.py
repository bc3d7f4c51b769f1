"""The commands of those who write labs: build, verify."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from autograder.commands.terminal import COURSE, FAILED, bar, console, known_lab, write_beside

if TYPE_CHECKING:
    from autograder.chain.survivors import ExerciseSurvivors
    from autograder.chain.verify import LabProof

LABS = click.argument("slugs", metavar="[LAB]...", nargs=-1)


@click.command("build")
@LABS
@COURSE
@click.option("--check", is_flag=True, help="Change nothing; say what is not as a build makes it.")
@click.option("--draft", is_flag=True, help="Build labs that are not finished, too.")
def build_command(slugs: Sequence[str], root: Path, check: bool, draft: bool) -> None:
    """Make source/, release/ and assignments/ from solutions/ (all labs, or those named).

    A course's summary, solutions/summary.py, is built with all labs, or as SUMMARY alone.
    """
    from autograder.chain import build as chain

    known = chain.parts(root)
    chosen = [slug if slug in known else known_lab(slug, root) for slug in slugs]
    out = console()
    try:
        with bar("Building") as progress:
            task = progress.add_task("", total=len(chosen) or len(known))
            step = lambda text: progress.update(task, advance=1, description=text)  # noqa: E731
            todo = chain.unfinished(chosen, root) if draft else []
            if check:
                differences = chain.check(chosen, root, progress=step, draft=draft)
            else:
                written = chain.build(chosen, root, progress=step, draft=draft)
    except chain.BuildError as error:
        raise click.ClickException(str(error)) from error
    for line in todo:
        out.print(f"DRAFT, not finished: {line}", soft_wrap=True)
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
@click.argument("names", metavar="[LAB [EXERCISE]]...", nargs=-1)
@COURSE
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write the proofs here."
)
@click.option(
    "--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes at a time."
)
@click.option(
    "--mutants",
    is_flag=True,
    help="Instead, change one thing of a reference at a time; show what no case catches (slow).",
)
def verify_command(
    names: Sequence[str], root: Path, json_file: Path | None, jobs: int, mutants: bool
) -> None:
    """Prove the collection sound.

    References pass, stubs fail politely, every known mistake is caught and told apart from the
    others, other right answers pass, and nothing of a solution reaches students.

    With an EXERCISE behind its LAB only that one is proved, and what a student with each of its
    mistakes is told is shown.

    With --mutants, each reference is tried with one thing changed: what gets through all cases is
    equal to it, right by the docstring too, or shows that a case is missing.
    """
    from autograder.chain.survivors import survivors
    from autograder.chain.verify import verify

    chosen, exercise = _chosen(names, root)
    out, show = console(), _show_survivors if mutants else show_proof
    with bar("Verifying") as progress:
        task = progress.add_task("", total=None)
        step = lambda text: progress.update(task, description=text)  # noqa: E731
        tell = survivors if mutants else verify
        found: Sequence[Any] = tell(chosen, root, jobs, step, exercise)
    for one in found:
        show(out, one)
    if json_file is not None:
        text = json.dumps([one.to_json() for one in found], indent=2, ensure_ascii=False)
        write_beside(json_file, text + "\n")
    if not mutants and not all(proof.sound for proof in found):
        sys.exit(FAILED)


def _chosen(names: Sequence[str], root: Path) -> tuple[list[str], str | None]:
    """(labs, None), or ([the lab], the exercise) where the second name is one of its exercises."""
    from autograder.spec.collection import collect, labs

    if len(names) == 2 and names[1] not in labs(root):
        slug = known_lab(names[0], root)
        exercises = [exercise.name for exercise in collect(slug, root).exercises]
        if names[1] not in exercises:
            raise click.UsageError(
                f"{slug} has no exercise {names[1]!r}; it has: {', '.join(exercises)}"
            )
        return [slug], names[1]
    return [known_lab(slug, root) for slug in names] or labs(root), None


def _show_survivors(out: Console, found: ExerciseSurvivors) -> None:
    title = f"{found.lab} {found.name}: {found.caught} of {found.mutants} mutants caught"
    out.print(title, soft_wrap=True)
    for one in found.survivors:
        line = f"  solutions/{found.lab}.py:{one.line}: {one.before}  →  {one.after}"
        out.print(line, soft_wrap=True)


def show_proof(
    out: Console, proof: LabProof, messages: Sequence[tuple[str, str]] | None = None
) -> None:
    """A table, and what is told about mistakes: about all, or those of `messages`."""
    table = Table(
        "exercise",
        title=f"{proof.lab}: {'sound' if proof.sound else 'NOT sound'}",
        title_justify="left",
    )
    for column in ("cases", "mistakes caught", "told apart", "right programs pass"):
        table.add_column(column, justify="right")
    for exercise in proof.exercises:
        table.add_row(
            exercise.name,
            str(exercise.cases),
            f"{exercise.caught} of {exercise.mistakes}",
            f"{exercise.told_apart} of {exercise.mistakes}",
            f"{exercise.accepted} of {exercise.variants}",
        )
    out.print(table)
    told = [one for exercise in proof.exercises for one in exercise.messages]
    for mistake, message in told if messages is None else messages:
        out.print(f"-- {mistake}\n{message}\n", soft_wrap=True)
    faults = [
        f"{exercise.name}: {fault}" for exercise in proof.exercises for fault in exercise.faults
    ]
    for fault in (*proof.faults, *faults):
        out.print(f"  fault: {fault}", soft_wrap=True)
