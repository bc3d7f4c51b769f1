"""compare → mismatch: finds the first thing in which a result differs from what was due.

Container, then shape, then dtype, then device, then finite, then values: only the first is told.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .sums import have_sums
from .tree import Array, Tree

Kind = Literal[
    "container", "keys", "length", "shape", "dtype", "device", "finite", "values", "text", "fact"
]
Path = tuple[str | int, ...]
"""Keys and indices from the result down to a place in it."""


@dataclass(frozen=True)
class Tolerance:
    """Floats agree where |got − expected| ≤ atol + rtol·|expected|.

    alike: lists and tuples may stand for each other, and an int for a float.  whole: numbers that
    are due as floats and are whole may stand in an array of integers.
    """

    rtol: float = 1e-6
    atol: float = 1e-8
    alike: bool = True
    whole: bool = False


EXACT = Tolerance(0.0, 0.0, alike=False)


@dataclass(frozen=True)
class Mismatch:
    """The first difference.

    kind: in what they differ.  path: the place.  have, due: what came and what was due, in words
    or as one number.  index: where the first wrong number, or word of a text, stands; wrong,
    total: how many numbers are wrong, of how many; letters: the axis letters of the array, or of
    the lists that the path leads into; steps: which time steps are
    wrong, of `step_count`.  right: keys beside this one that are right, wrong_keys: those that
    are not.
    """

    kind: Kind
    path: Path = ()
    have: str = ""
    due: str = ""
    index: tuple[int, ...] = ()
    wrong: int = 0
    total: int = 0
    shape: tuple[int, ...] = ()
    letters: str = ""
    steps: tuple[int, ...] = ()
    step_count: int = 0
    right: tuple[str, ...] = ()
    wrong_keys: tuple[str, ...] = ()


def compare(
    due: Tree,
    have: Tree,
    tolerance: Tolerance = Tolerance(),
    letters: Mapping[str, str] | None = None,
) -> Mismatch | None:
    """The first difference between what was due and what came, or None where they agree.

    letters: axis letters by key of the result, "return" for the whole, for naming time steps.
    """
    return _Comparison(tolerance, letters or {}).first(due, have, ())


def equal(due: Tree, have: Tree, tolerance: Tolerance = Tolerance()) -> bool:
    """Whether `compare` finds no difference; nothing is found out about one."""
    return _Comparison(tolerance, {}, brief=True).first(due, have, ()) is None


@dataclass(frozen=True)
class _Comparison:
    """How two trees are compared, and one method for each kind of node that may be due.

    brief: the first difference ends it, and is only told to be one.
    """

    tolerance: Tolerance
    letters: Mapping[str, str]
    brief: bool = False

    def first(self, due: Tree, have: Tree, path: Path) -> Mismatch | None:
        if due is have:
            return None
        if isinstance(due, dict):
            return self.dicts(due, have, path)
        if isinstance(due, list | tuple):
            return self.sequences(due, have, path)
        if isinstance(due, Array) and due.kind != "scalar":
            return self.arrays(due, have, path)
        return self.scalars(due, have, path)

    def dicts(self, due: dict[Any, Tree], have: Tree, path: Path) -> Mismatch | None:
        if not isinstance(have, dict):
            return _container(have, path, "a dict")
        if set(due) != set(have):
            missing = [str(key) for key in due if key not in have]
            extra = [name_of(key) for key in have if key not in due]
            shown = [*extra[:8], "…"] if len(extra) > 8 else extra
            return Mismatch("keys", path, ", ".join(shown), ", ".join(missing))
        if self.brief:
            each = (self.first(due[key], have[key], (*path, key)) for key in due)
            return next(filter(None, each), None)
        compared = {key: self.first(due[key], have[key], (*path, key)) for key in due}
        first = next((mismatch for mismatch in compared.values() if mismatch), None)
        if first is None or path:
            return first
        right = tuple(str(key) for key, mismatch in compared.items() if mismatch is None)
        wrong = tuple(str(key) for key, mismatch in compared.items() if mismatch is not None)
        return replace(first, right=right, wrong_keys=wrong)

    def sequences(self, due: Sequence[Tree], have: Tree, path: Path) -> Mismatch | None:
        accepted = (list, tuple) if self.tolerance.alike else (type(due),)
        if not isinstance(have, accepted):
            return _container(have, path, describe(due))
        if len(due) != len(have):
            counts = str(len(have)), str(len(due))
            return Mismatch("length", path, *counts, letters=self.letters_at(path))
        for place, (item, came) in enumerate(zip(due, have, strict=True)):
            if mismatch := self.first(item, came, (*path, place)):
                return mismatch
        return None

    def arrays(self, due: Array, have: Tree, path: Path) -> Mismatch | None:
        if not isinstance(have, Array) or (have.kind == "torch") != (due.kind == "torch"):
            return _container(have, path, describe(due))
        shape, letters = due.values.shape, self.letters_at(path)
        if have.values.shape != shape:
            came = str(have.values.shape)
            return Mismatch("shape", path, came, str(shape), shape=shape, letters=letters)
        if due.dtype != have.dtype and not self.whole(due, have):
            return Mismatch("dtype", path, have.dtype, due.dtype, shape=shape)
        if due.device.split(":")[0] != have.device.split(":")[0]:
            return Mismatch("device", path, have.device, due.device, shape=shape)
        if due.device == "meta":
            return None
        if due.sums:
            limits = self.tolerance.rtol, self.tolerance.atol
            same = have_sums(have.values, due.sums, *limits)
            return None if same else Mismatch("values", path)
        return self.values(due.values, have.values, path)

    def whole(self, due: Array, have: Array) -> bool:
        """Whether the same whole numbers came in an array of integers, and may."""
        kinds = due.values.dtype.kind, have.values.dtype.kind
        return (
            self.tolerance.whole
            and not due.sums
            and kinds == ("f", "i")
            and bool((due.values == have.values).all())
        )

    def values(self, due: NDArray[Any], have: NDArray[Any], path: Path) -> Mismatch | None:
        kind: Kind = "values"
        if (due == have).all():
            return None
        if due.dtype.kind != "f":
            wrong = due != have
        elif _close_everywhere(due, have, self.tolerance):
            return None
        else:
            wrong = ~np.isfinite(have) & np.isfinite(due)
            if wrong.any():
                kind = "finite"
            else:
                floats = have.astype(np.float64), due.astype(np.float64)
                rtol, atol = self.tolerance.rtol, self.tolerance.atol
                wrong = ~np.isclose(*floats, rtol=rtol, atol=atol, equal_nan=True)
        if not wrong.any():
            return None
        if self.brief:
            return Mismatch(kind, path)
        return _at(wrong, due, have, self.letters_at(path), path, kind)

    def letters_at(self, path: Path) -> str:
        keys = [str(key) for key in reversed(path)]
        return next((self.letters[key] for key in [*keys, "return"] if key in self.letters), "")

    def scalars(self, due: Tree, have: Tree, path: Path) -> Mismatch | None:
        mismatch = self.numbers(due, have, path)
        return replace(mismatch, letters=self.letters_at(path)) if mismatch else None

    def numbers(self, due: Tree, have: Tree, path: Path) -> Mismatch | None:
        if isinstance(due, Array):
            if not isinstance(have, Array) or (have.kind, have.dtype) != (due.kind, due.dtype):
                return _container(have, path, describe(due))
            value, got = due.values[()].item(), have.values[()].item()
        else:
            value, got = due, _python_number(have)
        if value is None or isinstance(value, bool | str):
            if type(got) is type(value) and got == value:
                return None
            if value is True and path:
                return Mismatch("fact", path, describe(have), "True")
            if isinstance(value, str) and isinstance(got, str):
                return _texts(got, value, path)
            if type(got) is type(value):
                return Mismatch("values", path, describe(have), describe(due))
            return _container(have, path, _type_name(value))
        if isinstance(value, int):
            if not isinstance(got, int) or isinstance(got, bool):
                return _container(have, path, "an int")
            return None if got == value else Mismatch("values", path, str(got), str(value))
        if not _is_float(got, self.tolerance.alike):
            return _container(have, path, "a float")
        gap = abs(got - value)
        if gap <= self.tolerance.atol + self.tolerance.rtol * abs(value) and np.isfinite(gap):
            return None
        if not np.isfinite(got) and np.isfinite(value):
            return Mismatch("finite", path, number(got), number(value))
        rtol, atol = self.tolerance.rtol, self.tolerance.atol
        close = np.isclose(got, value, rtol=rtol, atol=atol, equal_nan=True)
        return None if close else Mismatch("values", path, *_distinct(got, value))


def _texts(have: str, due: str, path: Path) -> Mismatch:
    """The first word in which two texts differ; that they only differ between words is word -1."""
    ours, theirs = have.split(), due.split()
    if ours == theirs:
        return Mismatch("text", path, describe(have), describe(due), (-1,))
    pairs = itertools.zip_longest(ours, theirs, fillvalue="")
    place, (mine, other) = next((n, pair) for n, pair in enumerate(pairs) if pair[0] != pair[1])
    return Mismatch("text", path, name_of(mine), name_of(other), (place,))


def _container(have: Tree, path: Path, due: str) -> Mismatch:
    return Mismatch("container", path, describe(have), due)


def _close_everywhere(due: NDArray[Any], have: NDArray[Any], tolerance: Tolerance) -> bool:
    """The quick way for what is nearly always so; never true where a number is not finite."""
    with np.errstate(all="ignore"):
        gap = np.abs(have - due)
        limit = tolerance.atol + tolerance.rtol * np.abs(due)
        return bool((gap <= limit).all() and np.isfinite(gap).all())


def _at(
    wrong: NDArray[np.bool_],
    due: NDArray[Any],
    have: NDArray[Any],
    letters: str,
    path: Path,
    kind: Kind,
) -> Mismatch:
    """A mismatch of numbers; the first of them is in the first wrong time step, if any."""
    places, names = np.argwhere(wrong), letters.split()
    index: tuple[int, ...] = tuple(places[0].tolist())
    steps: tuple[int, ...] = ()
    step_count = 0
    if "T" in names and len(names) == wrong.ndim:
        times = places[:, names.index("T")]
        index = tuple(places[times.argmin()].tolist())
        steps, step_count = tuple(np.unique(times).tolist()), wrong.shape[names.index("T")]
    shown = _distinct(have[index], due[index])
    counts = len(places), wrong.size
    return Mismatch(kind, path, *shown, index, *counts, due.shape, letters, steps, step_count)


def _python_number(have: Tree) -> Tree:
    """np.float64 is a float and NumPy's integers serve as int; np.float32 is neither."""
    if not isinstance(have, Array) or have.kind != "scalar":
        return have
    if have.dtype == "float64" or have.values.dtype.kind in "biu":
        return have.values[()].item()
    return have


