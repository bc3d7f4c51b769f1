"""A student's cells as one program: what each of them binds and does, and who needs which."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.judge.submission import Cell, Submission
from autograder.labcheck.forbidden import Source, bound_names, folded, parsed

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Program:
    """The cells that are run, in order, and the names of the exercises."""

    cells: tuple[Cell, ...]
    names: tuple[str, ...]

    @staticmethod
    def of(submission: Submission, names: Sequence[str]) -> Program:
        """Demo and check cells of the release are left out, unless they define an exercise."""
        asked = set(names)
        cells = [cell for cell in submission.cells if not cell.extra or cell.defines & asked]
        return Program(tuple(cells), tuple(names))

    @cached_property
    def source(self) -> Source:
        """The names in all cells."""
        return Source.of([cell.source for cell in self.cells])

    @cached_property
    def text(self) -> str:
        """All cells as one text, identifiers folded."""
        return folded(cell.source for cell in self.cells)

    def used(self, name: str) -> set[str]:
        """The other exercises that the code behind one of them mentions, or what its cell does.

        What the cell does is what stands in it outside of functions and classes: a file without
        markers is one cell, and what its other functions call is no concern of this one.
        """
        used = self.source.reachable(name)
        for statement in self._beside(name):
            if not isinstance(statement, DEFINITIONS):
                used |= _named(statement)
        return (used & set(self.names)) - {name}

    def _beside(self, name: str) -> Iterator[ast.stmt]:
        """The statements of the cells that define a name."""
        modules = (parsed(cell.source) for cell in self.cells if name in cell.defines)
        return (statement for module in modules if module for statement in module.body)

    def parameters(self, name: str) -> list[str]:
        """The names that a function of the student's has for its arguments, in order."""
        parameters: list[ast.arg] = []
        for statement in self._beside(name):
            if isinstance(statement, ast.FunctionDef) and statement.name == name:
                parameters = [*statement.args.posonlyargs, *statement.args.args]
        return [parameter.arg for parameter in parameters]

    def needed(self, names: Collection[str]) -> frozenset[int]:
        """Places of the cells without which these exercises could not run."""
        wanted = {"*"}.union(*map(self.source.reachable, names))
        own = {name for cell in self.cells for name in cell.defines}
        wanted |= {f"{name}." for name in wanted & own}
        return frozenset(
            place
            for place, cell in enumerate(self.cells)
            if wanted & bound_names(cell.source) or wanted & cell.defines
        )

    def disturbed(self, needed: Collection[int]) -> bool:
        """Whether a cell beside the needed ones does more than to define something."""
        others = (cell for place, cell in enumerate(self.cells) if place not in needed)
        return any(_acts(cell.source) for cell in others)


def _acts(source: str) -> bool:
    module = parsed(source)
    return module is not None and not all(
        isinstance(statement, DEFINITIONS) or _is_constant(statement) for statement in module.body
    )


def _is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def definitions(source: str, own: Collection[str]) -> str:
    """The source without what it does at its top level, lines in place.

    Left are definitions, imports, and assignments that call none of the student's own functions.
    """
    module = parsed(source)
    if module is None:
        return source
    lines = source.split("\n")
    numbers: set[int] = set()
    for statement in module.body:
        if _is_definition(statement, own):
            decorators = getattr(statement, "decorator_list", [])
            first = min(node.lineno for node in (statement, *decorators))
            numbers.update(range(first, (statement.end_lineno or first) + 1))
    return "\n".join(text if number in numbers else "" for number, text in enumerate(lines, 1))


def _named(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _is_definition(statement: ast.stmt, own: Collection[str]) -> bool:
    if isinstance(statement, DEFINITIONS):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    calls = any(isinstance(node, ast.Call) for node in ast.walk(statement))
    return not calls or not _named(statement) & set(own)
