"""What was due beside what came: the parts of a result, case by case, for finding relations."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compare import Path
from .explain import AXES, where
from .sequences import as_array, is_sequences
from .tree import Array, Tree
from .verdict import Question, Trial

Numbers = NDArray[Any]
RELATIVE, ABSOLUTE = 1e-7, 1e-10
"""How near a relation must hold: |a − b| ≤ RELATIVE·|b| + ABSOLUTE·max |b|."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One part of a result in one case.

    due, got: numbers, or any other trees.  letters: one axis letter per axis, where known.
    sizes: of the axes of the case, by letter.  arguments: arrays and numbers of the call by name.
    right: whether this part agrees with what was due.  rtol, atol: how nearly numbers must.
    """

    due: Any
    got: Any
    letters: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    right: bool = False
    rtol: float = RELATIVE
    atol: float = 0.0

    @property
    def comparable(self) -> bool:
        """Whether both are numbers in the same shape."""
        return self.numbers and self.due.shape == self.got.shape

    @property
    def empty(self) -> bool:
        """Whether it is numbers, and none is due or came."""
        return self.numbers and not (self.due.size and self.got.size)

    @property
    def numbers(self) -> bool:
        """Whether both are numbers, a scalar being an array without axes."""
        return isinstance(self.due, np.ndarray) and isinstance(self.got, np.ndarray)

    @functools.cached_property
    def variety(self) -> int:
        """How many different numbers are due."""
        return distinct(self.due)

    @functools.cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Which numbers are not what was due."""
        with np.errstate(all="ignore"):
            close = np.isclose(self.got, self.due, rtol=self.rtol, atol=self.atol, equal_nan=True)
        return np.asarray(~close)


def agree(have: Numbers, due: Numbers) -> NDArray[np.bool_]:
    """Number by number, whether one is the other up to rounding; both are float64."""
    finite = np.abs(due[np.isfinite(due)])
    small = ABSOLUTE * finite.max() if finite.size else 0.0
    with np.errstate(all="ignore"):
        return np.isclose(have, due, rtol=RELATIVE, atol=small, equal_nan=True)


def equal(have: Numbers, due: Numbers) -> bool:
    """Whether two arrays have one shape and the same numbers up to rounding."""
    return (
        have.shape == due.shape and not _at_once_other(have, due) and bool(agree(have, due).all())
    )