def _is_float(got: Tree, alike: bool) -> bool:
    if isinstance(got, bool):
        return False
    return isinstance(got, float) or (alike and isinstance(got, int))


def _type_name(value: bool | str | None) -> str:
    """What was due, without its value."""
    return "None" if value is None else "a bool" if isinstance(value, bool) else "a text"


def at(tree: Any, path: Path) -> Any:
    """What stands at a place of a tree."""
    for key in path:
        tree = tree[key]
    return tree


def name_of(key: object) -> str:
    """A key as text, cut where it is longer than a name."""
    text = str(key)
    return text if len(text) <= 40 else f"{text[:39]}…"


def describe(
    tree: Tree,
    shape: Callable[[tuple[int, ...]], str] = str,
    count: Callable[[int], str] = str,
    text: Callable[[str], str] = lambda text: f"the text {text[:40]!r}",
) -> str:
    """A value in words: "an array (3, 6) of float64", "a tuple of 2", "None".

    shape, count, text: how a shape, a number of items and a text are told.
    """
    if isinstance(tree, Array):
        if tree.kind == "scalar":
            return f"a NumPy {tree.dtype}"
        kind = "a tensor" if tree.kind == "torch" else "an array"
        return f"{kind} {shape(tree.values.shape)} of {tree.dtype}"
    if isinstance(tree, dict):
        return f"a dict with {count(len(tree))} {'key' if len(tree) == 1 else 'keys'}"
    if isinstance(tree, list | tuple):
        items = "item" if len(tree) == 1 else "items"
        return f"a {type(tree).__name__} of {count(len(tree))} {items}"
    if tree is None or isinstance(tree, bool):
        return str(tree)
    if isinstance(tree, str):
        return text(tree)
    return "an int" if isinstance(tree, int) else "a float"


def _distinct(have: Any, due: Any) -> tuple[str, str]:
    """Two numbers as text, with more digits where few would make them look alike."""
    short = number(have), number(due)
    return short if short[0] != short[1] else (f"{float(have):.12g}", f"{float(due):.12g}")


def number(value: Any) -> str:
    """A number as a person writes it, four significant digits; integers and bools in full."""
    if isinstance(value, bool | np.bool_ | int | np.integer):
        return str(value)
    size = abs(float(value))
    if size == 0 or 1e-3 <= size < 1e5:
        return f"{float(value):.3f}" if size >= 0.01 or size == 0 else f"{float(value):.5f}"
    return f"{float(value):.3e}"
