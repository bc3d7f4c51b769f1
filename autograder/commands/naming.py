"""The command that gives a wrong answer of several students its name."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autograder.commands.authoring import show_proof
from autograder.commands.terminal import COURSE, FAILED, bar, console, known_lab
from autograder.labcheck.text import printable


@click.command("name")
@click.argument("slug", metavar="LAB")
@click.argument("exercise", metavar="EXERCISE")
@click.argument("number", metavar="CLUSTER", type=int)
@click.option("--as", "name", metavar="NAME", default="", help="What the mistake is called.")
@click.option("--yes", is_flag=True, help="Write it without being asked.")
@COURSE
def name_command(slug: str, exercise: str, number: int, name: str, yes: bool, root: Path) -> None:
    """Make a wrong answer that has no name a mistake of its exercise.

    CLUSTER is its number on the class page.  The smallest program of those students is shown and,
    if you say so, written into the exercise's spec, with a first draft of what is said about it.
    From then on it runs as your own code, so read it.  It is proved there as `verify` does.
    """
    from autograder.chain.verify import verify
    from autograder.course.christening import christening

    found = christening(known_lab(slug, root), exercise, number, name, root)
    out = console()
    count = len(found.cluster.students)
    who = "1 student gives" if count == 1 else f"{count} students give"
    head = f"{slug} {exercise} {number}: {who} the same wrong answer."
    out.print(f"{head}  {found.cluster.does}", soft_wrap=True)
    out.print(f"\n{printable(found.text.added)}\n", soft_wrap=True)
    if not yes:
        click.confirm(
            f"It will run as your own code.  Write it into {found.where}?", abort=True, err=True
        )
    found.write()
    with bar("Verifying"):
        (proof,) = verify([slug], root, 1, exercise=exercise)
        explains = found.explains()
    told = tuple(one for one in proof.exercises[0].messages if one[0] == found.name)
    show_proof(out, proof, told)
    if not explains:
        out.print(
            f"  fault: {found.name} does not give what these students' programs gave: mend it "
            f"in {found.where}, or take it out",
            soft_wrap=True,
        )
    out.print(
        f"Next:\n"
        f"  {found.where}, from line {found.text.line} on: say what comes out, and where to look\n"
        f"  autograder verify {slug} {exercise}\n"
        f"  autograder build {slug}\n"
        f"  autograder report {slug}    its pages have the name then; nobody is judged again\n"
        f"  autograder grade {slug}     brings it into the feedback, and judges the class again",
        soft_wrap=True,
    )
    if not (explains and proof.sound):
        sys.exit(FAILED)
