"""Records as they are written; `autograder.labcheck.packing` reads them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.chain.squeezing import TooManyLetters, compressed, squeezed
from autograder.labcheck.packing import (
    ARRAY,
    CODINGS,
    GRIDS,
    PACKED,
    TABLE,
    TREE,
    VALUE,
    Grid,
    Numbers,
)
from autograder.labcheck.tree import TORCH_DTYPES

TAGS = ("a", "t", "l", "d")
FEW = 12
"""Of so many numbers one may be written apart from the others."""


def packed(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with all but its short entries in one text; nothing is lost.

    Raises ValueError for keys that mean something else where it is packed.
    """
    plain = {key: value for key, value in record.items() if not isinstance(value, list | dict)}
    writer = _Writer()
    rest = writer.part({key: value for key, value in record.items() if key not in plain})
    phrases, text = _squeezed(rest)
    head = {"phrases": phrases, "text": len(text), **writer.head()}
    raw = b"".join((_json(head, ascii_only=True).encode(), b"\n", text, *writer.numbers()))
    return {**plain, PACKED: base64.b85encode(compressed(raw)).decode()}


def _json(value: Any, ascii_only: bool = False) -> str:
    return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))


def _squeezed(rest: Any) -> tuple[dict[str, str], bytes]:
    try:
        return squeezed(_json(rest), "record")
    except TooManyLetters:
        return squeezed(_json(rest, ascii_only=True), "record")


class _Writer:
    """Forms of trees and arrays, and numbers, as they come up in a record."""

    def __init__(self) -> None:
        self._trees: dict[str, int] = {}
        self._forms: dict[str, int] = {}
        self._of: list[int] = []
        self._known: dict[str, int] = {}
        self._streams: dict[tuple[str, str, int], tuple[int, list[Numbers]]] = {}

    def part(self, part: Any) -> Any:
        """A part of a record with its trees and tables packed."""
        if is_node(part) and _has_arrays(part):
            return self._tree(part)
        if isinstance(part, list):
            return self._table(part) or [self.part(item) for item in part]
        if not isinstance(part, dict):
            return part
        if TREE in part or TABLE in part:
            raise ValueError(f"a key of a record is {TREE!r} or {TABLE!r}")
        return {key: self.part(value) for key, value in part.items()}

    def _table(self, rows: list[Any]) -> dict[str, Any] | None:
        """Dicts with the same keys as columns; None where a list is something else."""
        if len(rows) < 2 or not all(isinstance(row, dict) and not is_node(row) for row in rows):
            return None
        keys = list(rows[0])
        if not keys or any(list(row) != keys for row in rows):
            return None
        return {TABLE: [keys, *([self.part(row[key]) for row in rows] for key in keys)]}

    def _tree(self, tree: dict[str, Any]) -> dict[str, Any]:
        before, values = list[int](), list[Any]()

        def form(node: Any) -> Any:
            if not is_node(node) or not _has_arrays(node):
                values.append(node)
                return VALUE
            ((tag, inside),) = node.items()
            if tag == "a":
                before.append(self._before(inside))
                return ARRAY
            if tag == "d":
                return {tag: [[key, form(item)] for key, item in inside]}
            return {tag: list(map(form, inside))}

        number = self._trees.setdefault(_json(form(tree)), len(self._trees))
        while before and not before[-1]:
            before.pop()
        more = [before or 0, *values] if before or values else []
        return {TREE: [number, *more]}

    def _before(self, body: dict[str, Any]) -> int:
        """As the how manieth array this one came up before; 0 for a new one."""
        text, count = _json(body), len(self._of)
        place = self._known.setdefault(text, count)
        if place < count:
            return place + 1
        self._of.append(self._form(body))
        return 0

    def _form(self, body: dict[str, Any]) -> int:
        key = next((key for key in ("values", "sums") if key in body), "")
        rest = {name: value for name, value in body.items() if name != key}
        made: list[Any] = [rest, key, "", -1, 0, []]
        if key:
            coding, numbers, odd = coded(_array(body, key))
            stream = coding, key, _width(numbers)
            place, parts = self._streams.setdefault(stream, (len(self._streams), []))
            parts.append(numbers)
            made = [rest, key, coding, place, len(numbers), odd]
        return self._forms.setdefault(_json(made), len(self._forms))

    def numbers(self) -> Iterator[bytes]:
        """The numbers of each stream, the lowest bytes of all of them first."""
        for (_, _, width), (_, parts) in self._streams.items():
            numbers = np.concatenate(parts).astype("<u8")
            yield numbers.view(np.uint8).reshape(-1, 8)[:, :width].T.tobytes()

    def head(self) -> dict[str, Any]:
        """How it is written."""
        return {
            "trees": list(map(json.loads, self._trees)),
            "arrays": list(map(json.loads, self._forms)),
            "of": self._of,
            "streams": [
                [width, sum(map(len, parts))]
                for (_, _, width), (_, parts) in self._streams.items()
            ],
        }


