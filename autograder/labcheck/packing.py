"""A record as it is read: text and numbers out of one compressed stream.

It begins with a line of JSON that says how the rest is written, and the JSON of the record, in
which a tree is the number of its form and what is in it.  Behind stand the numbers of all arrays:
as whole numbers of so many bytes, the lowest bytes of all of them first.
`autograder.chain.packed` writes it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .squeezed import whole
from .tree import TORCH_DTYPES

PACKED, TREE, TABLE = "packed", "~", "|"
"""The keys of what is packed, of a tree in it, and of a list of dicts that have the same keys."""
ARRAY, VALUE = "a", "v"
"""What stands in the form of a tree for an array, and for any other leaf."""
DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
"""Those of `base64.b85decode`, which takes ten times as long."""

Numbers = NDArray[np.uint64]


@dataclass(frozen=True)
class Grid:
    """Floats with so many bits behind the first, and in no finer steps than 2 to the finest."""

    bits: int
    finest: int

    def floats(self, numbers: Numbers) -> NDArray[np.float64]:
        """What whole numbers stand for; the last bit is the sign."""
        size = numbers >> np.uint64(1)
        least = np.uint64((1022 + self.finest + self.bits) << self.bits)
        normal = ((size + least) << np.uint64(52 - self.bits)).view(np.float64)
        small = size < np.uint64(1 << self.bits)
        floats = np.where(small, size.astype(np.float64) * 2.0**self.finest, normal)
        return np.where(numbers & np.uint64(1), -floats, floats)


GRIDS = (Grid(23, -26), Grid(26, -33), Grid(33, -44))


def whole_numbers(numbers: Numbers) -> NDArray[np.int64]:
    """0, -1, 1, -2, … for 0, 1, 2, 3, …"""
    return (numbers >> np.uint64(1)).view(np.int64) ^ -(numbers & np.uint64(1)).view(np.int64)


def _decimals(places: int) -> Callable[[Numbers], NDArray[Any]]:
    return lambda numbers: whole_numbers(numbers) / 10.0**places


CODINGS: Mapping[str, Callable[[Numbers], NDArray[Any]]] = {
    "whole": whole_numbers,
    **{f"decimals{places}": _decimals(places) for places in range(7)},
    "single": lambda numbers: numbers.astype(np.uint32).view(np.float32),
    **{f"grid{place}": grid.floats for place, grid in enumerate(GRIDS)},
    "double": lambda numbers: numbers.view(np.float64),
}
"""How whole numbers stand for the numbers of an array."""


@dataclass(frozen=True)
class _Tree:
    """A tree in a record, without its arrays.

    before: of each of these, as the how manieth it came up before, or 0; no trailing zeros.
    values: its other leaves.  first: the first array that is new in it.
    """

    form: int
    before: list[int]
    values: list[Any]
    first: int


class Packed:
    """A record, packed or not."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Raises ValueError, LookupError or TypeError for what is not whole."""
        self.record = {key: value for key, value in data.items() if key != PACKED}
        self.is_packed = PACKED in data
        if not self.is_packed:
            return
        head, text, numbers = _parts(data[PACKED])
        self._forms, self._arrays, self._of = head["trees"], head["arrays"], head["of"]
        self._places = list(_places(self._arrays, self._of))
        self._streams = _Streams(head["streams"], numbers)
        self._in_form = list(map(_arrays_in, self._forms))
        self._next = 0
        letters = whole(text.decode("latin-1"), head["phrases"])
        self.record |= json.loads(letters, object_hook=self._noted)

    def whole(self, part: Any) -> Any:
        """A part of the record as it was packed; numbers of arrays are arrays."""
        if isinstance(part, _Tree):
            return self._tree(part)
        if isinstance(part, list):
            return [self.whole(item) for item in part]
        if isinstance(part, dict):
            return {key: self.whole(value) for key, value in part.items()}
        return part

    def _noted(self, found: dict[str, Any]) -> Any:
        """What is a dict in the JSON: a tree, a table, or that."""
        if TREE in found:
            form, *more = found[TREE]
            before, values = (more[0] or [], more[1:]) if more else ([], [])
            tree = _Tree(form, before, values, self._next)
            self._next += self._in_form[form] - sum(map(bool, before))
            return tree
        if TABLE in found:
            keys, *columns = found[TABLE]
            return [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]
        return found

    def _tree(self, tree: _Tree) -> Any:
        new, before, values = tree.first, iter(tree.before), iter(tree.values)

        def node(form: Any) -> Any:
            nonlocal new
            if form == VALUE:
                return next(values)
            if form == ARRAY:
                known = next(before, 0)
                place = known - 1 if known else new
                new += not known
                return {"a": self._array(place)}
            ((tag, inside),) = form.items()
            if tag == "d":
                return {tag: [[key, node(item)] for key, item in inside]}
            return {tag: list(map(node, inside))}

        return node(self._forms[tree.form])

    def _array(self, place: int) -> dict[str, Any]:
        body, key, coding, stream, _, odd = self._arrays[self._of[place]]
        if not key:
            return dict(body)
        start, end = self._places[place]
        values = CODINGS[coding](self._streams(stream)[start:end])
        name = body["dtype"]
        wanted = values.dtype if key == "sums" else np.dtype(TORCH_DTYPES.get(name, name))
        numbers = values.astype(wanted)
        for at, number in odd:
            numbers[at] = number
        return {**body, key: numbers}


