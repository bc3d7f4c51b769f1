"""exception → what met where it was raised: "W_hh (hidden 6, hidden 6) @ h (batch 3, hidden 6)".

At home only: the values of a student's own variables are read from the frames of a traceback.
Nothing of the program is called for it; what is evaluated again are names, indices and products
of plain arrays.
"""

from __future__ import annotations

import ast
import linecache
import operator
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .explain import AXES, sizes
from .text import capped
from .tree import Array, torch_module
from .verdict import Question

ERRORS = (ValueError, RuntimeError, IndexError, TypeError)
LONGEST = 60
"""Letters of an expression that is repeated."""

OPERATORS: Mapping[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.MatMult: ("@", operator.matmul),
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
}
COMPARED: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class Unknown(Exception):  # noqa: N818 - a reason
    """What an expression gives cannot be found out without running the program."""


def met(error: BaseException, own: Callable[[str], bool], question: Question) -> str:
    """The operands of what failed, with their shapes; nothing where no array met anything.

    own: whether a file is the student's.
    """
    if not isinstance(error, ERRORS):
        return ""
    try:
        frame, text = _failed(error, own)
        space = {**frame.f_globals, **frame.f_locals}
        told = _Told(space, dict(_known(question)), question.shapes)
        shown = told.statement(_parsed(text))
    except (Unknown, SyntaxError, ValueError, RecursionError):
        return ""
    return capped(shown) if told.arrays else ""