def _at_once_other(have: Numbers, due: Numbers) -> bool:
    """Whether the middle number alone already differs: quick, and nearly always so."""
    if not due.size:
        return False
    one, other = have.flat[due.size // 2], due.flat[due.size // 2]
    with np.errstate(all="ignore"):
        gap = abs(one - other)
        return bool(gap > 2 * RELATIVE * abs(other) and gap > 2 * ABSOLUTE * np.abs(due).max())


def distinct(values: Numbers) -> int:
    """How many different finite numbers beside zero there are."""
    kept = values[np.isfinite(values) & (values != 0)]
    return len(np.unique(kept.astype(np.float64).round(12)))


def pairs_of(trial: Trial, parts: Sequence[str]) -> dict[str, Pair]:
    """The parts of a result by name, "" for a result that is one part; {} where there is none."""
    question = trial.question
    if trial.got.did != "result" or trial.due.did != "result" or question.device != "cpu":
        return {}
    sizes, arguments = sizes_of(question), dict(_named(question.arguments))
    made: dict[str, Pair] = {}
    for path, due, got in _aligned(trial.due.tree, trial.got.tree, (), parts):
        if (isinstance(due, bool | str) and path) or _shape_alone(due):
            continue  # a statement about the result
        letters, close = _letters(path, question.shapes, due), question.tolerance
        pair = Pair(due, got, letters, sizes, arguments, False, close.rtol, close.atol)
        made[_name(path, parts, question.shapes)] = replace(pair, right=_same(pair))
    return made


def leaves(
    tree: Tree, question: Question, parts: Sequence[str]
) -> dict[str, tuple[Numbers, tuple[str, ...]]]:
    """The parts of a result that are numbers, by name, each with its axis letters.

    Sequences of whole numbers are one part, with one row each.
    """
    if is_sequences(tree):
        rows = as_array(tree)
        return {"": (rows, _letters((), question.shapes, rows))}
    return {
        _name(path, parts, question.shapes): (value, _letters(path, question.shapes, value))
        for path, value, _ in _aligned(tree, tree, (), parts)
        if isinstance(value, np.ndarray)
    }


def _name(path: Path, parts: Sequence[str], shapes: Mapping[str, str]) -> str:
    """A part's place in words; what the items of a list are is read from its own key alone."""
    return where(path, parts, next((shapes[str(key)] for key in path if str(key) in shapes), ""))


def _same(pair: Pair) -> bool:
    if pair.numbers:
        return pair.comparable and not pair.wrong.any()
    return type(pair.due) is type(pair.got) and bool(pair.due == pair.got)


def _letters(path: Path, shapes: Mapping[str, str], due: Any) -> tuple[str, ...]:
    keys = [*(str(key) for key in reversed(path)), "return"]
    letters = next((shapes[key].split() for key in keys if key in shapes), [])
    fits = isinstance(due, np.ndarray) and due.ndim == len(letters)
    return tuple(letters) if fits else ()


def sizes_of(question: Question) -> dict[str, int]:
    """The sizes of a case's axes by letter, read from the arguments whose axes are known."""
    sizes: dict[str, int] = {}
    for name, value in question.arguments.items():
        letters = question.shapes.get(name, "").split()
        if isinstance(value, Array) and value.values.ndim == len(letters):
            sizes |= dict(zip(letters, value.values.shape, strict=True))
        elif isinstance(value, dict):
            for key, item in value.items():
                inner = question.shapes.get(str(key), "").split()
                if isinstance(item, Array) and item.values.ndim == len(inner):
                    sizes |= dict(zip(inner, item.values.shape, strict=True))
    return sizes


def _named(arguments: Mapping[str, Tree]) -> Iterator[tuple[str, Any]]:
    """The arrays and single values among the arguments, by name; in a dict, by its key."""
    inner = [str(key) for value in arguments.values() if isinstance(value, dict) for key in value]
    taken = Counter([*arguments, *inner])
    for name, value in arguments.items():
        items = value.items() if isinstance(value, dict) else [(name, value)]
        for key, item in items:
            called = f"{key} of {name}" if isinstance(value, dict) and taken[str(key)] > 1 else key
            numbers = as_numbers(item)
            if numbers is not None or isinstance(item, str):
                yield str(called), item if numbers is None else numbers


def as_numbers(value: Tree) -> Numbers | None:
    """Numbers as float64, a bool as 0 or 1; None for anything else."""
    if isinstance(value, Array):
        return value.values.astype(np.float64)
    if isinstance(value, bool | int | float):
        return np.asarray(float(value))
    if isinstance(value, list | tuple) and _all_numbers(value):
        return np.asarray(value, dtype=np.float64)
    return None


def _all_numbers(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(value, bool | int | float) for value in values)


def _aligned(
    due: Tree, got: Tree, path: Path, parts: Sequence[str]
) -> Iterator[tuple[Path, Any, Any]]:
    """Parts of two trees that stand in the same place, as far as their containers agree."""
    if isinstance(due, dict) and isinstance(got, dict) and due and set(due) == set(got):
        if _counts(due) and _counts(got):
            ids = (np.array([float(tree[key]) for key in due]) for tree in (due, got))
            yield path, next(ids), next(ids)
            return
        for key in due:
            yield from _aligned(due[key], got[key], (*path, key), parts)
        return
    if isinstance(due, bool) or _shape_alone(due):
        yield path, due, got
        return
    numbers = as_numbers(due), as_numbers(got)
    named = bool(parts) and not path
    if numbers[0] is not None and numbers[1] is not None and not named:
        yield path, *numbers
        return
    lists = isinstance(due, list | tuple) and isinstance(got, list | tuple)
    if lists and not named and (keys := _columns(due, got)):
        for key in keys:
            sides = ([item[key] for item in tree] for tree in (due, got))
            yield from _aligned(next(sides), next(sides), (*path, key), parts)
        return
    if lists and len(due) == len(got) and (named or _recurses(due)):
        for place, (item, came) in enumerate(zip(due, got, strict=True)):
            yield from _aligned(item, came, (*path, place), parts)
        return
    yield path, due, got


def _counts(tree: Mapping[Any, Tree]) -> bool:
    """Whether a dict holds whole numbers alone, as ids of words: these are one part."""
    return len(tree) > 3 and all(type(value) is int for value in tree.values())


def _shape_alone(tree: Tree) -> bool:
    """Whether an array stands for its shape, and has no numbers."""
    return isinstance(tree, Array) and tree.device == "meta"


def _columns(due: Sequence[Tree], got: Sequence[Tree]) -> list[Any]:
    """The keys of a table's columns, where each item of both lists is a row of numbers by key."""
    rows = [*due, *got]
    if not due or len(due) != len(got) or not all(isinstance(row, dict) for row in rows):
        return []
    numbers = all(type(x) in (int, float) for row in rows for x in row.values())
    same = all(set(row) == set(due[0]) for row in rows)
    return list(due[0]) if numbers and same else []


def _recurses(due: Sequence[Any]) -> bool:
    """Whether the items of a list are parts of a result, and not a text's words or pairs."""
    return any(isinstance(item, Array | dict | list) for item in due) or (
        any(isinstance(item, tuple) for item in due) and isinstance(due, tuple)
    )


def along(pair: Pair, axis: int) -> str:
    """An axis in words: "along the time axis"; without letters, by its place."""
    if pair.letters:
        letter = pair.letters[axis]
        return f"along the {AXES.get(letter, letter)} axis"
    return f"along axis {axis}" if pair.due.ndim > 1 else "along its axis"
