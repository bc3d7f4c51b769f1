"""Whole hand-ins that the specs were not written for: right ones in many styles, and single slips.

A folder here is a lab: the .ipynb in right/ are complete and right, and wrong.py lists changes to
exercises/<lab>/right/plain.py of which each is one mistake.  To add a lab, add a folder.  The other
right programs of exercises/<lab>/right/ are judged by `autograder verify`.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.chain.verify import defined_in, right_programs
from autograder.course.processes import Setup, judge
from autograder.judge.report import LabReport
from autograder.judge.submission import read
from autograder.spec.collection import collect

HERE = Path(__file__).parent
COURSE = HERE.parents[1]
LABS = sorted(path.parent.name for path in HERE.glob("*/wrong.py"))
STUDENTS = 2
"""Programs share the draws of a few students: what mistakes give is then found out only once."""

pytestmark = pytest.mark.slow


def slips(lab: str) -> Iterator[tuple[str, str, str]]:
    """(exercise, name of the slip, the whole program with it)."""
    plain = (COURSE / "exercises" / lab / "right" / "plain.py").read_text(encoding="utf-8")
    cells = re.split(r"^(?=# %%)", plain, flags=re.MULTILINE)
    for exercise, name, old, new in runpy.run_path(str(HERE / lab / "wrong.py"))["WRONG"]:
        own = re.compile(rf"^(?:def|class) {exercise}\b", re.MULTILINE)
        places = [k for k, cell in enumerate(cells) if own.search(cell)]
        assert len(places) == 1, exercise
        cell = cells[places[0]]
        assert old in cell, f"{exercise}, {name}: right/plain.py has no text {old!r}"
        changed = cell.replace(old, new, 1)
        yield exercise, name, "".join([*cells[: places[0]], changed, *cells[places[0] + 1 :]])


def graded(lab: str, files: list[Path], only: frozenset[str] = frozenset()) -> list[LabReport]:
    """Reports in the order of the files; only: the exercises that are judged, or all."""
    work = [read(path, f"student {place % STUDENTS}") for place, path in enumerate(files)]
    setup = Setup(lab, COURSE, b"programs nobody has seen", isolation="process", only=only)
    return [report for _, report in judge(work, setup, jobs=1)] if work else []


def in_part(lab: str, made: list[tuple[str, str, str]]) -> tuple[list[bool], frozenset[str]]:
    """Which slips are judged without the trainings, which cost most, and what is judged then.

    The first slip of an exercise is judged in full, and each where a training may meet it.
    """
    exercises = collect(lab, COURSE).exercises
    trainings = {one.name for one in exercises if one.training}
    parts, seen = [], set()
    for exercise, _, program in made:
        own = re.split(r"^(?=# %%|def |class )", program, flags=re.MULTILINE)
        cells = [cell for cell in own if cell.startswith(tuple(f"def {one}" for one in trainings))]
        met = any(re.search(rf"\b{exercise}\b", cell) for cell in cells)
        parts.append(bool(trainings) and exercise in seen and not met)
        seen.add(exercise)
    return parts, frozenset(one.name for one in exercises) - trainings


@pytest.mark.parametrize("lab", LABS)
def test_right_programs_get_full_marks(lab: str) -> None:
    files = [
        *sorted((HERE / lab / "right").glob("*.ipynb")),
        COURSE / "exercises" / lab / "right" / "plain.py",
    ]
    assert files[:-1], "there is no notebook"
    told = {
        f"{path.stem}: {one.name}": f"{one.feedback}\n{one.fault}"
        for path, report in zip(files, graded(lab, files), strict=True)
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
    parts, rest = in_part(lab, made)
    whole = iter(graded(lab, [path for path, part in zip(files, parts, strict=True) if not part]))
    partly = iter(
        graded(lab, [path for path, part in zip(files, parts, strict=True) if part], rest)
    )
    missed, beside = [], []
    for (exercise, name, _), part in zip(made, parts, strict=True):
        report = next(partly if part else whole)
        assert report.score is not None
        for one in report.exercises:
            if one.name == exercise and (one.outcome == "right" or one.score == one.max_score):
                missed.append(f"{exercise}: {name}")
            if one.name != exercise and one.outcome != "right":
                beside.append(f"{exercise}: {name} also costs {one.name}: {one.feedback}")
    assert not missed, f"not caught: {missed}"
    assert not beside, "\n\n".join(beside)