def _failed(error: BaseException, own: Callable[[str], bool]) -> tuple[types.FrameType, str]:
    """The innermost frame of the student's, and the text of what it was about to do."""
    trace, found = error.__traceback__, None
    while trace is not None:
        if own(trace.tb_frame.f_code.co_filename):
            found = trace
        trace = trace.tb_next
    if found is None:
        raise Unknown
    code = found.tb_frame.f_code
    places = list(code.co_positions())[found.tb_lasti // 2]
    line, last, start, end = places
    if line is None or last is None or start is None or end is None:
        raise Unknown
    lines = [linecache.getline(code.co_filename, at) for at in range(line, last + 1)]
    raw = [one.encode("utf-8") for one in lines]
    raw[-1] = raw[-1][:end]
    raw[0] = raw[0][start:]
    text = b"".join(raw).decode("utf-8", "replace")
    node = _parsed(text)
    whole = "".join(lines).strip()
    if isinstance(node, ast.Subscript) and _stores(whole):
        return found.tb_frame, whole
    return found.tb_frame, text


def _parsed(text: str) -> ast.AST:
    """The one expression or statement of a text."""
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except SyntaxError:
        (statement,) = ast.parse(text.strip()).body
        return statement


def _stores(text: str) -> bool:
    """Whether a text is an assignment to one place in an array."""
    try:
        (statement,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)


def _known(question: Question) -> Iterator[tuple[int, str]]:
    """The letter of each size that only one axis of the case has."""
    found: dict[str, set[int]] = {}
    for name, value in question.arguments.items():
        letters = question.shapes.get(name, "").split()
        if isinstance(value, Array) and len(letters) == value.values.ndim:
            for letter, size in zip(letters, value.values.shape, strict=True):
                found.setdefault(letter, set()).add(size)
    single = {letter: min(all_) for letter, all_ in found.items() if len(all_) == 1}
    sizes_ = list(single.values())
    for letter, size in single.items():
        if letter in AXES and size > 1 and sizes_.count(size) == 1:
            yield size, letter


@dataclass
class _Told:
    """Expressions in words: each as it stands in the program, and the shape behind it."""

    space: Mapping[str, Any]
    known: Mapping[int, str]
    shapes: Mapping[str, str]
    arrays: int = 0

    def statement(self, node: ast.AST) -> str:
        """What failed, with the shapes of its operands."""
        match node:
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return f"{self.operand(left)} {OPERATORS[type(op)][0]} {self.operand(right)}"
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARED:
                return f"{self.operand(left)} {COMPARED[type(op)]} {self.operand(right)}"
            case ast.AugAssign(target=target, op=op, value=value) if type(op) in OPERATORS:
                sign = OPERATORS[type(op)][0]
                return f"{self.operand(target)} {sign}= {self.operand(value)}"
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                return f"{self.operand(target)} = {self.operand(value)}"
            case ast.Subscript(value=value, slice=index):
                names = {one.id for one in ast.walk(index) if isinstance(one, ast.Name)}
                numbers = [
                    f"{name} = {self.space[name]}" for name in sorted(names) if self.int(name)
                ]
                given = f", where {', '.join(numbers)}" if numbers else ""
                place = ast.unparse(node).removeprefix(ast.unparse(value))
                return f"{self.operand(value)} at {place}{given}"
            case ast.Call(func=function, args=args, keywords=keywords):
                return self.call(function, args, keywords)
        raise Unknown

    def call(self, function: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]) -> str:
        """A call with its arguments; of a list the items one by one."""
        texts = [self.argument(one) for one in args]
        texts += [f"{one.arg}={self.argument(one.value)}" for one in keywords if one.arg]
        if isinstance(function, ast.Attribute) and self.is_array(function.value):
            return f"{self.operand(function.value)}.{function.attr}({', '.join(texts)})"
        return f"{_text(function)}({', '.join(texts)})"

    def argument(self, node: ast.expr) -> str:
        if isinstance(node, ast.List | ast.Tuple) and node.elts:
            return f"[{', '.join(map(self.operand, node.elts))}]"
        return self.operand(node)

    def operand(self, node: ast.expr) -> str:
        """An expression and the shape of what it gives."""
        text = _text(node)
        try:
            value = self.value(node)
        except (Unknown, ArithmeticError, LookupError, TypeError, ValueError, RuntimeError):
            return text
        if not _is_array(value):
            return text
        self.arrays += 1
        if not value.ndim:
            return f"{text} (one number)"
        named = isinstance(node, ast.Name) and self.shapes.get(node.id, "")
        return f"{text} ({self.sizes(tuple(value.shape), named or '')})"

    def sizes(self, shape: tuple[int, ...], letters: str) -> str:
        """A shape in words, where the sizes are those of the case."""
        due = {letter: size for size, letter in self.known.items()}
        names = letters.split()
        if len(names) == len(shape) and all(
            due.get(letter, size) == size for letter, size in zip(names, shape, strict=True)
        ):
            return sizes(shape, letters)
        told = (self.known.get(size) for size in shape)
        return ", ".join(
            f"{AXES[letter]} {size}" if letter else str(size)
            for letter, size in zip(told, shape, strict=True)
        )

    def is_array(self, node: ast.expr) -> bool:
        """Whether an expression is known to give an array."""
        try:
            return _is_array(self.value(node))
        except (Unknown, ArithmeticError, LookupError, TypeError, ValueError, RuntimeError):
            return False

    def int(self, name: str) -> bool:
        """Whether a variable is a whole number."""
        return type(self.space.get(name)) is int

    def value(self, node: ast.expr) -> Any:
        """What an expression gives, if that takes no call of anything of the program's."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.space[name]
            case ast.Attribute(value=inner, attr="T"):
                return self.array(inner).T
            case ast.Subscript(value=inner, slice=index):
                owner = self.value(inner)
                if not _is_array(owner) and type(owner) not in (dict, list, tuple):
                    raise Unknown
                return owner[self.index(index)]
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -self.plain(inner)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return OPERATORS[type(op)][1](self.plain(left), self.plain(right))
        raise Unknown

    def array(self, node: ast.expr) -> Any:
        value = self.value(node)
        if not _is_array(value):
            raise Unknown
        return value

    def plain(self, node: ast.expr) -> Any:
        value = self.value(node)
        if not _is_array(value) and type(value) not in (int, float):
            raise Unknown
        return value

    def index(self, node: ast.expr) -> Any:
        match node:
            case ast.Tuple(elts=elts):
                return tuple(self.index(one) for one in elts)
            case ast.Slice(lower=lower, upper=upper, step=step):
                return slice(*(one and self.value(one) for one in (lower, upper, step)))
        value = self.value(node)
        if type(value) not in (int, str, type(None), type(Ellipsis)):
            raise Unknown
        return value


def _is_array(value: Any) -> bool:
    torch = torch_module()
    kinds = (np.ndarray, *((torch.Tensor, torch.nn.Parameter) if torch is not None else ()))
    return type(value) in kinds


def _text(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
