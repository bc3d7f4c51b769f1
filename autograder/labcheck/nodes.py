"""Walks over syntax trees, faster than those of the standard library.

They pass over what says no more than how a name stands (`ast.Load` and its like).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

_NODES = frozenset(
    kind
    for kind in vars(ast).values()
    if isinstance(kind, type)
    and issubclass(kind, ast.AST)
    and not issubclass(kind, ast.expr_context)
)
_LEAVES = frozenset(kind for kind in _NODES if not kind._fields) | {ast.Name, ast.Constant}


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly below this one, in the order of its fields."""
    found: list[ast.AST] = []
    if node.__class__ in _LEAVES:
        return found
    for value in vars(node).values():
        kind = value.__class__
        if kind is list:
            found += [item for item in value if item.__class__ in _NODES]
        elif kind in _NODES:
            found.append(value)
    return found


def walk(nodes: Iterable[ast.AST]) -> list[ast.AST]:
    """These nodes and all below them; who stands higher comes first."""
    found = list(nodes)
    for node in found:
        found += children(node)
    return found
