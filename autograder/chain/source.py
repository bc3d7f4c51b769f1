"""solutions → source: the py:percent file of a lab as nbgrader's source notebook."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

from autograder.chain.archive import ARCHIVE
from autograder.chain.notebook import Cell, code_cell, from_percent, text_cell, to_notebook
from autograder.spec import Exercise
from autograder.spec.collection import Collected, CollectionError

SETUP = f"""\
# If this fails, put {ARCHIVE} and visible.json beside this notebook and restart its kernel.
import sys; sys.path.insert(0, "{ARCHIVE}")
from labcheck import check, guess, hint, play, progress, reveal"""
SETUP_ID = "labcheck"
DEMO = "demo"
REVEALED = re.compile(r"^[ \t]*reveal\(\s*[\"']([\w-]+)[\"']", re.MULTILINE)
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

GOES_ON = "raises-exception"
"""The tag of a cell whose error does not keep those below it from running."""
FOLDED = {"source_hidden": True}

_OPTIONS = {
    "exercise",
    "active",
    "guess",
    "shown",
    "lines_to_next_cell",
    "lines_to_end_of_cell_marker",
}


def source(collected: Collected) -> str:
    """The text of source/<lab>/<lab>.ipynb."""
    where = f"solutions/{collected.slug}.py"
    text = (collected.root / where).read_text(encoding="utf-8")
    _check_demos(text, where)
    cells = without_docstring(from_percent(text))
    made = list(_with_setup(cells, collected, where))
    return to_notebook(_locked(named(made)), made_from(where))


def made_from(where: str) -> dict[str, Any]:
    """The metadata of a notebook that is made from an authored file."""
    return {
        "generated": f"by autograder build from {where}; do not edit",
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def without_docstring(cells: list[Cell]) -> Iterator[Cell]:
    """The cells with something in them; a module's docstring is for readers of the .py."""
    for index, cell in enumerate(cells):
        if index == 0 and cell.cell_type == "code" and not cell.metadata:
            cell.source = _after_docstring(cell.source)
        if cell.source.strip():
            yield cell


def _after_docstring(code: str) -> str:
    tree = ast.parse(code)
    if ast.get_docstring(tree) is None:
        return code
    return "\n".join(code.splitlines()[tree.body[0].end_lineno :]).strip("\n")


def _with_setup(cells: Iterator[Cell], collected: Collected, where: str) -> Iterator[Cell]:
    """The notebook's cells, with the setup cell after the title or, where there is none, first."""
    pending = True
    for cell in cells:
        titled = cell.cell_type == "markdown"
        if pending and not titled:
            yield _setup()
        yield from _made(cell, collected, where)
        if pending and titled:
            yield _setup()
        pending = False


def _setup() -> Cell:
    return code_cell(SETUP_ID, SETUP, nbgrader=_nbgrader(SETUP_ID, locked=True), tags=[DEMO])


def _made(cell: Cell, collected: Collected, where: str) -> Iterator[Cell]:
    """The cell, or the two cells, that stand in the notebook for one cell of the lab."""
    unknown = sorted(set(cell.metadata) - _OPTIONS)
    if unknown:
        raise CollectionError(f"{where}: no cell option is called {unknown[0]!r}: take it out")
    if cell.metadata.get("active", "ipynb") not in ("ipynb", "py"):
        raise CollectionError(f'{where}: write active="ipynb" for a demo, "py" for specs')
    if cell.metadata.get("active") == "py":
        return  # what specs use, and nobody is handed out
    if cell.cell_type != "code":
        yield text_cell(id_of("text", cell.source), cell.source)
    elif "exercise" in cell.metadata:
        name = cell.metadata["exercise"]
        exercise = next(one for one in collected.exercises if one.name == name)
        _check_exercise(cell.source, name, where)
        own = _nbgrader(name, solution=True)
        yield code_cell(name, cell.source, nbgrader=own, tags=[GOES_ON])
        yield _check_cell(exercise)
    elif "active" in cell.metadata:
        yield from _demo(cell, where)
    elif "BEGIN SOLUTION" in cell.source:
        raise CollectionError(
            f'{where}: a solution stands in a cell that is no exercise: mark it # %% exercise="…"'
        )
    else:
        yield code_cell(id_of("code", cell.source), cell.source)


