"""All programs that differ from a function in one place: constants, operators, indices, lines."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

OPERATORS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.Sub),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.Gt: (ast.GtE, ast.Lt, ast.NotEq),
    ast.Lt: (ast.LtE, ast.Gt, ast.Eq),
    ast.GtE: (ast.Gt,),
    ast.LtE: (ast.Lt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)


@dataclass(frozen=True)
class Mutant:
    """A changed program; what: the change in words, unique in its function."""

    what: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """All mutants of a function's source that are programs at all, each once."""
    found: dict[str, Mutant] = {}
    tree = ast.parse(source)
    original = ast.unparse(tree)
    for place, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node, _parameters(tree)):
            mutated = copy.deepcopy(tree)
            target = _nth(mutated, place)
            before = ast.unparse(target)
            change(target)
            ast.fix_missing_locations(mutated)
            text = ast.unparse(mutated)
            if text != original and text not in found:
                line = getattr(node, "lineno", 0)
                found[text] = Mutant(f"line {line}, {before.splitlines()[0]}: {what}", text)
    return list(found.values())


def _nth(tree: ast.AST, place: int) -> Any:
    for number, node in enumerate(ast.walk(tree)):
        if number == place:
            return node
    raise IndexError(place)


def _parameters(tree: ast.Module) -> tuple[str, ...]:
    (function,) = (one for one in tree.body if isinstance(one, ast.FunctionDef))
    return tuple(one.arg for one in function.args.args)


Change = tuple[str, Callable[[Any], None]]


def _changes(node: ast.AST, parameters: tuple[str, ...]) -> Iterator[Change]:
    """What can be done to one node, in words and as a function that does it to a copy."""
    if isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        yield from _operators(node)
    elif isinstance(node, ast.Compare):
        for kind in OPERATORS.get(type(node.ops[0]), ()):
            yield kind.__name__, _set("ops", [kind()])
    elif isinstance(node, ast.UnaryOp):
        yield "without its sign", _become(lambda one: one.operand)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield "without .T", _become(lambda one: one.value)
    elif isinstance(node, ast.Slice):
        for end in ("lower", "upper", "step"):
            if getattr(node, end) is not None:
                yield f"without {end}", _set(end, None)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield "whole", _become(lambda one: one.value)
        if isinstance(node.slice, ast.Tuple):
            yield "indices turned", lambda one: one.slice.elts.reverse()
    elif isinstance(node, ast.IfExp):
        yield "always", _become(lambda one: one.body)
        yield "never", _become(lambda one: one.orelse)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for other in parameters:
            if node.id in parameters and other != node.id:
                yield f"{other} for it", _set("id", other)
        if node.id == "t":
            for by in ("t - 1", "t + 1"):
                yield by, _become(lambda one, by=by: ast.parse(by, mode="eval").body)
    elif isinstance(node, ast.FunctionDef | ast.For | ast.If | ast.While):
        yield from _statements(node)
    elif isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load):
        for place in range(len(node.elts)):
            yield f"without item {place}", lambda one, place=place: one.elts.pop(place)
        if len(node.elts) > 1:
            yield "reversed", lambda one: one.elts.reverse()
    elif isinstance(node, ast.Dict):
        for place in range(len(node.keys)):
            yield f"without entry {place}", lambda one, place=place: _drop(one, place)
            for other in range(place):
                yield (
                    f"values {other} and {place} exchanged",
                    (lambda one, place=place, other=other: _exchange(one.values, place, other)),
                )
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "nothing", _set("value", None)


def _constants(node: ast.Constant) -> Iterator[Change]:
    value = node.value
    if isinstance(value, bool):
        yield "the opposite", _set("value", not value)
    elif isinstance(value, int):
        for new in dict.fromkeys((value + 1, value - 1, -value, 0)):
            yield str(new), _set("value", new)
    elif isinstance(value, float):
        for new in (2 * value, value / 2, -value, 0.0, 10 * value):
            yield str(new), _set("value", new)
    elif isinstance(value, str):
        yield "another text", _set("value", value + "x")


def _operators(node: ast.BinOp | ast.AugAssign) -> Iterator[Change]:
    for kind in OPERATORS.get(type(node.op), ()):
        yield kind.__name__, _set("op", kind())
    if isinstance(node, ast.BinOp):
        yield "left alone", _become(lambda one: one.left)
        yield "right alone", _become(lambda one: one.right)
        if not isinstance(node.op, ast.Add | ast.Mult):
            yield "sides exchanged", _sides
    else:
        yield "=", lambda one: _become(lambda it: ast.Assign([it.target], it.value, lineno=1))(one)


def _calls(node: ast.Call) -> Iterator[Change]:
    for place in range(len(node.args)):
        yield f"without argument {place}", lambda one, place=place: one.args.pop(place)
        for other in range(place):
            yield (
                f"arguments {other} and {place} exchanged",
                (lambda one, place=place, other=other: _exchange(one.args, place, other)),
            )
    for place, keyword in enumerate(node.keywords):
        yield f"without {keyword.arg}", lambda one, place=place: one.keywords.pop(place)
    if len(node.args) == 1:
        yield "its argument alone", _become(lambda one: one.args[0])
    if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name):
        yield "what it is called on", _become(lambda one: one.func.value)


def _statements(node: Any) -> Iterator[Change]:
    for place, statement in enumerate(node.body):
        if isinstance(statement, SIMPLE):
            yield (
                f"without {ast.unparse(statement)!r}",
                lambda one, place=place: one.body.__setitem__(place, ast.Pass()),
            )
        follows = node.body[place + 1 :]
        if isinstance(statement, SIMPLE) and follows and isinstance(follows[0], SIMPLE):
            yield (
                f"{ast.unparse(statement)!r} after the next",
                lambda one, place=place: _exchange(one.body, place, place + 1),
            )


def _set(name: str, value: Any) -> Callable[[Any], None]:
    return lambda node: setattr(node, name, value)


def _become(other: Callable[[Any], ast.AST]) -> Callable[[Any], None]:
    """Turns a node into another one in its place."""

    def change(node: Any) -> None:
        new = other(node)
        node.__class__ = new.__class__
        node.__dict__ = dict(new.__dict__)

    return change


def _sides(node: Any) -> None:
    node.left, node.right = node.right, node.left


def _drop(node: Any, place: int) -> None:
    del node.keys[place], node.values[place]


def _exchange(items: list[Any], one: int, other: int) -> None:
    items[one], items[other] = items[other], items[one]
