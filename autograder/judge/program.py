"""A student's cells as one program: what each of them binds and does, and who needs which."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.judge.submission import Cell, Submission
from autograder.labcheck.forbidden import Source, bound_names, folded, parsed
from autograder.labcheck.own import Own
from autograder.labcheck.reading import only, own_files, to_run, whole_source

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Program:
    """The cells that are run, in order, the exercises' names, and the student's own files."""

    cells: tuple[Cell, ...]
    names: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(submission: Submission, names: Sequence[str]) -> Program:
        """Demo and check cells are left out, but for what the exercises need of them."""
        cells = to_run(submission.cells, names, own_files(submission.files))
        return Program(cells, tuple(names), submission.files)

    @cached_property
    def source(self) -> Source:
        """The names in all cells, and in the files that they import."""
        return whole_source([cell.source for cell in self.cells], own_files(self.files))

    @cached_property
    def own(self) -> Own:
        """What the program names, to tell of an exception nothing else."""
        return Own.of([*(cell.source for cell in self.cells), *own_files(self.files).values()])

    @cached_property
    def text(self) -> str:
        """All cells and files as one text, identifiers folded."""
        return folded([*(cell.source for cell in self.cells), *(text for _, text in self.files)])

    @cached_property
    def imported(self) -> frozenset[str]:
        """Dotted names of modules that the program's text imports, and those above them."""
        texts = [*(cell.source for cell in self.cells), *own_files(self.files).values()]
        names = {name for tree in map(parsed, texts) if tree for name in _imports(tree)}
        parts = [name.split(".") for name in names]
        return frozenset(".".join(one[:size]) for one in parts for size in range(1, len(one) + 1))

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


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _acts(source: str) -> bool:
    module = parsed(source)
    return module is not None and not all(
        isinstance(statement, DEFINITIONS) or _is_constant(statement) for statement in module.body
    )


def _is_constant(statement: ast.stmt) -> bool:
    nothing = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return nothing or isinstance(statement, ast.Pass)


def definitions(source: str, own: Collection[str]) -> str:
    """The source without what it does at its top level, lines in place.

    Left are definitions, imports, and assignments that call none of the student's own functions.
    """
    module = parsed(source)
    if module is None:
        return source
    return only(source, [one for one in module.body if _is_definition(one, own)])


def _named(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _is_definition(statement: ast.stmt, own: Collection[str]) -> bool:
    if isinstance(statement, DEFINITIONS):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    calls = any(isinstance(node, ast.Call) for node in ast.walk(statement))
    return not calls or not _named(statement) & set(own)
