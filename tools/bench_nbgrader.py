"""A stock nbgrader course with the same functions, tried as often by cells in the notebook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat

from autograder.spec.cases import cases_of
from autograder.spec.collection import collect
from tools.madeup import answers

CONFIG = """c = get_config()
c.CourseDirectory.course_id = "stock"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}
"""


def stock_course(folder: Path, slug: str, students: int) -> Path:
    """The course folder with `students` correct hand-ins, released and submitted the stock way."""
    collected = collect(slug)
    authored = (collected.root / "solutions" / f"{slug}.py").read_text(encoding="utf-8")
    source = folder / "source" / slug
    source.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    solved = _notebook(slug, answers(authored), _setup(authored))
    nbformat.write(solved, source / f"{slug}.ipynb")
    _nbgrader(folder, "generate_assignment", slug)
    for number in range(students):
        place = folder / "submitted" / f"student{number:04}" / slug
        place.mkdir(parents=True)
        nbformat.write(solved, place / f"{slug}.ipynb")
    return folder


def _setup(authored: str) -> str:
    """The cell that imports, which stands in front of the first exercise."""
    cells = authored.split("\n# %%")
    wanted = ("import numpy", "import torch", "from torch")
    return next(
        cell for cell in cells if any(one in cell for one in wanted) and "active=" not in cell
    ).lstrip("\n")


def _notebook(slug: str, written: dict[str, str], setup: str) -> nbformat.NotebookNode:
    """Every function with a test cell that calls it as often as the kit does."""
    collected = collect(slug)
    book = nbformat.v4.new_notebook()
    book.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    cells = [nbformat.v4.new_code_cell(setup, id="setup")]
    for exercise in collected.exercises:
        code = f"### BEGIN SOLUTION\n{written[exercise.name]}\n### END SOLUTION"
        cells.append(_marked(code, exercise.name, solution=True))
        calls = len(cases_of(exercise, collected.lab))
        cells.append(
            _marked(
                _tests(slug, collected.root, exercise.name, calls),
                f"test-{exercise.name}",
                points=float(exercise.points),
            )
        )
    book.cells = cells
    return book


def _tests(slug: str, root: Path, name: str, calls: int) -> str:
    """A test cell of the usual kind: draw inputs, call, compare with a second call."""
    return f"""
from pathlib import Path
import numpy as np
from autograder.spec.collection import collect
_lab = collect({slug!r}, Path({str(root)!r}))
_one = next(one for one in _lab.exercises if one.name == {name!r})
for _seed in range({calls} // 2 + 1):
    _given = _one.inputs(np.random.default_rng(_seed), **_one.axes)
    def _call():
        given = _one.inputs(np.random.default_rng(_seed), **_one.axes)
        return _one.scenario({name}, **given) if _one.scenario else {name}(*given.values())
    np.testing.assert_equal(_call(), _call())
"""


def _marked(
    code: str, grade_id: str, solution: bool = False, points: float | None = None
) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(code, id=grade_id.replace("_", "-"))
    mark = {
        "schema_version": 3,
        "grade_id": grade_id,
        "solution": solution,
        "locked": not solution,
        "grade": points is not None,
        "task": False,
    }
    if points is not None:
        mark["points"] = points
    cell.metadata["nbgrader"] = mark
    return cell


def _nbgrader(folder: Path, *words: str) -> None:
    place = Path(sys.executable).parent
    path = f"{place}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    if done.returncode != 0:
        raise SystemExit(f"nbgrader {words[0]} failed:\n{done.stderr[-2000:]}")