def unpacked(record: Mapping[str, Any]) -> dict[str, Any]:
    """What `autograder.chain.packed` was given; a record that is not packed stays as it is."""
    read = Packed(record)
    made: dict[str, Any] = _listed(read.whole(read.record))
    return made


def _listed(part: Any) -> Any:
    if isinstance(part, np.ndarray):
        return part.tolist()
    if isinstance(part, list):
        return [_listed(item) for item in part]
    if isinstance(part, dict):
        return {key: _listed(value) for key, value in part.items()}
    return part


def _parts(text: str) -> tuple[Any, bytes, bytes]:
    """What is packed: how it is written, its text, and its numbers."""
    try:
        raw = zlib.decompress(_bytes(text))
    except zlib.error as error:
        raise ValueError(str(error)) from error
    line, _, rest = raw.partition(b"\n")
    head = json.loads(line)
    return head, rest[: head["text"]], rest[head["text"] :]


def _bytes(text: str) -> bytes:
    """What base64.b85encode was given.  Raises ValueError for other text."""
    lacking = -len(text) % 5
    digits = np.frombuffer(text.encode("ascii") + DIGITS[-1:] * lacking, np.uint8)
    values = _digit_values()[digits].reshape(-1, 5)
    if values.max(initial=0) >= len(DIGITS):
        raise ValueError("no text of base85")
    groups = values.astype(np.uint64) @ np.array([85**n for n in range(4, -1, -1)], np.uint64)
    raw = groups.astype(">u4").tobytes()
    return raw[: len(raw) - lacking]


@cache
def _digit_values() -> NDArray[np.uint8]:
    values = np.full(256, 255, np.uint8)
    values[np.frombuffer(DIGITS, np.uint8)] = np.arange(len(DIGITS), dtype=np.uint8)
    return values


def _places(arrays: list[Any], of: list[int]) -> Iterator[tuple[int, int]]:
    """Where the numbers of each array stand in its stream."""
    at: dict[int, int] = {}
    for form in of:
        stream, count = arrays[form][3:5]
        start = at.get(stream, 0)
        at[stream] = start + count
        yield start, start + count


def _arrays_in(form: Any) -> int:
    """How many arrays a tree of this form has."""
    if isinstance(form, str):
        return int(form == ARRAY)
    ((tag, inside),) = form.items()
    return sum(_arrays_in(item[1] if tag == "d" else item) for item in inside)


class _Streams:
    """Whole numbers by the number of their stream, each made when it is first asked for."""

    def __init__(self, sizes: list[tuple[int, int]], raw: bytes) -> None:
        """sizes: of each the bytes of a number, and how many numbers it has."""
        self._parts, at = [], 0
        for width, count in sizes:
            part = np.frombuffer(raw, np.uint8, width * count, at)
            self._parts.append(part.reshape(width, count))
            at += width * count
        self._made: dict[int, Numbers] = {}

    def __call__(self, place: int) -> Numbers:
        if place not in self._made:
            part = self._parts[place]
            wide = np.zeros((part.shape[1], 8), np.uint8)
            wide[:, : len(part)] = part.T
            self._made[place] = wide.view("<u8").astype(np.uint64).ravel()
        return self._made[place]
