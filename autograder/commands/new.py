"""The commands that begin something: a course, a lab, an exercise."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from autograder.commands.terminal import COURSE, known_lab


@click.group("new")
def new_command() -> None:
    """Begin a course, a lab or an exercise, with files that build.

    \b
    autograder new course mycourse
    autograder new lab lab1
    autograder new exercise lab1 my_step
    """


@new_command.command("course")
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def course_command(root: Path) -> None:
    """Begin a course in DIR, a new folder or a course of nbgrader's."""
    from autograder.chain.scaffold import CONFIG, course_texts, new_course

    written = new_course(root)
    _say_written(root, ["solutions", "exercises", *written])
    if CONFIG not in written:
        first, *_, last = course_texts()[CONFIG].splitlines()
        click.echo(f"\n{_shown(root / CONFIG)} is as it was.  Put this at its end:\n")
        click.echo(f"{first}\n{last}\n")
    _say_next(f"autograder new lab lab1{_course_option(root)}")


@new_command.command("lab")
@click.argument("slug", metavar="NAME")
@click.option(
    "--arrays",
    type=click.Choice(["numpy", "torch"]),
    default="numpy",
    show_default=True,
    help="What the lab computes with.",
)
@click.option(
    "--from",
    "taken",
    metavar="LAB:EXERCISE,... ...",
    multiple=True,
    help="Make it of exercises that are there: a paper, for an exam.",
)
@click.argument("more", metavar="", nargs=-1)
@click.option(
    "--minutes", type=click.IntRange(1), help="With --from: how long one has, for its text."
)
@click.option("--hints", is_flag=True, help="With --from: its checks give hints.")
@COURSE
def lab_command(
    slug: str,
    arrays: str,
    taken: tuple[str, ...],
    more: tuple[str, ...],
    minutes: int | None,
    hints: bool,
    root: Path,
) -> None:
    """Begin a lab: two worked exercises, one of them handed a function, to be edited.

    With --from it is a copy of exercises of the course, with what they need: a paper for an exam,
    with cases of its own and without hints.

    \b
    autograder new lab midterm --from lab2_rnn:rnn_step lab3_lstm:lstm_gates --minutes 90
    """
    from autograder.chain.scaffold import new_lab

    also = _course_option(root)
    if taken:
        _new_paper(slug, [*taken, *more], root, minutes, hints)
        _say_next(f"autograder build {slug}{also}", f"autograder verify {slug}{also}")
        return
    if more or minutes or hints:
        raise click.UsageError("say with --from LAB:EXERCISE,… which exercises the lab is made of")
    _say_written(root, new_lab(slug, arrays, root))
    right = shlex.quote(_shown(root / f"exercises/{slug}/right/plain.py"))
    _say_next(
        f"autograder build {slug}{also}",
        f"autograder verify {slug}{also}",
        f"autograder grade {slug} {right}{also}",
    )


def _new_paper(
    slug: str, taken: Sequence[str], root: Path, minutes: int | None, hints: bool
) -> None:
    from autograder.chain.scaffold import new_paper

    made = new_paper(slug, _chosen(taken, root), root, minutes, hints)
    _say_written(root, list(made.texts))
    if made.given:
        click.echo(f"Handed out written, to be read by all: {', '.join(made.given)}.")
    for line in made.shows:
        click.echo(f"To look at: {line}")
    if made.left_out:
        what = "1 cell" if made.left_out == 1 else f"{made.left_out} cells"
        click.echo(f"Left out: {what} with pictures that need functions which are not there.")


def _chosen(taken: Sequence[str], root: Path) -> dict[str, list[str]]:
    """The exercises by lab, as --from names them."""
    chosen: dict[str, list[str]] = {}
    for word in taken:
        lab, _, names = word.partition(":")
        wanted = [name for name in names.split(",") if name]
        if not wanted:
            raise click.UsageError(f"{word!r} names no exercise: write LAB:EXERCISE,EXERCISE")
        chosen.setdefault(known_lab(lab, root), []).extend(wanted)
    return chosen


@new_command.command("exercise")
@click.argument("slug", metavar="LAB")
@click.argument("name", metavar="NAME")
@COURSE
def exercise_command(slug: str, name: str, root: Path) -> None:
    """Add an exercise NAME to the end of LAB, as a draft to be written."""
    from autograder.chain.scaffold import new_exercise

    _say_written(root, new_exercise(known_lab(slug, root), name, root))
    also = _course_option(root)
    _say_next(f"autograder build {slug} --draft{also}", f"autograder verify {slug} {name}{also}")


def _say_written(root: Path, paths: Sequence[str]) -> None:
    for path in paths:
        click.echo(f"  {_shown(root / path)}")


def _say_next(*commands: str) -> None:
    click.echo("Next:")
    for command in commands:
        click.echo(f"  {command}")


def _shown(path: Path) -> str:
    """A path as a person would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _course_option(root: Path) -> str:
    """--course DIR, unless a command finds the course by itself here."""
    from autograder.spec.collection import CollectionError, course

    try:
        found = course() == root.resolve()
    except CollectionError:
        found = False
    return "" if found else f" --course {shlex.quote(_shown(root))}"
