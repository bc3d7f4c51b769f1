"""Records made small, without loss: what stands in one twice is written once, and some numbers
as the four bytes that they have in float32.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

SHARED, AT, BYTES = "shared", "r", "float32"
"""The key of what is written once, that of its number in the place where it stood, and that of
numbers as text.
"""
SHORT = 40
"""A node whose text is shorter is written wherever it stands."""
FEW = 4
"""So few numbers are written as they are."""


def packed(record: dict[str, Any]) -> dict[str, Any]:
    """A record as it is written; `unpacked` makes it what it was."""
    small = _numbers_as_bytes(record)
    counts = Counter(_text(node) for node in _nodes(small))
    shared: dict[str, tuple[int, Any]] = {}

    def once(node: Any) -> Any:
        text = _text(node) if _is_node(node) else ""
        if len(text) < SHORT or counts[text] < 2:
            return _inside(node, once)
        if text not in shared:
            inside = _inside(node, once)
            shared[text] = (len(shared), inside)
        return {AT: shared[text][0]}

    rest = {key: once(value) for key, value in small.items()}
    return {**rest, SHARED: [node for _, node in shared.values()]} if shared else rest


def unpacked(record: dict[str, Any]) -> dict[str, Any]:
    """What `packed` was given; a record that is not packed stays as it is."""
    shared: list[Any] = []

    def whole(node: Any) -> Any:
        if isinstance(node, dict) and list(node) == [AT]:
            return shared[node[AT]]
        made = _inside(node, whole)
        if isinstance(made, dict) and BYTES in made:
            raw = base64.b64decode(made.pop(BYTES))
            made["values"] = np.frombuffer(raw, "<f4").astype(float).tolist()
        return made

    for node in record.get(SHARED, ()):
        shared.append(whole(node))
    return {key: whole(value) for key, value in record.items() if key != SHARED}


def _numbers_as_bytes(node: Any) -> Any:
    """Arrays of numbers that float32 holds exactly, as base64."""
    values = node.get("values") if isinstance(node, dict) else None
    if not isinstance(values, list) or not _exact(values):
        return _inside(node, _numbers_as_bytes)
    rest = {key: value for key, value in node.items() if key != "values"}
    raw = np.array(values, "<f4").tobytes()
    return {**rest, BYTES: base64.b64encode(raw).decode()}


def _exact(values: list[Any]) -> bool:
    """Whether a list is one of numbers that float32 holds, and whose text would be longer."""
    if len(values) < FEW or not all(type(value) is float for value in values):
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        small = np.array(values).astype("<f4").astype(float)
    if not np.array_equal(small, np.array(values)):
        return False
    return len(_text(values)) > 16 * len(values) / 3


def _nodes(node: Any) -> Iterator[Any]:
    if _is_node(node):
        yield node
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for item in inside:
        yield from _nodes(item)


def _inside(node: Any, change: Callable[[Any], Any]) -> Any:
    """The same list or dict with what is in it changed; anything else as it is."""
    if isinstance(node, list):
        return [change(item) for item in node]
    if isinstance(node, dict):
        return {key: change(value) for key, value in node.items()}
    return node


def _is_node(node: Any) -> bool:
    """Whether it is what `tree.encode` makes of an array, a tuple, a list or a dict."""
    return isinstance(node, dict) and len(node) == 1 and next(iter(node)) in ("a", "t", "l", "d")


def _text(node: Any) -> str:
    return json.dumps(node, separators=(",", ":"))
