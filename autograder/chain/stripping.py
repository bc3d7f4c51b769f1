"""Python as it runs: modules without what only readers need."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from itertools import accumulate

Edit = tuple[int, int, bytes]
"""Bytes of a text from one place to another, and what takes their place."""
Function = ast.FunctionDef | ast.AsyncFunctionDef
Spanning = ast.expr | ast.stmt | ast.arg

INDENT = 4
LONG_TEXT = ('"""', "'''")


def stripped(text: str) -> str:
    """A module without docstrings, comments, and annotations of what is no field of a class.

    Each level is indented by one space, and what goes on inside brackets by none.  Nothing is
    moved to another line, so that a traceback names the line at which it stands in the module as
    it was written.  It comes out the same on every Python that reads the module.
    """
    lines, raw = text.splitlines(keepends=True), text.encode()
    starts = [0, *accumulate(len(line.encode()) for line in lines)]
    nodes = list(ast.walk(ast.parse(text)))
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    edits = [*_edits(nodes, raw, starts), *_comments(tokens, lines, starts)]
    for start, end, instead in sorted(edits, reverse=True):
        raw = raw[:start] + instead + b"\n" * raw.count(b"\n", start, end) + raw[end:]
    depths, inside = _depths(tokens), _inside_texts(nodes, lines)
    made = []
    for number, line in enumerate(raw.decode().splitlines(), start=1):
        own = line if number in inside else line.lstrip()
        level = 0 if depths.get(number) else (len(line) - len(own)) // INDENT
        own = own if number + 1 in inside else own.rstrip()
        made.append(" " * level + own if own else "")
    return "\n".join(made) + "\n"


def _edits(nodes: Sequence[ast.AST], raw: bytes, starts: Sequence[int]) -> Iterator[Edit]:
    """Docstrings and annotations."""

    def start_of(node: Spanning) -> int:
        return starts[node.lineno - 1] + node.col_offset

    def end_of(node: Spanning) -> int:
        return starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)

    fields = {id(one) for node in nodes if isinstance(node, ast.ClassDef) for one in node.body}
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | Function):
            alone = len(node.body) == 1 and not isinstance(node, ast.Module)
            for one in filter(_is_text, node.body):
                yield start_of(one), end_of(one), b"pass" if alone else b""
        if isinstance(node, ast.arg) and node.annotation is not None:
            yield start_of(node), end_of(node), node.arg.encode()
        if isinstance(node, Function) and node.returns is not None:
            arrow = raw.rindex(b"->", 0, start_of(node.returns))
            if b"\n" not in raw[arrow : end_of(node.returns)]:
                yield len(raw[:arrow].rstrip()), end_of(node.returns), b""
        if isinstance(node, ast.AnnAssign) and node.value is not None and id(node) not in fields:
            start, end = end_of(node.target), end_of(node.annotation)
            if b"\n" not in raw[start:end]:
                yield start, end, b""


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _comments(
    tokens: Sequence[tokenize.TokenInfo], lines: Sequence[str], starts: Sequence[int]
) -> Iterator[Edit]:
    for token in tokens:
        if token.type == tokenize.COMMENT:
            line, column = token.start
            start = starts[line - 1] + len(lines[line - 1][:column].encode())
            yield start, start + len(token.string.encode()), b""


def _depths(tokens: Sequence[tokenize.TokenInfo]) -> dict[int, int]:
    """In how many brackets each line begins that holds something."""
    depth, found = 0, dict[int, int]()
    for token in tokens:
        found.setdefault(token.start[0], depth)
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
    return found


def _inside_texts(nodes: Sequence[ast.AST], lines: Sequence[str]) -> set[int]:
    """The lines that begin inside of one text, which are part of it."""
    found: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno is not None:
            own = lines[node.lineno - 1 : node.end_lineno - 1]
            if any(mark in line for line in own for mark in LONG_TEXT) or any(
                line.endswith("\\\n") for line in own
            ):
                found.update(range(node.lineno + 1, node.end_lineno + 1))
    return found
