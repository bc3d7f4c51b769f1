"""Every situation's feedback, word for word; a new situation is a new folder in tests/golden/.

A folder holds a submission whose first line names the exercise, and expected.txt.  To accept what
the messages have become: pytest tests/core/test_golden.py --accept, then read the difference.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from core_kit import COURSE, of

from autograder.judge import calls
from autograder.judge.grader import Grader
from autograder.judge.submission import read

GOLDEN = COURSE / "tests" / "golden"
SITUATIONS = sorted(path.parent.name for path in GOLDEN.glob("*/submission.*"))


def told(grader: Grader, folder: Path) -> str:
    """The feedback of the exercise that a situation is about."""
    (path,) = folder.glob("submission.*")
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    name = first.removeprefix("# exercise: ") if first.startswith("# exercise: ") else "rnn_step"
    return of(grader.grade(read(path, "golden")), name).feedback + "\n"


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_feedback_is_as_it_was_read_and_accepted(
    situation: str, grader: Grader, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(calls, "CALL_SECONDS", 2.0)
    folder = GOLDEN / situation
    feedback = told(grader, folder)
    if request.config.getoption("--accept"):
        (folder / "expected.txt").write_text(feedback, encoding="utf-8")
    assert feedback == (folder / "expected.txt").read_text(encoding="utf-8")


def test_there_are_situations_enough() -> None:
    assert len(SITUATIONS) >= 18


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_number_that_is_hidden_stands_in_a_feedback(situation: str) -> None:
    text = (GOLDEN / situation / "expected.txt").read_text(encoding="utf-8")
    rows = [row for row in text.splitlines()[1:] if "submission.py, line" not in row]
    assert not re.search(r"\d\.\d|\de-?\d", "\n".join(rows))


@pytest.mark.parametrize("situation", [one for one in SITUATIONS if one != "right"])
def test_a_feedback_fits_a_page_and_says_what_to_do_next(situation: str) -> None:
    text = (GOLDEN / situation / "expected.txt").read_text(encoding="utf-8")
    rows = text.splitlines()
    code = [row for row in rows if "line " in row]
    assert all(len(row) <= 99 for row in rows if row not in code)
    assert len(rows) <= 16
    labels = {row[2:17].strip() for row in rows[2:]}
    leads = {
        "Hint",
        "To try",
        "Look at",
        "What to do",
        "First wrong",
        "In your code",
        "Note",
        "What happened",
        "Expected",
    }
    assert labels & leads
