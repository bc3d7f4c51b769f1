"""The statements of a Python text: what each binds, what it uses, and imports written anew."""

from __future__ import annotations

import ast
import symtable
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

LONGEST = 99


@dataclass(frozen=True)
class Statement:
    """One statement of a module's top level, with the comment above it.

    told: a text that is equal where it says the same.
    """

    text: str
    binds: frozenset[str]
    uses: frozenset[str]
    told: str
    is_import: bool = False
    is_definition: bool = False


def statements(code: str) -> list[Statement]:
    """The statements of a text, in order; an import of several names is one for each.

    Raises SyntaxError.
    """
    lines, end, found = code.splitlines(), 0, list[Statement]()
    for node in ast.parse(code).body:
        own = "\n".join(lines[end : node.end_lineno]).strip("\n")
        end = node.end_lineno or end
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += map(_import, each(node))
        else:
            defines = isinstance(node, ast.FunctionDef | ast.ClassDef)
            uses, told = used(ast.unparse(node)), ast.dump(node)
            found.append(Statement(own, bound(node), uses, told, is_definition=defines))
    return found


def each(node: ast.Import | ast.ImportFrom) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import of each name alone."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield ast.Import([alias])
        else:
            yield ast.ImportFrom(node.module, [alias], node.level)


def _import(node: ast.Import | ast.ImportFrom) -> Statement:
    text = ast.unparse(node)
    return Statement(text, bound(node), frozenset(), text, is_import=True)


def bound(node: ast.AST) -> frozenset[str]:
    """The names that a statement, or a whole text, binds at the top level."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset([node.name])
    if isinstance(node, ast.alias):
        return frozenset([node.asname or node.name.partition(".")[0]])
    if isinstance(node, ast.Name):
        return frozenset([node.id] if isinstance(node.ctx, ast.Store) else [])
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return frozenset()
    return frozenset[str]().union(*map(bound, ast.iter_child_nodes(node)))


def used(code: str) -> frozenset[str]:
    """The names of its module, or of Python's own, that a text reads when it runs."""
    found, tables = set[str](), [symtable.symtable(code, "code", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        outer = table.get_type() == "module"
        found |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (outer or symbol.is_global())
        }
    return frozenset(found)


def needed(names: Iterable[str], known: Mapping[str, Collection[Statement]]) -> set[str]:
    """Those of the names that are known, and what the statements that bind them use in turn."""
    found, todo = set[str](), {*names} & known.keys()
    while todo:
        found |= todo
        uses = (statement.uses for name in todo for statement in known[name])
        todo = set[str]().union(*uses) & known.keys() - found
    return found


def by_name(found: Iterable[Statement]) -> dict[str, list[Statement]]:
    """The statements that bind each name."""
    known: dict[str, list[Statement]] = {}
    for statement in found:
        for name in statement.binds:
            known.setdefault(name, []).append(statement)
    return known


def imports(texts: Iterable[str]) -> str:
    """Import statements of one name each, put together and sorted as is usual."""
    plain, names = set[tuple[int, str]](), dict[tuple[int, str], set[str]]()
    for text in texts:
        (node,) = ast.parse(text).body
        if isinstance(node, ast.Import):
            plain.add((_group(node.names[0].name), text))
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            here = names.setdefault((_group(module), module), set())
            here.add(ast.unparse(node.names[0]))
    groups = []
    for group in range(len(_GROUPS)):
        lines = [text for at, text in sorted(plain) if at == group]
        lines += [
            import_from(module, sorted(wanted, key=_usual))
            for (at, module), wanted in sorted(names.items())
            if at == group
        ]
        groups += ["\n".join(lines)] if lines else []
    return "\n\n".join(groups)


_GROUPS = ("future", "standard", "installed")


def _group(module: str) -> int:
    top = module.partition(".")[0]
    if top == "__future__":
        return 0
    return 1 if top in sys.stdlib_module_names else 2


def _usual(name: str) -> tuple[bool, bool, str]:
    """Constants, then classes, then all else."""
    return (not name.isupper(), not name[:1].isupper(), name)


def import_from(module: str, names: Collection[str]) -> str:
    """``from module import a, b``, broken where the line would be too long."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LONGEST:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])
