"""What run_autograder does on Gradescope: one submission judged, results/results.json written.

python -m autograder.course.on_gradescope LAB ROOT walls|process
Where the grader cannot do its work it ends with status 1 and without results: Gradescope then
gives no mark, shows what was printed to instructors alone, and can be asked to run again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

from autograder.course.finding import handed_in_by
from autograder.course.gradescope_zip import COURSE, SECRET
from autograder.course.processes import Setup, judge
from autograder.course.results import write_whole
from autograder.pages.gradescope import results_json
from autograder.sandbox.errors import SandboxError
from autograder.spec.collection import CollectionError

NOBODY = "student"
"""Who handed in where Gradescope does not say."""


def main(words: Sequence[str]) -> int:
    """Judge what lies in ROOT/submission; the exit status."""
    slug, folder, isolation = words
    root = Path(folder).absolute()
    source = root / "source"
    try:
        secret = (source / SECRET).read_bytes()
        walls = cast(Literal["walls", "process"], isolation)
        setup = Setup(slug, source / COURSE, secret, walls)
        handed_in = handed_in_by(root / "submission", slug, submitters(root), setup.root)
        ((_, report),) = judge([handed_in], setup, 1)
    except (SandboxError, CollectionError, OSError) as error:
        print(f"The grader could not do its work: {error}")
        print("Walls or none is chosen in run_autograder of the zip.")
        return 1
    write_whole(root / "results" / "results.json", results_json(report))
    print(f"{report.score:g} of {report.max_score:g} points; {report.isolation[0]}")
    return 0


def submitters(root: Path) -> str:
    """Gradescope's ids of who handed in together, which decide what hidden cases are drawn."""
    try:
        users = json.loads((root / "submission_metadata.json").read_text("utf-8"))["users"]
        ids = sorted(int(user["id"]) for user in users)
    except (OSError, ValueError, KeyError, TypeError):
        return NOBODY
    return "+".join(map(str, ids)) or NOBODY


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
