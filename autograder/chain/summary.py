"""solutions/summary.py → release/summary/: a notebook to revise from, with facts of the labs.

Its text may hold placeholders, a whole one in a line of Markdown::

    {{ title("lab2_rnn") }}                        the lab's title
    {{ entry("lab2_rnn:rnn_step") }}               `rnn_step(x, h_prev, W_xh, W_hh, b_h)`
    {{ shapes("lab2_rnn:rnn_step") }}              what goes in and comes out, as the spec has it
    {{ mistake("lab2_rnn:rnn_step:no_bias") }}     what is said of a known mistake: when. look
    {{ look("lab2_rnn:rnn_step") }}                where to look, for who made no known mistake
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jinja2 import Environment, StrictUndefined, TemplateError

from autograder.chain.notebook import Cell, code_cell, from_percent, text_cell, to_notebook
from autograder.chain.source import BEGIN, id_of, made_from, named, without_docstring
from autograder.spec import Exercise
from autograder.spec.collection import SUMMARY, Collected, CollectionError, collect, labs

WHERE = f"solutions/{SUMMARY}.py"
_OPTIONS = {"topic", "lines_to_next_cell", "lines_to_end_of_cell_marker"}

Item = TypeVar("Item")


def summary(root: Path) -> str:
    """The text of release/summary/summary.ipynb; raises CollectionError, with the line."""
    text = (root / WHERE).read_text(encoding="utf-8")
    filled = "\n".join(_filled(text.splitlines(), Facts(root)))
    cells = [_made(cell) for cell in without_docstring(from_percent(filled))]
    return to_notebook(named(cells), made_from(WHERE))


def _made(cell: Cell) -> Cell:
    for option in sorted(set(cell.metadata) - _OPTIONS):
        raise CollectionError(f"{WHERE}: no cell of it has an option {option!r}: take it out")
    if BEGIN in cell.source:
        raise CollectionError(f"{WHERE}: nothing is taken out of it: leave no {BEGIN!r} there")
    if cell.cell_type == "code":
        return code_cell(id_of("code", cell.source), cell.source)
    return text_cell(id_of("text", cell.source), cell.source)


def _filled(lines: Iterable[str], facts: Facts) -> Iterator[str]:
    """The lines of the authored file with placeholders filled in where they are Markdown."""
    texts = Environment(undefined=StrictUndefined, finalize=_word, autoescape=False)
    markdown = False
    for number, line in enumerate(lines, start=1):
        if re.match(r"# %%(\s|$)", line):
            markdown = "[markdown]" in line
        if not (markdown and "{{" in line):
            yield line
            continue
        try:
            yield texts.from_string(line).render(facts.placeholders())
        except (TemplateError, TypeError, CollectionError) as error:
            why = str(error)
            if not isinstance(error, CollectionError):
                known = ", ".join(facts.placeholders())
                why = f'{why}: write one of {known}, as in {{{{ title("lab") }}}}'
            raise CollectionError(f"{WHERE}, line {number}: {why}") from error


def _word(value: object) -> str:
    """What a placeholder gave, which is a text unless its brackets were left out."""
    if not isinstance(value, str):
        raise CollectionError('a placeholder is called with a name, as in {{ title("lab") }}')
    return value


class Facts:
    """What placeholders are filled in with; a lab is collected when it is first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._collected: dict[str, Collected] = {}

    def placeholders(self) -> Mapping[str, Any]:
        """The placeholders by name."""
        every = (self.entry, self.look, self.mistake, self.shapes, self.title)
        return {one.__name__: one for one in every}

    def title(self, lab: str) -> str:
        """The title of a lab."""
        return _plain(self._lab(lab).lab.title)

    def entry(self, path: str) -> str:
        """An entry point as it is called."""
        exercise = self._exercise(path)
        parameters = inspect.signature(exercise.reference).parameters.values()
        bare = (one.replace(annotation=one.empty) for one in parameters)
        return f"`{exercise.name}({', '.join(map(str, bare))})`"

    def shapes(self, path: str) -> str:
        """The shapes of what goes in and of what comes out."""
        exercise = self._exercise(path)
        if not exercise.shapes:
            raise CollectionError(f"the spec of {path} names no shapes: write them there, or here")
        taken = _taken(exercise)
        result = [name for name in exercise.shapes if name not in taken and name != "return"]
        out = ", ".join(_shape(name, exercise) for name in result)
        if not result and "return" in exercise.shapes:
            parts = ", ".join(f"`{part}`" for part in exercise.parts)
            out = f"{parts} {_axes(exercise.shapes['return'])}".strip()
        goes_in = ", ".join(_shape(name, exercise) for name in taken if name in exercise.shapes)
        return " → ".join(side for side in (goes_in, out) if side)

    def mistake(self, path: str) -> str:
        """What is said of a known mistake."""
        exercise, _, name = path.rpartition(":")
        known = {one.name: one for one in self._exercise(exercise).mistakes}
        found = _known(known, name, f"{exercise} has no mistake {name!r}: it has")
        return _plain(f"{found.when}. {found.look}")

    def look(self, path: str) -> str:
        """Where to look, for who made no known mistake."""
        return _plain(self._exercise(path).look)

    def _lab(self, slug: str) -> Collected:
        if slug not in self._collected:
            there = {name: name for name in labs(self.root)}
            _known(there, slug, f"there is no lab {slug!r}: the labs are")
            self._collected[slug] = collect(slug, self.root)
        return self._collected[slug]

    def _exercise(self, path: str) -> Exercise:
        slug, _, name = path.partition(":")
        exercises = {one.name: one for one in self._lab(slug).exercises}
        return _known(exercises, name, f"{slug} has no exercise {name!r}: it has")


def _known(things: Mapping[str, Item], name: str, otherwise: str) -> Item:
    if name not in things:
        raise CollectionError(f"{otherwise} {', '.join(things) or 'none'}")
    return things[name]


def _taken(exercise: Exercise) -> list[str]:
    """The names of the arguments, and of what is in those that are dicts."""
    drawn = exercise.inputs(np.random.default_rng(0), **exercise.axes)
    inner = (key for value in drawn.values() if isinstance(value, Mapping) for key in value)
    return list(dict.fromkeys([*drawn, *inner]))


def _shape(name: str, exercise: Exercise) -> str:
    return f"`{name}` {_axes(exercise.shapes[name])}"


def _axes(letters: str) -> str:
    """Axis letters as Python writes a shape: "B T H" becomes (B, T, H), and "H" becomes (H,)."""
    axes = letters.split()
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"


def _plain(text: str) -> str:
    """A text of a spec, which is plain, as Markdown that reads the same."""
    return re.sub(r"([\\`*$\[\]<>|]|(?<!\w)_|_(?!\w))", r"\\\1", " ".join(text.split()))
