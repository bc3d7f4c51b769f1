"""What a student handed in, found in a folder and put back into the form of the release.

Of a student's notebook only the sources of its cells and the ids that the release gave them are
used: every other piece of metadata comes from what was released.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat.notebooknode import from_dict

from autograder.judge.submission import CHECK, Submission

CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


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


@dataclass
class _Found:
    kind: str
    source: str
    grade_id: str = ""
    id: str = ""


def handed_in(folder: Path, slug: str) -> Path:
    """The file that counts: the lab's notebook, else its .py, else the only file of either kind.

    Where there is nothing of that sort it is the lab's notebook, which is then missing.
    """
    named = [folder / f"{slug}{suffix}" for suffix in (".ipynb", ".py")]
    for path in named:
        if os.path.lexists(path):
            return path
    for suffix in (".ipynb", ".py"):
        others = sorted(folder.glob(f"*{suffix}")) if folder.is_dir() else []
        if len(others) == 1:
            return others[0]
    return named[0]


def as_notebook(submission: Submission, release: Release) -> Any:
    """The hand-in as a notebook of this release; without cells of its own if it is unreadable."""
    found = _locked_again(_last_of_each(_cells(submission, release), release), release)
    notebook: Any = from_dict(
        {
            "cells": _with_ids(_complete(found, release), release),
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


def _cells(submission: Submission, release: Release) -> list[_Found]:
    if submission.parts:
        return [
            _Found(part.kind, part.source, part.grade_id, part.id) for part in submission.parts
        ]
    return _from_script(submission, release)


def _from_script(submission: Submission, release: Release) -> list[_Found]:
    """The cells of a .py; those that define an exercise are the exercise's cells."""
    found = []
    for cell in submission.cells:
        names = [name for name in release.cells if name in cell.defines]
        source = cell.source.encode("utf-8", "backslashreplace").decode("utf-8").strip("\n")
        found.append(_Found("code", source, names[0] if names else ""))
    return found


def _last_of_each(found: Sequence[_Found], release: Release) -> list[_Found]:
    """Ids that the release does not know are dropped; of copies of a cell the last one has it."""
    seen: set[str] = set()
    for one in reversed(found):
        if one.grade_id not in release.cells or one.grade_id in seen:
            one.grade_id = ""
        else:
            seen.add(one.grade_id)
    return list(found)


def _locked_again(found: list[_Found], release: Release) -> list[_Found]:
    for one in found:
        released = release.cells.get(one.grade_id)
        if released is not None:
            one.kind = released.kind
            one.source = released.source if released.locked else one.source
    return found


def _complete(found: list[_Found], release: Release) -> list[_Found]:
    """With every graded cell in it: one that was deleted stands after its exercise, or last."""
    for name, released in release.cells.items():
        if not released.mark["grade"] or any(one.grade_id == name for one in found):
            continue
        before = name.removeprefix(CHECK)
        places = [place for place, one in enumerate(found) if one.grade_id == before]
        where = places[-1] + 1 if places else len(found)
        found.insert(where, _Found(released.kind, released.source, name))
    return found


def _with_ids(found: Sequence[_Found], release: Release) -> list[dict[str, Any]]:
    taken: set[str] = set()
    made = []
    for place, one in enumerate(found):
        name = one.grade_id or one.id
        if not CELL_ID.fullmatch(name) or name in taken:
            name = f"cell-{place + 1}"
        taken.add(name)
        cell: dict[str, Any] = {
            "cell_type": one.kind,
            "id": name,
            "source": one.source,
            "metadata": {},
        }
        if one.grade_id:
            cell["metadata"] = {"nbgrader": dict(release.cells[one.grade_id].mark)}
        if one.kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        made.append(cell)
    return made
