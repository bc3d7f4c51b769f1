"""Mutants of a reference solution: its text with a single thing changed, as a slip would.

What stands between the solution marks of one exercise is changed, one place at a time. Left alone
are docstrings, annotations, what an exception says, and all that students are given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from autograder.chain.slips import OPERATORS, SIMPLE, Place
from autograder.chain.source import BEGIN, END

FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mutant:
    """One change to a solution.

    line: where it stands, from 1.  before, after: the author's line, or lines in one, without and
    with the change.  text: the whole file with it.
    """

    line: int
    before: str
    after: str
    text: str


def mutants(text: str, name: str) -> tuple[Mutant, ...]:
    """Every mutant of one exercise in the text of a lab's solution, no two of them alike.

    They stand in the order of the text, always the same.  Raises SyntaxError for a text that is
    not Python.
    """
    lines = text.splitlines(keepends=True)
    starts = [n for n, line in enumerate(lines) if line.startswith("# %%")]
    first = next(n for n in starts if f'exercise="{name}"' in lines[n])
    last = next((n for n in starts if n > first), len(lines))
    above, cell, below = (
        "".join(part) for part in (lines[:first], lines[first:last], lines[last:])
    )
    tensors = any(line.startswith("import torch") for line in lines)
    return tuple(
        Mutant(first + line, before, after, above + changed + below)
        for line, before, after, changed in _changed(_Source(cell), tensors)
    )


class _Source:
    """The text of a cell with its tree, and where nodes stand in the text."""

    def __init__(self, text: str) -> None:
        self.text, self.tree = text, ast.parse(text)
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: Any) -> tuple[int, int]:
        """From which character to which a node stands."""
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno, node.end_col_offset),
        )

    def _offset(self, line: int, column: int) -> int:
        """Columns of a tree count bytes."""
        head = self.lines[line - 1].encode("utf-8")[:column]
        return self.starts[line - 1] + len(head.decode("utf-8"))

    def line_of(self, offset: int) -> int:
        """The line of a character, from 1."""
        return self.text.count("\n", 0, offset) + 1

    def solved(self) -> set[int]:
        """The lines between the marks."""
        inside, solved = False, set()
        for number, line in enumerate(self.lines, 1):
            inside = (inside or line.strip() == BEGIN) and line.strip() != END
            solved |= {number} if inside else set()
        return solved


Edit = tuple[int, int, tuple[str, ...], str]
"""From, to, what may stand there instead, and the tree that is meant (empty where any will do)."""


def _changed(source: _Source, tensors: bool) -> Iterator[tuple[int, str, str, str]]:
    """(line, author's line, changed line, changed text) of every change, in order."""
    seen = {ast.dump(source.tree)}
    edits = [*_edits(source, tensors), *_swapped_statements(source)]
    for start, end, pieces, dump in sorted(edits, key=lambda edit: edit[:2]):
        piece = _fitting(source, start, end, pieces, dump)
        changed = source.text[:start] + piece + source.text[end:]
        tree = ast.dump(ast.parse(changed))
        if tree not in seen:
            seen.add(tree)
            old = _shown(source.text, start, end)
            yield source.line_of(start), old, _shown(changed, start, start + len(piece)), changed


def _fitting(source: _Source, start: int, end: int, pieces: Sequence[str], dump: str) -> str:
    """The first piece that means in its place what it means alone: brackets where they count."""
    for piece in pieces:
        try:
            tree = ast.parse(source.text[:start] + piece + source.text[end:])
        except SyntaxError:
            continue
        if dump in ("", ast.dump(tree)):
            return piece
    return source.text[start:end]


def _shown(text: str, start: int, end: int) -> str:
    """The lines of a stretch of text as one, a loop by its first."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    lines = [line.strip() for line in text[first : last if last >= 0 else None].splitlines()]
    return f"{lines[0]} …" if lines[0].endswith(":") else " ".join(lines)


def _edits(source: _Source, tensors: bool) -> Iterator[Edit]:
    solved = source.solved()
    for node, place in _places(source.tree, tensors):
        if node.lineno not in solved:
            continue
        start, end = source.span(node)
        for operator in OPERATORS:
            for made in list(operator(node, place)):
                new = ast.fix_missing_locations(ast.copy_location(copy(made), node))
                place.put(new)
                dump = ast.dump(source.tree)
                place.put(node)
                written = ast.unparse(new)
                bare = (written[1:-1],) if isinstance(new, ast.Tuple) else ()
                yield start, end, (*bare, written, f"({written})"), dump


def _places(tree: ast.Module, tensors: bool) -> Iterator[tuple[Any, Place]]:
    """Every node with a position that may be changed, and where it stands."""
    for function in ast.walk(tree):
        if isinstance(function, FUNCTION):
            own = frozenset(_variables(function))
            for field, index, child in _children(function):
                if isinstance(child, ast.stmt):
                    place = Place(function, field, index, (), (), tensors)
                    yield from _within(child, place, own)


def _within(node: ast.AST, place: Place, own: frozenset[str]) -> Iterator[tuple[Any, Place]]:
    if isinstance(node, ast.stmt):
        parts = list(_head(node))
        names = (one.id for one in parts if isinstance(one, ast.Name) and one.id in own)
        values = (one.value for one in parts if isinstance(one, ast.Constant))
        words = (value for value in values if isinstance(value, str))
        place = replace(place, names=_once(names), words=_once(words))
    if hasattr(node, "lineno"):
        yield node, place
    if isinstance(node, FUNCTION | ast.Raise | ast.JoinedStr):
        return
    for field, index, child in _children(node):
        below = replace(place, parent=node, field=field, index=index)
        yield from _within(child, below, own)


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    """The nodes right below one, annotations left out."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        if isinstance(value, ast.AST):
            yield field, None, value
        elif isinstance(value, list):
            yield from ((field, n, one) for n, one in enumerate(value) if isinstance(one, ast.AST))


def _head(statement: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement, without those of statements inside it."""
    for _, _, child in _children(statement):
        if not isinstance(child, ast.stmt):
            yield child
            yield from _head(child)


def _variables(function: ast.AST) -> Iterator[str]:
    """What a function binds: arguments and all that it assigns."""
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _swapped_statements(source: _Source) -> Iterator[Edit]:
    """Neighbours in the other order, where one of them stands for its effect alone."""
    solved = source.solved()
    for parent in ast.walk(source.tree):
        body = getattr(parent, "body", ())
        for one, other in pairwise(body if isinstance(body, list) else ()):
            simple = isinstance(one, SIMPLE) and isinstance(other, SIMPLE)
            effect = isinstance(one, ast.Expr) or isinstance(other, ast.Expr)
            if simple and effect and one.lineno in solved:
                (start, stop), (again, end) = source.span(one), source.span(other)
                text = source.text
                piece = text[again:end] + text[stop:again] + text[start:stop]
                yield start, end, (piece,), ""
