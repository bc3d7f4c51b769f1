"""The text of a function with all that it names of its own file, to run in another process.

Scenarios, views and stand-ins run beside a student's program, where no file of the course can be
read; so their text goes there, and the helpers, constants and imports that it names go along.
"""

from __future__ import annotations

import ast
import functools
import inspect
import symtable
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from autograder.spec.loading import PACKAGES

Function = Callable[..., Any]


@functools.cache
def text_of(function: Function) -> str:
    """A text that defines the function, and whatever it needs, when it is executed."""
    needed = _Statements()
    needed.add(function.__module__, function.__name__)
    return "\n".join([*needed.imports, *needed.definitions()]) + "\n"


class _Statements:
    """The statements that are to travel, by the module and the place in it."""

    def __init__(self) -> None:
        self.imports: dict[str, None] = {}
        self._texts: dict[tuple[str, int], str] = {}
        self._modules: list[str] = []

    def definitions(self) -> Iterator[str]:
        """What is defined: modules that others import from come first, each in its own order."""
        for module in self._modules:
            places = sorted(place for name, place in self._texts if name == module)
            yield from (self._texts[module, place] for place in places)

    def add(self, module: str, name: str) -> None:
        """Take along what a module binds to a name, and what that names in turn."""
        text, statements = _statements(module)
        for statement in statements.get(name, ()):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._add_import(module, name, statement)
            elif (module, statement.lineno) not in self._texts:
                self._texts[module, statement.lineno] = _segment(text, statement)
                for used in _names(statement):
                    self.add(module, used)
                if module not in self._modules:
                    self._modules.append(module)

    def _add_import(self, module: str, name: str, statement: ast.Import | ast.ImportFrom) -> None:
        alias = next(alias for alias in statement.names if _bound(alias) == name)
        package = (getattr(statement, "module", None) or alias.name).partition(".")[0]
        if package == "solutions":
            raise ValueError(f"{name} is of a solution, which does not travel to students")
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
    statements: dict[str, list[ast.stmt]] = {}
    for statement in ast.parse(text).body:
        for name in _binds(statement):
            statements.setdefault(name, []).append(statement)
    return text, statements


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
    first = min(node.lineno for node in (statement, *decorators))
    return "\n".join(text.splitlines()[first - 1 : statement.end_lineno]) + "\n"


def _names(statement: ast.stmt) -> Iterator[str]:
    """The names of its module that a statement reads when it runs; annotations never are read."""
    text = ast.unparse(_Bare().visit(ast.parse(ast.unparse(statement))))
    tables = [symtable.symtable(text, "statement", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            outer = symbol.is_global() or table.get_type() == "module"
            if outer and symbol.is_referenced():
                yield symbol.get_name()


class _Bare(ast.NodeTransformer):
    """Takes annotations away."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """An argument without what is said of it."""
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """A function without what is said of its result."""
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """A plain assignment; a declaration alone does nothing."""
        self.generic_visit(node)
        return ast.Assign([node.target], node.value, lineno=0) if node.value else ast.Pass()
