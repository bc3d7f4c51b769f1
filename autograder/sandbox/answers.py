"""What a worker may answer: for each operation its answers, with their exact keys."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .text import printable

_DTYPES = (
    "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 float128 "
    "longdouble bfloat16"
)
DTYPES = tuple(_DTYPES.split())

Check = Callable[[Any], Any]
"""Gives the value, texts cleaned; raises Unexpected for a value of another kind."""


class Unexpected(ValueError):  # noqa: N818
    """A header that is no answer to the request."""


def checked(header: dict[str, Any], ident: str, asked: str) -> dict[str, Any]:
    """The header without its id, texts cleaned.

    ident: the request's id; asked: its operation.  Raises Unexpected for a header that carries
    another id, is no answer to that operation, or has other keys than that answer.
    """
    kind = header.get("op")
    if header.get("id") != ident or not isinstance(kind, str):
        raise Unexpected("an answer to something else")
    if kind not in ANSWERS.get(asked, ()):
        raise Unexpected("an answer of another kind")
    return _fields(header, kind)


def _fields(header: dict[str, Any], kind: Any) -> dict[str, Any]:
    fields = FIELDS[kind]
    if len(header.keys() - {"id", "op"}) != len(fields) or not header.keys() >= fields.keys():
        raise Unexpected("an answer with other keys")
    return {"op": kind, **{name: check(header[name]) for name, check in fields.items()}}


def _node(value: Any) -> Any:
    """A node of a tree, whose form `tree.decode` checks; here that its arrays are in the body."""
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            _check_array(node.get("a"))
            pending += [item for tag, item in node.items() if tag != "a"]
        elif isinstance(node, list):
            pending += node
        elif type(node) is int and node.bit_length() > 64:
            raise Unexpected("a number that is too large")
    return value


def _check_array(body: Any) -> None:
    if body is None:
        return
    if not isinstance(body, dict) or body.get("dtype") not in DTYPES:
        raise Unexpected("something in place of an array")
    if "array" not in body and (body.get("device") != "meta" or "values" in body):
        raise Unexpected("numbers in place of an array")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unexpected("something in place of a text")
    return printable(value)


def _name(value: Any) -> str:
    return _text(value)[:200]


def _where(holds: Callable[[Any], bool], what: str) -> Check:
    """Gives the value as it is, where that holds."""

    def checked_value(value: Any) -> Any:
        if not holds(value):
            raise Unexpected(f"something in place of {what}")
        return value

    return checked_value


_flag = _where(lambda value: isinstance(value, bool), "yes or no")
_count = _where(lambda value: type(value) is int and value >= 0, "a number")
_seconds = _where(
    lambda value: isinstance(value, float) and math.isfinite(value) and value >= 0, "a time"
)


def _list_of(check: Check, most: int) -> Check:
    def checked_list(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise Unexpected("something in place of a list")
        return [check(item) for item in value]

    return checked_list


def _row_of(*checks: Check) -> Check:
    def checked_row(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) != len(checks):
            raise Unexpected("something in place of a row")
        return [check(item) for check, item in zip(checks, value, strict=True)]

    return checked_row


def _cell(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.get("op") not in ("raised", "forbidden"):
        raise Unexpected("something in place of how a cell ended")
    return _fields(value, value["op"])


def _defined(value: Any) -> dict[str, str]:
    sorts = ("function", "class", "other")
    short = isinstance(value, dict) and len(value) <= 1000
    if not short or not all(sort in sorts for sort in value.values()):
        raise Unexpected("something in place of names")
    return {_name(name): sort for name, sort in value.items()}


_NAMES = _list_of(_name, 50)
_LINES = _list_of(_row_of(_name, _count), 50)
_PAIRS = _list_of(_row_of(_name, _node), 1000)


def _left(value: Any) -> Any:
    return None if value is None else _PAIRS(value)


FIELDS: dict[str, dict[str, Check]] = {
    "loaded": {"cells": _list_of(_cell, 10_000), "defined": _defined},
    "ran": {"error": _cell, "defined": _defined, "absent": _NAMES},
    "result": {"result": _node, "arguments": _left, "seconds": _seconds},
    "raised": {
        "type": _name,
        "bases": _NAMES,
        "text": _text,
        "lines": _LINES,
        "memory": _flag,
        "arguments": _left,
    },
    "refused": {"reason": _text},
    "forbidden": {"package": _name, "lines": _LINES},
    "missing": {},
    "ask": {
        "number": _count,
        "name": _name,
        "args": _list_of(_node, 1000),
        "kwargs": _PAIRS,
        "cotangents": _node,
    },
}

ANSWERS = {
    "load": frozenset({"loaded", "refused", "ask"}),
    "cell": frozenset({"ran", "refused", "ask"}),
    "call": frozenset({"result", "raised", "refused", "forbidden", "missing", "ask"}),
    "calls": frozenset({"result", "raised", "refused", "forbidden", "missing"}),
}
