"""Whole hand-ins that the specs were not written for: right ones in many styles, and single slips.

A folder here is a lab: the .ipynb in right/ are complete and right, and wrong.py lists changes to
exercises/<lab>/right/plain.py of which each is one mistake.  To add a lab, add a folder.  The other
right programs of exercises/<lab>/right/ are judged by `autograder verify`.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from autograder.chain.verify import defined_in, right_programs
from autograder.judge.grader import Grader
from autograder.judge.report import LabReport
from autograder.judge.submission import read
from autograder.spec.collection import collect

HERE = Path(__file__).parent
COURSE = HERE.parents[1]
LABS = sorted(path.parent.name for path in HERE.glob("*/wrong.py"))
SECRET = b"programs nobody has seen"
STUDENT = "one student"
"""Programs share the draw of one student: what mistakes give is then found out only once."""

pytestmark = pytest.mark.slow


def cells_of(program: str) -> list[str]:
    """The cells of a program in the percent format, with their marks."""
    return re.split(r"^(?=# %%)", program, flags=re.MULTILINE)


def slips(lab: str) -> Iterator[tuple[str, str, str]]:
    """(exercise, name of the slip, the whole program with it)."""
    plain = COURSE / "exercises" / lab / "right" / "plain.py"
    cells = cells_of(plain.read_text(encoding="utf-8"))
    for exercise, name, old, new in runpy.run_path(str(HERE / lab / "wrong.py"))["WRONG"]:
        own = re.compile(rf"^(?:def|class) {exercise}\b", re.MULTILINE)
        places = [k for k, cell in enumerate(cells) if own.search(cell)]
        assert len(places) == 1, exercise
        cell = cells[places[0]]
        assert old in cell, f"{exercise}, {name}: right/plain.py has no text {old!r}"
        changed = cell.replace(old, new, 1)
        yield exercise, name, "".join([*cells[: places[0]], changed, *cells[places[0] + 1 :]])


def graded(lab: str, programs: Iterable[tuple[Path, frozenset[str]]]) -> list[LabReport]:
    """Their reports; with each program the exercises that are judged, or none for all."""
    with Grader(collect(lab, COURSE), SECRET, isolation="process") as grader:
        reports = []
        for path, only in programs:
            grader.only = only
            reports.append(grader.grade(read(path, STUDENT)))
        return reports


def concerned(lab: str, made: list[tuple[str, str, str]]) -> Iterator[frozenset[str]]:
    """What is judged of each slip: its exercise, and what uses that.

    Trainings, which cost most, are judged with the first slips in what they use, and with their
    own; all is judged of the first slip of the lab.
    """
    exercises = collect(lab, COURSE).exercises
    trainings = {one.name for one in exercises if one.training}
    seen: set[str] = set()
    for exercise, _, program in made:
        using = [cell for cell in cells_of(program) if re.search(rf"\b{exercise}\b", cell)]
        users = {
            one.name
            for one in exercises
            if any(re.search(rf"^(?:def|class) {one.name}\b", cell, re.M) for cell in using)
        }
        rest = users - trainings if exercise in seen else users
        yield frozenset({exercise, *rest}) if seen else frozenset()
        seen.add(exercise)


@pytest.mark.parametrize("lab", LABS)
def test_right_programs_get_full_marks(lab: str) -> None:
    files = [
        *sorted((HERE / lab / "right").glob("*.ipynb")),
        COURSE / "exercises" / lab / "right" / "plain.py",
    ]
    assert files[:-1], "there is no notebook"
    told = {
        f"{path.stem}: {one.name}": f"{one.feedback}\n{one.fault}"
        for path, report in zip(
            files, graded(lab, ((path, frozenset()) for path in files)), strict=True
        )
        for one in report.exercises
        if one.outcome != "right" or one.score != one.max_score
    }
    assert not told, "\n\n".join(f"{where}\n{text}" for where, text in told.items())


@pytest.mark.parametrize("lab", LABS)
def test_verify_judges_right_programs_in_many_styles(lab: str) -> None:
    collected = collect(lab, COURSE)
    defined = [
        name for path in right_programs(collected) for name in defined_in(read(path), collected)
    ]
    assert min(defined.count(exercise.name) for exercise in collected.exercises) >= 4


@pytest.mark.parametrize("lab", LABS)
def test_a_slip_costs_its_own_exercise_and_no_other(lab: str, tmp_path: Path) -> None:
    made = list(slips(lab))
    files = [tmp_path / f"{place}.py" for place in range(len(made))]
    for path, (_, _, program) in zip(files, made, strict=True):
        compile(program, str(path), "exec")
        path.write_text(program, encoding="utf-8")
    reports = graded(lab, zip(files, concerned(lab, made), strict=True))
    missed, beside = [], []
    for (exercise, name, _), report in zip(made, reports, strict=True):
        assert report.score is not None
        for one in report.exercises:
            if one.name == exercise and (one.outcome == "right" or one.score == one.max_score):
                missed.append(f"{exercise}: {name}")
            if one.name != exercise and one.outcome != "right":
                told = f"{one.feedback}\n{one.fault or ''}"
                beside.append(f"{exercise}: {name} also costs {one.name}: {told}")
    assert not missed, f"not caught: {missed}"
    assert not beside, "\n\n".join(beside)
