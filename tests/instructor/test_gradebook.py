"""Verdicts in check cells: what nbgrader reads from them is the mark, and never more."""

from __future__ import annotations

import logging
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat.v4
import pytest
from instructor_kit import NAMES, POINTS, Course, outputs, points
from nbgrader.utils import determine_grade

from autograder.course.finding import handed_in_by
from autograder.course.gradebook import Book
from autograder.course.plugins import write_verdicts
from autograder.judge.report import ExerciseReport, LabReport, Outcome
from autograder.labcheck.explain import Line
from autograder.pages.card import card
from autograder.pages.overview import MARK, outcome_in, overview

LOG = logging.getLogger("nothing")
_v4: Any = nbformat.v4


def notebook(worth: dict[str, float] | None = None) -> Any:
    """A notebook with check cells as nbgrader has them."""
    cells = []
    for name, most in (worth or POINTS).items():
        mark = {
            "grade_id": f"check-{name}",
            "grade": True,
            "solution": False,
            "locked": True,
            "points": most,
            "schema_version": 3,
        }
        cells.append(_v4.new_code_cell(f"check({name})", metadata={"nbgrader": mark}))
    return _v4.new_notebook(cells=cells)


def exercise(
    name: str, score: float | None, outcome: Outcome = "partly", *lines: Line, fault: str = ""
) -> ExerciseReport:
    return ExerciseReport(name, outcome, score, POINTS[name], None, lines, fault=fault)


def report(*exercises: ExerciseReport) -> LabReport:
    return LabReport("tiny", "ada", "cpu", ("tier A: isolated",), 0.5, exercises)


def scores() -> Iterator[float]:
    rng = random.Random(5)
    yield from (0.0, 40.0, 1e-4, 39.9999, 13.3333, 0.1 + 0.2)
    yield from (round(rng.uniform(0, 40), 4) for _ in range(200))


def test_nbgrader_reads_each_score_to_the_last_digit() -> None:
    for score in scores():
        nb = notebook()
        write_verdicts(nb, report(exercise("double", score)))
        assert determine_grade(nb.cells[0], LOG) == (score, 40.0)


def test_a_check_cell_has_one_result_and_nothing_else() -> None:
    nb = notebook()
    nb.cells[0].outputs = [_v4.new_output("stream", name="stderr", text="student")]
    write_verdicts(nb, report(*(exercise(name, 1.5) for name in NAMES)))
    for cell in nb.cells:
        assert [output.output_type for output in cell.outputs] == ["execute_result"]
        assert set(cell.outputs[0].data) == {"text/plain", "text/html"}
    nbformat.validate(nb)
    assert points(nb) == dict.fromkeys(NAMES, 1.5)


def test_what_could_not_be_judged_earns_nothing_and_says_why() -> None:
    nb = notebook()
    write_verdicts(nb, report(exercise("double", None, "not_graded", fault="no <room> left")))
    assert determine_grade(nb.cells[0], LOG) == (0.0, 40.0)
    assert outcome_in(nb.cells[0]) == "not_graded"
    assert "no &lt;room&gt; left" in outputs(nb)["double"]["data"]["text/html"]


def test_a_check_cell_without_an_exercise_is_for_a_person() -> None:
    nb = notebook()
    write_verdicts(nb, report(exercise("double", 40.0, "right")))
    assert [outcome_in(cell) for cell in nb.cells] == ["right", "not_graded", "not_graded"]
    assert "no exercise of this name" in outputs(nb)["share_of"]["data"]["text/html"]


def test_points_that_differ_from_the_gradebooks_are_for_a_person() -> None:
    nb = notebook({"double": 30.0})
    write_verdicts(nb, report(exercise("double", 40.0, "right")))
    assert determine_grade(nb.cells[0], LOG) == (0.0, 30.0)
    assert outcome_in(nb.cells[0]) == "not_graded"
    assert "nbgrader generate_assignment" in outputs(nb)["double"]["data"]["text/html"]


ATTACKS = (
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    "\u202e right",
    "&lt;b&gt;",
    "\x1b[31mred",
    '" onmouseover="alert(1)',
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_of_students_is_escaped(attack: str) -> None:
    html = card(exercise("double", 0.0, "error", Line("Raised", attack)))
    assert "<script" not in html
    assert "<img" not in html
    assert '" onmouseover' not in html


def test_the_card_says_what_the_text_says() -> None:
    lines = (
        Line("Called with", "x (time 5)\nfloat64"),
        Line("Hint", "This is exactly what comes out when it is squared.\nLook at the factor."),
    )
    told = exercise("double", 0.0, "wrong", *lines)
    for text in (told.feedback, card(told)):
        for part in [part for line in lines for part in (line.label, *line.text.split("\n"))]:
            assert part in text


def test_a_fault_of_ours_is_told_to_graders_alone() -> None:
    told = exercise("double", None, "not_graded", fault="no room left")
    assert "no room left" in card(told, graders=True)
    assert "no room left" not in card(told) + told.feedback


def test_the_feedback_page_starts_with_marks_and_links(tmp_path: Path) -> None:
    nb = notebook()
    nb.cells.insert(0, _v4.new_markdown_cell("## 1. Twice `x`\n\ntext"))
    write_verdicts(nb, report(*(exercise(name, 1.25, "partly") for name in NAMES)))
    nb.metadata[MARK]["notes"] = ["cell 5: left out '%matplotlib <inline>'"]
    for cell in nb.cells[1:]:
        cell.metadata.nbgrader["score"] = 2.5  # a person has raised it
    html = overview(nb)
    assert "\n" not in html
    assert html.count("2.5 of ") == 3
    assert '<a href="#check-double">' in html
    assert '<a href="#1.-Twice-x">1. Twice x</a>' in html
    assert "&lt;inline&gt;" in html


ONE_GRADE = """
EXPLAIN QUERY PLAN SELECT grade.id
FROM grade JOIN (base_cell JOIN grade_cells ON base_cell.id = grade_cells.id)
ON grade_cells.id = grade.cell_id
JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
JOIN notebook ON notebook.id = submitted_notebook.notebook_id
JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
JOIN assignment ON assignment.id = submitted_assignment.assignment_id
JOIN student ON student.id = submitted_assignment.student_id
WHERE base_cell.name = 'check-double' AND notebook.name = 'tiny'
AND assignment.name = 'tiny' AND student.id = 'student03'
"""
"""How nbgrader looks for a student's grade of a cell, each time that one is booked."""


def test_a_grade_is_found_without_looking_at_those_of_all_students(course: Course) -> None:
    course.hand_in("ada")
    with Book("tiny", course.root) as book:
        (folder,) = book.submissions().values()
        below = book.handed_in_below
        submission = handed_in_by(folder, "tiny", "ada", course.root, below=below)
        assert book.enter(submission, report(*(exercise(name, 1.0) for name in NAMES))) is None
    assert looked_up_by_both(course)
    with sqlite3.connect(course.root / "gradebook.db") as base:
        base.execute("DELETE FROM sqlite_stat1")
    base.close()
    assert not looked_up_by_both(course)


def looked_up_by_both(course: Course) -> bool:
    """Whether a grade is found by its cell and its notebook, and not by its cell alone."""
    with sqlite3.connect(course.root / "gradebook.db") as base:
        plan = [row[-1] for row in base.execute(ONE_GRADE)]
    base.close()
    (how,) = (step for step in plan if step.startswith("SEARCH grade "))
    return "cell_id=? AND notebook_id=?" in how
