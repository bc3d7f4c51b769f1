"""The table on top of nbgrader's feedback page: the mark and the outcome of every exercise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.judge.submission import CHECK
from autograder.pages.rendering import render


@dataclass(frozen=True)
class Row:
    """An exercise.  cell: the id of its check cell; section: its heading and the anchor of it."""

    cell: str
    exercise: str
    score: float
    max_score: float
    outcome: str
    section: tuple[str, str] | None


def overview(nb: Any, mark: str) -> str:
    """HTML on one line, for a cell of text.  nb: a graded notebook; mark: the key of our data."""
    ours = nb.metadata[mark]
    problem = [ours["problem"]] if ours.get("problem") else []
    notes = [*problem, *ours.get("notes", ())]
    html = render("overview.html.j2", rows=list(_rows(nb, mark)), notes=notes)
    return " ".join(html.split())


def _rows(nb: Any, mark: str) -> Iterator[Row]:
    section = None
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            section = heading(cell.source) or section
        for output in cell.get("outputs", []):
            if mark in output.get("metadata", {}):
                outcome = output["metadata"][mark]["outcome"]
                yield _row(cell.metadata["nbgrader"], outcome, section)


def _row(grading: Mapping[str, Any], outcome: str, section: tuple[str, str] | None) -> Row:
    """grading: what nbgrader says of the cell; without a score, the cell earns nothing."""
    cell, score = str(grading["grade_id"]), float(grading.get("score") or 0)
    most = float(grading["points"])
    return Row(cell, cell.removeprefix(CHECK), score, most, outcome, section)


def heading(source: str) -> tuple[str, str] | None:
    """The last heading of a cell of text, and the anchor that notebooks give it."""
    lines = [line.lstrip("#").strip() for line in source.splitlines() if line.startswith("#")]
    if not lines:
        return None
    title = lines[-1].replace("`", "").replace("*", "")
    return title, title.replace(" ", "-")