def is_node(node: Any) -> bool:
    """Whether it is what `tree.encode` makes of an array, a tuple, a list or a dict."""
    if not isinstance(node, dict) or len(node) != 1:
        return False
    ((tag, inside),) = node.items()
    if tag == "a":
        return isinstance(inside, dict) and "dtype" in inside
    return tag in TAGS and isinstance(inside, list)


def _has_arrays(node: Any) -> bool:
    if not is_node(node):
        return False
    ((tag, inside),) = node.items()
    return tag == "a" or any(_has_arrays(item[1] if tag == "d" else item) for item in inside)


def _array(body: Mapping[str, Any], key: str) -> NDArray[Any]:
    name = body["dtype"]
    return np.array(body[key], np.int64 if key == "sums" else TORCH_DTYPES.get(name, name))


def coded(values: NDArray[Any]) -> tuple[str, Numbers, list[Any]]:
    """The coding that makes of an array the smallest numbers, these, and what it makes wrong.

    That is a few places and the numbers that belong there, of floats alone.
    """
    found = [(name, *made) for name in CODINGS if (made := _coded(name, values.ravel()))]
    return min(found, key=lambda one: (_width(one[1]), len(one[2])))


def _coded(coding: str, values: NDArray[Any]) -> tuple[Numbers, list[Any]] | None:
    """What one coding makes of an array; None where it does not fit."""
    numbers = _numbers(coding, values)
    if numbers is None:
        return None
    made = CODINGS[coding](numbers).astype(values.dtype)
    wrong = np.flatnonzero(_bits(made) != _bits(values))
    if len(wrong) > (len(values) // FEW if coding.startswith("decimals") else 0):
        return None
    numbers[wrong] = 0
    return numbers, [[int(place), float(values[place])] for place in wrong]


def _numbers(coding: str, values: NDArray[Any]) -> Numbers | None:
    """Whole numbers for an array, right only if they decode to it; None where there are none."""
    if (coding == "whole") != (values.dtype.kind in "biu"):
        return None
    with np.errstate(all="ignore"):
        if coding == "whole":
            return _zigzag(values.astype(np.int64))
        if coding == "single":
            return values.astype(np.float32).view(np.uint32).astype(np.uint64)
        wide = values.astype(np.float64)
        if coding == "double":
            return wide.view(np.uint64)
        if coding.startswith("grid"):
            return _on_grid(wide, GRIDS[int(coding.removeprefix("grid"))])
        return _zigzag(np.rint(wide * 10.0 ** int(coding.removeprefix("decimals"))))


def _zigzag(values: NDArray[Any]) -> Numbers:
    whole = values.astype(np.int64)
    return ((whole << 1) ^ (whole >> 63)).view(np.uint64)


def _on_grid(values: NDArray[np.float64], grid: Grid) -> Numbers:
    size = np.abs(values)
    least = np.uint64((1022 + grid.finest + grid.bits) << grid.bits)
    normal = (size.view(np.uint64) >> np.uint64(52 - grid.bits)) - least
    small = size < 2.0 ** (grid.finest + grid.bits)
    numbers = np.where(small, (size * 2.0**-grid.finest).astype(np.uint64), normal)
    return (numbers << np.uint64(1)) | np.signbit(values)


def rounded(values: Sequence[float], grid: Grid) -> list[float]:
    """Finite floats, each to the nearest that is on a grid."""
    floats = np.array(values, np.float64)
    _, exponents = np.frexp(floats)
    steps = np.exp2(np.maximum(exponents - 1 - grid.bits, grid.finest))
    nearest: list[float] = (np.round(floats / steps) * steps).tolist()
    return nearest


def _bits(values: NDArray[Any]) -> NDArray[Any]:
    """Each number as its bytes, so that -0.0 is another one than 0.0."""
    return np.ascontiguousarray(values).view(f"V{values.itemsize}")


def _width(numbers: Numbers) -> int:
    """The bytes that the largest of some whole numbers takes."""
    return max(1, (int(numbers.max(initial=0)).bit_length() + 7) // 8)
