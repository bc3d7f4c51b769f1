"""``make demo``: build, grade a made-up class in isolation, and say what to open."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from autograder import build as chain
from autograder.classroom import grade_files
from autograder.collection import course
from autograder.commands import bar, console, show_reports
from autograder.madeup import LAB2, write
from autograder.report import LabReport
from autograder.sandbox.errors import GraderFault

SECRET = b"a secret for a made-up class only"
LAB = "lab2_rnn"


def main() -> int:
    """Runs the demo in the folder demo/; 0 when all went well."""
    root = course()
    folder = root / "demo"
    out = console()
    out.print("1. Building the labs from solutions/ …")
    written = chain.build(root=root)
    out.print(f"   {len(written)} files were not current and are now." if written else "   Done.")
    out.print(f"2. Making up {len(LAB2)} hand-ins: right, wrong, broken and hostile …")
    shutil.rmtree(folder, ignore_errors=True)
    paths = [write(root, LAB, one, folder / "hand-ins") for one in LAB2]
    out.print("3. Grading them, each in a locked process of its own …\n")
    reports = _graded(paths)
    show_reports(reports)
    data = json.dumps([one.to_json() for one in reports], indent=2, ensure_ascii=False)
    (folder / "reports.json").write_text(data + "\n", encoding="utf-8")
    found = [one for report in reports for one in report.exercises]
    texts = [one.feedback for one in found if one.outcome != "right"]
    (folder / "feedback.txt").write_text("\n\n".join(texts) + "\n", encoding="utf-8")
    _say_what_to_open(root)
    return 0


def _graded(paths: list[Path]) -> list[LabReport]:
    with bar("   Grading") as progress:
        task = progress.add_task("", total=len(paths))
        step = lambda name: progress.update(task, advance=1, description=name)  # noqa: E731
        try:
            return grade_files(LAB, paths, SECRET, jobs=2, done=step)
        except GraderFault as fault:
            out = console(stderr=True)
            out.print(f"   {fault}\n   Going on without walls: this class is made up.")
            return grade_files(LAB, paths, SECRET, jobs=2, isolation="process", done=step)


def _say_what_to_open(root: Path) -> None:
    out = console()
    out.print("\nWhat to open:")
    for what, path in (
        ("what a student gets, as a notebook", f"release/{LAB}/{LAB}.ipynb"),
        ("the same for an editor", f"assignments/{LAB}.py"),
        ("the hand-ins", "demo/hand-ins/"),
        ("every report", "demo/reports.json"),
        ("every feedback that is not 'right'", "demo/feedback.txt"),
    ):
        out.print(f"   {path:<38} {what}")
    out.print(f"\nTry it: .venv/bin/autograder grade {LAB} demo/hand-ins/barbara.ipynb")


if __name__ == "__main__":
    sys.exit(main())
