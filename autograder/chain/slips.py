"""The slips that a mutant may hold: what a node of a solution's tree is mistaken for.

Each operator is given a node and where it stands, and makes nodes that may stand there instead.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SIMPLE = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Return | ast.Raise
SIMPLE_OR_LOOP = SIMPLE | ast.For | ast.While | ast.With | ast.Break | ast.Continue
COMPREHENSION = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp

ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div, ast.Mod),
    ast.Mod: (ast.FloorDiv, ast.Add),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
ORDERED = ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow | ast.MatMult
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OTHER_WAY = (
    *(("max", "min"), ("amax", "amin"), ("maximum", "minimum"), ("argmax", "argmin")),
    *(("sum", "mean"), ("any", "all"), ("tanh", "sigmoid"), ("exp", "log"), ("sin", "cos")),
    *(("zeros", "ones"), ("zeros_like", "ones_like"), ("new_zeros", "new_ones")),
    *(("stack", "concatenate"), ("train", "eval"), ("no_grad", "enable_grad")),
    *(("append", "extend"), ("floor", "ceil"), ("lower", "upper")),
)
SWAPPED = {one: other for pair in OTHER_WAY for one, other in (pair, pair[::-1])} | {
    "cat": "stack"
}
"""Functions, methods and words such as reduction="sum", each with the one it is mistaken for."""
WRITTEN = {"np.tanh": "sigmoid", "sigmoid": "np.tanh"}
"""The same for what has no one name."""
VIEWS = frozenset({"T", "mT", "data"})
"""Attributes without which a slip leaves an array."""


@dataclass(frozen=True)
class Place:
    """Where a node stands: in which field of which parent, and what its statement names.

    names: the function's own variables in the statement.  words: the strings in it.
    tensors: whether the lab computes with PyTorch.
    """

    parent: ast.AST
    field: str
    index: int | None
    names: tuple[str, ...]
    words: tuple[str, ...]
    tensors: bool

    def put(self, node: Any) -> None:
        """Have another node stand there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


Operator = Callable[[Any, Place], Iterator[ast.AST]]


def _other(node: Any, **changes: Any) -> Any:
    """The same node with some fields changed."""
    return type(node)(**{**dict(ast.iter_fields(node)), **changes})


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _without(items: Sequence[Any]) -> Iterator[list[Any]]:
    """The items without each of them in turn."""
    for n in range(len(items)):
        yield [*items[:n], *items[n + 1 :]]


def _neighbours_swapped(items: Sequence[Any]) -> Iterator[list[Any]]:
    for n in range(len(items) - 1):
        yield [*items[:n], items[n + 1], items[n], *items[n + 2 :]]


def _one_off(node: ast.expr) -> Iterator[ast.expr]:
    """One more and one less than an expression."""
    for operator in (ast.Add, ast.Sub):
        yield ast.BinOp(node, operator(), ast.Constant(1))


def _arithmetic(node: Any, place: Place) -> Iterator[ast.AST]:
    """Another operator, operands in the other order, one of them alone."""
    if isinstance(node, ast.BinOp):
        for other in ARITHMETIC.get(type(node.op), ()):
            yield _other(node, op=other())
        if isinstance(node.op, ORDERED):
            yield _other(node, left=node.right, right=node.left)
        yield from (node.left, node.right)
    elif isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)
        for other in ARITHMETIC.get(type(node.op), ()):
            yield _other(node, op=other())


def _signs(node: Any, place: Place) -> Iterator[ast.AST]:
    """A minus, a ~ or a `not` forgotten."""
    if isinstance(node, ast.UnaryOp):
        yield node.operand


def _comparisons(node: Any, place: Place) -> Iterator[ast.AST]:
    """Another comparison, its boundary among them."""
    if isinstance(node, ast.Compare):
        for n, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                yield _other(node, ops=[*node.ops[:n], other(), *node.ops[n + 1 :]])


