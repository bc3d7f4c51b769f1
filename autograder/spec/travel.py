"""The text of a function with all that it names of its own file, to run in another process.

Scenarios, views and stand-ins run beside a student's program, where no file of the course can be
read; so their text goes there, and the helpers, constants and imports that it names go along.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from autograder.spec.loading import PACKAGES

Function = Callable[..., Any]


@functools.cache
def text_of(function: Function) -> str:
    """A text that defines the function, and whatever it needs, when it is executed."""
    collected = _Collected()
    collected.add(function.__module__, function.__name__)
    return "\n".join([*collected.imports, *collected.definitions()]) + "\n"


class _Collected:
    """The statements that are to travel, by the module and the place in it."""

    def __init__(self) -> None:
        self.imports: dict[str, None] = {}
        self._found: dict[tuple[str, int], str] = {}
        self._modules: list[str] = []

    def definitions(self) -> Iterator[str]:
        """What is defined: modules that others import from come first, each in its own order."""
        for module in self._modules:
            places = sorted(place for name, place in self._found if name == module)
            yield from (self._found[module, place] for place in places)

    def add(self, module: str, name: str) -> None:
        """Take along what a module binds to a name, and what that names in turn."""
        text, statements = _statements(module)
        for statement in statements.get(name, ()):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._add_import(module, name, statement)
            elif (module, statement.lineno) not in self._found:
                self._found[module, statement.lineno] = _segment(text, statement)
                for used in _names(statement):
                    self.add(module, used)
                if module not in self._modules:
                    self._modules.append(module)

    def _add_import(self, module: str, name: str, statement: ast.Import | ast.ImportFrom) -> None:
        alias = next(one for one in statement.names if _bound(one) == name)
        package = (getattr(statement, "module", None) or alias.name).partition(".")[0]
        if isinstance(statement, ast.ImportFrom) and package in ("autograder", *PACKAGES):
            value = vars(sys.modules[module])[name]
            if isinstance(value, ModuleType) or value.__name__ != name:
                raise ValueError(f"{name} cannot travel: import the function itself, by its name")
            self.add(value.__module__, name)
        elif package != "__future__":
            only = (
                ast.Import([alias])
                if isinstance(statement, ast.Import)
                else ast.ImportFrom(statement.module, [alias], statement.level)
            )
            self.imports[ast.unparse(only)] = None


@functools.cache
def _statements(module: str) -> tuple[str, dict[str, list[ast.stmt]]]:
    """A module's text, and its top-level statements by the names that they bind."""
    text = inspect.getsource(sys.modules[module])
    found: dict[str, list[ast.stmt]] = {}
    for statement in ast.parse(text).body:
        for name in _binds(statement):
            found.setdefault(name, []).append(statement)
    return text, found


def _binds(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from map(_bound, statement.names)
    elif isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = (node for target in targets for node in ast.walk(target))
        yield from (node.id for node in names if isinstance(node, ast.Name))


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _segment(text: str, statement: ast.stmt) -> str:
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(one.lineno for one in decorators)])
    return "\n".join(text.splitlines()[first - 1 : statement.end_lineno]) + "\n"


def _names(node: ast.AST) -> Iterator[str]:
    """The names that are read when a statement runs; annotations never are."""
    if isinstance(node, ast.Name):
        yield node.id
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _names(child)
