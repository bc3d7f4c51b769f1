"""What a student handed in, put back into the form of the release.

Of a student's notebook only the sources of its cells and the ids that the release gave them are
used: every other piece of metadata comes from what was released.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nbformat.notebooknode import from_dict

from autograder.judge.submission import CHECK, Part, Submission
from autograder.pages.harmless import LONGEST, harmless_markdown

CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
RENDERED = 10 * LONGEST
"""Characters of a student's text that are shown as Markdown; what follows is shown as typed."""


@dataclass(frozen=True)
class Released:
    """One cell as it was released: its kind, its text if that is locked, nbgrader's metadata."""

    kind: str
    source: str
    mark: Mapping[str, Any]

    @property
    def locked(self) -> bool:
        """Whether the text is the release's and not the student's."""
        return bool(self.mark["locked"])


@dataclass(frozen=True)
class Release:
    """The cells of a released notebook that have ids, in order, and its kernel."""

    cells: Mapping[str, Released]
    kernelspec: Mapping[str, Any] = field(default_factory=dict)


def as_notebook(submission: Submission, release: Release) -> Any:
    """The hand-in as a notebook of this release; without cells of its own if it is unreadable."""
    cells = list(submission.parts) or _from_script(submission, release)
    cells = _complete(_locked_again(_last_of_each(cells, release), release), release)
    notebook: Any = from_dict(
        {
            "cells": list(_with_ids(cells, release)),
            "metadata": {
                "kernelspec": dict(release.kernelspec) or _PYTHON,
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    return notebook


_PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}


def _from_script(submission: Submission, release: Release) -> list[Part]:
    """The cells of a .py; those that define an exercise are the exercise's cells."""
    cells = []
    for cell in submission.cells:
        name = next((name for name in release.cells if name in cell.defines), "")
        source = cell.source.encode("utf-8", "backslashreplace").decode("utf-8").strip("\n")
        cells.append(Part("code", source, name))
    return cells


def _last_of_each(cells: Sequence[Part], release: Release) -> list[Part]:
    """Ids that the release does not know are dropped; of copies of a cell the last one has it."""
    last = {cell.grade_id: place for place, cell in enumerate(cells)}
    return [
        cell
        if cell.grade_id in release.cells and last[cell.grade_id] == place
        else replace(cell, grade_id="")
        for place, cell in enumerate(cells)
    ]


def _locked_again(cells: Sequence[Part], release: Release) -> Iterator[Part]:
    """What is the release's is so again, and what is not is harmless to who reads it."""
    left = RENDERED
    for cell in cells:
        released = release.cells.get(cell.grade_id)
        if released is not None and released.locked:
            yield replace(cell, kind=released.kind, source=released.source)
            continue
        kind, source = released.kind if released else cell.kind, cell.source
        if kind != "code":
            left -= len(source)
            source = harmless_markdown(source, most=LONGEST if left >= 0 else 0)
        yield replace(cell, kind=kind, source=source)


def _complete(locked: Iterable[Part], release: Release) -> list[Part]:
    """With every graded cell in it: one that was deleted stands after its exercise, or last."""
    cells = list(locked)
    for name, released in release.cells.items():
        ids = [cell.grade_id for cell in cells]
        if not released.mark["grade"] or name in ids:
            continue
        before = name.removeprefix(CHECK)
        where = ids.index(before) + 1 if before in ids else len(cells)
        cells.insert(where, Part(released.kind, released.source, name))
    return cells


def _with_ids(cells: Sequence[Part], release: Release) -> Iterator[dict[str, Any]]:
    taken: set[str] = set()
    for number, cell in enumerate(cells, 1):
        name = cell.grade_id or cell.id
        if not CELL_ID.fullmatch(name) or name in taken:
            name = f"cell-{number}"
        taken.add(name)
        mark = {"nbgrader": dict(release.cells[cell.grade_id].mark)} if cell.grade_id else {}
        node = {"cell_type": cell.kind, "id": name, "source": cell.source, "metadata": mark}
        yield node | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})