def _conditions(node: Any, place: Place) -> Iterator[ast.AST]:
    """A condition negated or left out, and one of two alternatives alone."""
    if place.field in ("test", "ifs"):
        yield ast.UnaryOp(ast.Not(), node)
    if place.field == "test" and not isinstance(place.parent, ast.While):
        yield from (ast.Constant(True), ast.Constant(False))
    if isinstance(node, ast.BoolOp):
        yield _other(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
        for left in _without(node.values):
            yield _other(node, values=left) if len(left) > 1 else left[0]
    elif isinstance(node, COMPREHENSION):
        for n, loop in enumerate(node.generators):
            for left in _without(loop.ifs):
                loops = [*node.generators[:n], _other(loop, ifs=left), *node.generators[n + 1 :]]
                yield _other(node, generators=loops)


def _constants(node: Any, place: Place) -> Iterator[ast.AST]:
    """Numbers one off, doubled, negative or 0, the other truth value, the other word."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        for other in (value + 1, value - 1, 2 * value, -value, 0 * value):
            yield _expression(repr(other))
    elif isinstance(value, str):
        others = [word for word in place.words if word != value]
        others += [SWAPPED[value]] if value in SWAPPED else []
        yield from map(ast.Constant, others)


def _names(node: Any, place: Place) -> Iterator[ast.AST]:
    """Another variable of the same statement, a mistaken function, a forgotten .T."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        if node.id in place.names:
            yield from (_other(node, id=name) for name in place.names if name != node.id)
        elif node.id in SWAPPED:
            yield _other(node, id=SWAPPED[node.id])
    elif isinstance(node, ast.Attribute):
        if node.attr in SWAPPED:
            yield _other(node, attr=SWAPPED[node.attr])
        if node.attr in VIEWS:
            yield node.value
    if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in WRITTEN:
        yield _expression(WRITTEN[ast.unparse(node)])


def _calls(node: Any, place: Place) -> Iterator[ast.AST]:
    """A call forgotten, or an argument of it; arguments in another order; one turn more or less.

    So a copy, a detach, a reversed, a keepdims and a batch_first are left out.
    """
    if not isinstance(node, ast.Call):
        return
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]
    if isinstance(node.func, ast.Attribute) and _computed(node.func.value, place):
        yield node.func.value
    for keywords in _without(node.keywords):
        yield _other(node, keywords=keywords)
    for args in _neighbours_swapped(node.args):
        yield _other(node, args=args)
    if len(node.args) > 1:
        yield _other(node, args=node.args[:-1])
    if isinstance(node.func, ast.Name) and node.func.id == "range":
        yield from _ranges(node)


def _computed(node: ast.AST, place: Place) -> bool:
    """Whether a value stands there, and no module such as np."""
    return not isinstance(node, ast.Name) or node.id in place.names


def _ranges(node: ast.Call) -> Iterator[ast.AST]:
    if len(node.args) == 1:
        yield _other(node, args=[ast.Constant(1), *node.args])
    for n, bound in enumerate(node.args):
        for other in _one_off(bound):
            yield _other(node, args=[*node.args[:n], other, *node.args[n + 1 :]])


def _indices(node: Any, place: Place) -> Iterator[ast.AST]:
    """An index forgotten or one off, a slice that begins or ends elsewhere."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
        if isinstance(node.slice, ast.Name):
            for other in _one_off(node.slice):
                yield _other(node, slice=other)
    elif isinstance(node, ast.Slice):
        for bound, missing in (("lower", "1"), ("upper", "-1")):
            there = getattr(node, bound)
            if there is None:
                yield _other(node, **{bound: _expression(missing)})
            else:
                yield _other(node, **{bound: None})
                yield from (_other(node, **{bound: other}) for other in _one_off(there))
        if node.step is not None:
            yield _other(node, step=None)


def _items(node: Any, place: Place) -> Iterator[ast.AST]:
    """Items in another order or left out: what is returned, unpacked, listed, put into a dict."""
    if isinstance(node, ast.Tuple | ast.List):
        loaded = isinstance(node.ctx, ast.Load) and len(node.elts) > 1
        for elts in (*_neighbours_swapped(node.elts), *(_without(node.elts) if loaded else ())):
            yield _other(node, elts=elts)
    elif isinstance(node, ast.Dict):
        for values in _neighbours_swapped(node.values):
            yield _other(node, values=values)
        for keys, values in zip(_without(node.keys), _without(node.values), strict=True):
            yield _other(node, keys=keys, values=values)
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)


def _statements(node: Any, place: Place) -> Iterator[ast.AST]:
    """A statement forgotten or cut off from the graph, another exception, another jump."""
    if isinstance(node, SIMPLE_OR_LOOP):
        yield ast.Pass()
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        yield _other(node, exc=_other(node.exc, func=_expression("RuntimeError")))
    if isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    if place.tensors and isinstance(node, ast.Assign | ast.AnnAssign | ast.Return) and node.value:
        yield _other(node, value=ast.Call(ast.Attribute(node.value, "detach", ast.Load()), [], []))


OPERATORS: tuple[Operator, ...] = (
    *(_arithmetic, _signs, _comparisons, _conditions, _constants, _names),
    *(_calls, _indices, _items, _statements),
)
