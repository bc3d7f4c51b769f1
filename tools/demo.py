"""``make demo``: a small term of a made-up class, from release to feedback, and what to open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.chain import build as chain
from autograder.commands.terminal import console
from autograder.spec.collection import course
from tools.copies import copy_of
from tools.madeup import MadeUp, term, write

SECRET = "a secret for a made-up class only"


def main() -> int:
    """Plays the term in the folder demo/; 0 when all went well."""
    root = course()
    out = console()
    out.print("1. Building the labs from solutions/ …")
    written = chain.build(root=root)
    out.print(f"   {len(written)} files were not current." if written else "   All are current.")
    shutil.rmtree(root / "demo", ignore_errors=True)
    folder = copy_of(root, root / "demo")
    classes = term()
    for slug, hand_ins in classes.items():
        _hand_in(root, slug, hand_ins, folder)
    people = len(next(iter(classes.values())))
    out.print(f"2. {people} made-up people handed in {len(classes)} labs, right, wrong, hostile.")
    out.print("3. Grading them, each in a locked process of its own, into nbgrader's gradebook …")
    options = _isolation(folder)
    for slug in classes:
        out.print(f"\n   autograder grade {slug}")
        status = _run(folder, "grade", slug, *options)
        if status not in (0, 3):
            return status
    out.print("4. Writing the class pages, a feedback page for each student, and the marks …")
    for slug in classes:
        if _run(folder, "report", slug) or _run(folder, "export", slug, "--to", "csv"):
            return 1
    if _run(folder, "report"):
        return 1
    _say_what_to_open(root, folder, tuple(classes))
    return 0


def _hand_in(root: Path, slug: str, hand_ins: tuple[MadeUp, ...], folder: Path) -> None:
    for one in hand_ins:
        place = folder / "submitted" / one.student / slug
        path = write(root, slug, one, place)
        path.rename(place / f"{slug}{path.suffix}")


def _run(folder: Path, *words: str) -> int:
    environment = {**os.environ, "AUTOGRADER_SECRET": SECRET}
    command = [sys.executable, "-m", "autograder", *words]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def _isolation(folder: Path) -> tuple[str, ...]:
    """The walls where this machine can raise them; without, the demo says so and goes on."""
    from autograder.sandbox.errors import SandboxError
    from autograder.sandbox.pool import Sandbox

    try:
        with Sandbox("numpy", course=folder):
            return ()
    except SandboxError as fault:
        console().print(f"   {fault}\n   Going on without walls: this class is made up.")
        return ("--isolation", "process")


def _say_what_to_open(root: Path, folder: Path, slugs: tuple[str, ...]) -> None:
    out = console()
    out.print("\nWhat to open:")
    rows = [("what a student gets, as a notebook", f"release/{slugs[-1]}/{slugs[-1]}.ipynb")]
    rows += [("the same for an editor", f"assignments/{slugs[-1]}.py")]
    rows.append(("the term page", "demo/results/term.html"))
    for slug in slugs:
        pages = folder / "results" / slug / "class.html"
        rows.append((f"the class page of {slug}", str(pages.relative_to(root))))
    pages = folder / "results" / slugs[-1] / "class_files"
    one = next(iter(sorted(pages.glob("barbara*"))), None)
    if one is not None:
        rows.append(("one student's feedback", str(one.relative_to(root))))
    rows.append(("nbgrader's gradebook; try: cd demo && nbgrader formgrader", "demo/gradebook.db"))
    for what, path in rows:
        out.print(f"   {path:<58} {what}")
    out.print(
        f"\nTry it: .venv/bin/autograder grade {slugs[-1]} "
        f"demo/submitted/barbara/{slugs[-1]}/{slugs[-1]}.ipynb"
    )


if __name__ == "__main__":
    sys.exit(main())
