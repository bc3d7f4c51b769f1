"""Notebooks and py:percent text: the untyped jupytext and nbformat behind typed functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jupytext
import nbformat.v4

Cell = Any
"""A cell with `cell_type`, `source`, `id` and `metadata`."""

_v4: Any = nbformat.v4
_nbformat: Any = nbformat


def code_cell(name: str, source: str, **metadata: Any) -> Cell:
    """A code cell without output; name: its id."""
    return _v4.new_code_cell(source, id=name, metadata=metadata)


def text_cell(name: str, source: str, **metadata: Any) -> Cell:
    """A markdown cell; name: its id."""
    return _v4.new_markdown_cell(source, id=name, metadata=metadata)


def python_cell(name: str, source: str) -> Cell:
    """A cell that is code in the .py alone, and in no notebook."""
    return _v4.new_raw_cell(source, id=name, metadata={"active": "py"})


def from_notebook(text: str) -> list[Cell]:
    """The cells of an .ipynb file's text."""
    return list(_nbformat.reads(text, as_version=4).cells)


def to_notebook(cells: Sequence[Cell], metadata: Mapping[str, Any]) -> str:
    """The text of an .ipynb file; refuses what nbformat would not read back as it is."""
    notebook = _v4.new_notebook(cells=list(cells), metadata=dict(metadata), nbformat_minor=5)
    _nbformat.validate(notebook)
    return f"{_nbformat.writes(notebook)}\n"


def from_percent(text: str) -> list[Cell]:
    """The cells of a file in jupytext's py:percent format; their ids are new each time."""
    return list(jupytext.reads(text, fmt="py:percent").cells)


def to_percent(cells: Sequence[Cell]) -> str:
    """Python text with a bare marker before each cell, and nothing of the metadata."""
    nothing = {"notebook_metadata_filter": "-all", "cell_metadata_filter": "-all"}
    notebook = _v4.new_notebook(cells=list(cells), metadata={"jupytext": nothing})
    return str(jupytext.writes(notebook, fmt="py:percent"))


def to_authored(cells: Sequence[Cell]) -> str:
    """Python text as an author writes it: with each cell's options, and demos as comments."""
    notebook = _v4.new_notebook(
        cells=list(cells), metadata={"jupytext": {"notebook_metadata_filter": "-all"}}
    )
    return str(jupytext.writes(notebook, fmt="py:percent"))