def _demo(cell: Cell, where: str) -> Iterator[Cell]:
    """A cell with a picture, its code folded; before it a cell for the guess, where one is due.

    An option shown="yes" leaves the code in sight, where it is to be read or changed.
    """
    about = cell.metadata.get("guess")
    revealed = REVEALED.findall(cell.source)
    if revealed != [about] * bool(about):
        what = f'guess="{about}"' if about else "no guess"
        due = f'calls reveal("{about}", …) once' if about else "calls no reveal(…)"
        raise CollectionError(f"{where}: a demo cell with {what} {due}; found: {revealed}")
    tags = {"tags": [DEMO, GOES_ON]}
    if about:
        yield code_cell(f"guess-{about}", f'guess("…", about="{about}")', **tags)
    hidden = {} if cell.metadata.get("shown") else {"jupyter": FOLDED}
    yield code_cell(id_of(DEMO, cell.source), cell.source, **tags, **hidden)


def _check_cell(exercise: Exercise) -> Cell:
    name, points = f"check-{exercise.name}", exercise.points
    settings = _nbgrader(name, grade=True, locked=True)
    settings["points"] = int(points) if points == int(points) else points
    return code_cell(name, f"check({exercise.name})", nbgrader=settings, tags=[GOES_ON])


def _nbgrader(name: str, **roles: bool) -> dict[str, Any]:
    off = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"grade_id": name, "schema_version": 3, **off, **roles}


def named(cells: list[Cell]) -> list[Cell]:
    """The cells with ids made unique."""
    seen: Counter[str] = Counter()
    for cell in cells:
        seen[cell.id] += 1
        if seen[cell.id] > 1:
            cell.id = f"{cell.id}--{seen[cell.id]}"
    return cells


def _locked(cells: list[Cell]) -> list[Cell]:
    """The cells with text and code of the lab locked under the names of their ids."""
    for cell in cells:
        if not cell.metadata:
            cell.metadata["nbgrader"] = _nbgrader(cell.id, locked=True)
    return cells


def id_of(kind: str, text: str) -> str:
    """A stable id from the first line that has letters: other cells may come and go."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    lines = (re.sub(r"[^a-z0-9]+", "-", line).strip("-") for line in plain.splitlines())
    first = next((line for line in lines if line), "cell")
    return f"{kind}-{first[:40].strip('-')}"


def _check_exercise(code: str, name: str, where: str) -> None:
    """An exercise is one top-level def or class, with a docstring and a solution to take out."""

    def refuse(what: str) -> CollectionError:
        return CollectionError(f'{where}: the cell exercise="{name}" {what}')

    lines = map(str.strip, code.splitlines())
    marks = [line for line in lines if re.search(r"(BEGIN|END) SOLUTION", line)]
    if not marks or marks != [BEGIN, END] * (len(marks) // 2):
        raise refuse(f"must hold pairs of lines {BEGIN} and {END}")
    try:
        statements = ast.parse(code).body
    except SyntaxError as error:
        raise refuse(f"is not Python: mend its line {error.lineno}") from error
    if len(statements) != 1 or not isinstance(statements[0], ast.FunctionDef | ast.ClassDef):
        raise refuse("must be one def or class: move the rest to a cell of its own")
    if statements[0].name != name:
        raise refuse(f"defines {statements[0].name}: give both one name")
    if not ast.get_docstring(statements[0]):
        raise refuse("needs a docstring: the stub is the statement of the exercise")


def _check_demos(text: str, where: str) -> None:
    """Demo cells are comments in the .py, so that a lab imports without running them."""
    demo = False
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r"# %%(\s|$)", line):
            demo = 'active="ipynb"' in line
        elif demo and line.strip() and not line.startswith("#"):
            raise CollectionError(
                f'{where}, line {number}: put "# " before each line of a cell active="ipynb"'
            )
