"""Programs that no spec was written against: right ones get everything, wrong ones never."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from core_kit import COURSE, NAMES, SOLUTION, TRAIN_ALONE, grade, notebook, of, outcomes, program
from wrong_programs import WRONG

from autograder.judge.grader import Grader
from autograder.judge.submission import read

STYLES = COURSE / "exercises" / "lab2_rnn" / "right"
RIGHT = [
    path
    for path in sorted(STYLES.glob("*.py"))
    if {name for cell in read(path).cells for name in cell.defines}.issuperset(NAMES)
]
TRIALS = """\
%matplotlib inline
!pip list
import matplotlib.pyplot as plt
h = rnn_forward(np.ones((2, 9, 3)), np.zeros((2, 4)), np.ones((3, 4)), np.eye(4), np.ones(4))
plt.plot(h[0]);
h?
print(h.shape, undefined)
"""


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_a_right_program_gets_everything(path: Path, grader: Grader) -> None:
    report = grade(grader, path.read_bytes())
    assert (report.score, outcomes(report)) == (100, {})
    assert not any("in place of" in one.feedback for one in report.exercises)


@pytest.mark.parametrize("student", ["grace", "alan", "ada the second"])
def test_a_right_program_is_right_for_everybody(student: str, grader: Grader) -> None:
    path = RIGHT[len(student) % len(RIGHT)]
    assert grade(grader, path.read_bytes(), f"{student}.py").score == 100


def test_a_right_notebook_with_trials_all_over_gets_everything(grader: Grader) -> None:
    text = (STYLES / "einsum_everywhere.py").read_text(encoding="utf-8")
    split = re.split(r"^# %%\n", text, flags=re.MULTILINE)
    cells = [one for cell in split for one in (cell, TRIALS)]
    report = grade(grader, notebook(*cells), "ada.ipynb")
    assert (report.score, outcomes(report)) == (100, {})


@pytest.mark.parametrize(
    "text",
    [
        SOLUTION,
        SOLUTION.replace("# %%", "#").replace("[markdown]", ""),
        "\ufeff" + SOLUTION.replace("\n", "\r\n"),
    ],
    ids=["as authored", "in one cell", "saved on Windows"],
)
def test_the_authored_solution_gets_everything(text: str, grader: Grader) -> None:
    assert grade(grader, text).score == 100


def test_there_are_programs_enough() -> None:
    assert len(RIGHT) >= 12
    assert sum(map(len, WRONG.values())) >= 60
    assert len(WRONG) == 12
    assert min(map(len, WRONG.values())) >= 5
    assert (COURSE / "solutions" / "lab2_rnn.py").is_file()


CASES = [(name, slip) for name, slips in WRONG.items() for slip in slips]


@pytest.mark.parametrize(("name", "slip"), CASES, ids=[f"{n}: {s}" for n, s in CASES])
def test_a_wrong_program_costs_its_exercise_and_no_other(
    name: str, slip: str, grader: Grader
) -> None:
    changed = {"train_rnn": TRAIN_ALONE, name: WRONG[name][slip]}
    report = grade(grader, program(**changed))
    assert set(outcomes(report)) == {name}
    one = of(report, name)
    assert one.outcome in ("wrong", "partly", "error")
    assert (one.score or 0) < one.max_score
