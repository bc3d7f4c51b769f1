"""The table on top of nbgrader's feedback page: the mark and the outcome of every exercise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from autograder.judge.submission import CHECK
from autograder.pages.rendering import render

MARK = "autograder"
"""The key under which our metadata stands in notebooks, cells and outputs."""

STYLE = """
.overview table { border-collapse: collapse; margin: .5em 0; }
.overview caption { text-align: left; font-weight: 600; }
.overview th, .overview td { border-bottom: 1px solid #999; padding: .25em .6em;
  text-align: left; vertical-align: top; font-size: 14px; }
.overview .hidden { position: absolute; clip-path: inset(50%); }
"""
"""The look of the table, for the head of the page that it stands on."""


@dataclass(frozen=True)
class Row:
    """An exercise.  cell: the id of its check cell; section: its heading and the anchor of it."""

    cell: str
    exercise: str
    score: float
    max_score: float
    outcome: str
    section: tuple[str, str] | None


def overview(nb: Any) -> str:
    """HTML on one line, for a cell of text.  nb: a graded notebook."""
    ours = nb.metadata[MARK]
    problem = [ours["problem"]] if ours.get("problem") else []
    look_at = [f"A person will look at it: {ours['look_at']}."] if ours.get("look_at") else []
    warning = [ours["warning"]] if ours.get("warning") else []
    notes = [*problem, *warning, *look_at, *ours.get("notes", ())]
    html = render("overview.html.j2", rows=list(_rows(nb)), notes=notes)
    return " ".join(html.split())


def _rows(nb: Any) -> Iterator[Row]:
    texts = (cell.source if cell.cell_type == "markdown" else "" for cell in nb.cells)
    for cell, section in zip(nb.cells, headings(texts), strict=True):
        outcome = outcome_in(cell)
        if outcome is not None:
            yield _row(cell.metadata["nbgrader"], outcome, section)


def outcome_in(cell: Any) -> str | None:
    """The outcome that was written into a check cell."""
    metadata = (output.get("metadata", {}) for output in cell.get("outputs", []))
    return next((str(data[MARK]["outcome"]) for data in metadata if MARK in data), None)


def _row(grading: Mapping[str, Any], outcome: str, section: tuple[str, str] | None) -> Row:
    """grading: what nbgrader says of the cell; without a score, the cell earns nothing."""
    cell, score = str(grading["grade_id"]), float(grading.get("score") or 0)
    most = float(grading["points"])
    return Row(cell, cell.removeprefix(CHECK), score, most, outcome, section)


def headings(texts: Iterable[str]) -> Iterator[tuple[str, str] | None]:
    """The section of each cell: the last heading so far.  texts: empty for cells of code."""
    return accumulate(map(heading, texts), lambda before, here: here or before)


def heading(source: str) -> tuple[str, str] | None:
    """The last heading of a cell of text, and the anchor that notebooks give it."""
    lines = [line.lstrip("#").strip() for line in source.splitlines() if line.startswith("#")]
    if not lines:
        return None
    title = lines[-1].replace("`", "").replace("*", "")
    return title, title.replace(" ", "-")
