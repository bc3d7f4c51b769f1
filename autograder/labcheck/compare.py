"""compare → mismatch: finds the first thing in which a result differs from what was due.

Container, then shape, then dtype, then device, then finite, then values: only the first is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .tree import Array, Tree

Kind = Literal[
    "container", "keys", "length", "shape", "dtype", "device", "finite", "values", "fact"
]


@dataclass(frozen=True)
class Tolerance:
    """Floats agree where |got − expected| ≤ atol + rtol·|expected|.

    alike: lists and tuples may stand for each other, and an int for a float.
    """

    rtol: float = 1e-6
    atol: float = 1e-8
    alike: bool = True


@dataclass(frozen=True)
class Mismatch:
    """The first difference.

    kind: in what they differ.  path: keys and indices from the result down to the place.
    have, due: what came and what was due, in words or as one number.
    index: where the first wrong number stands; wrong, total: how many numbers are wrong, of how
    many; letters: the axis letters of the array; steps: which time steps are wrong, of
    `step_count`. right: keys beside this one that are right, wrong_keys: those that are not.
    """

    kind: Kind
    path: tuple[str | int, ...] = ()
    have: str = ""
    due: str = ""
    index: tuple[int, ...] = ()
    wrong: int = 0
    total: int = 0
    shape: tuple[int, ...] = ()
    letters: str = ""
    steps: tuple[int, ...] = ()
    step_count: int = 0
    right: tuple[str, ...] = field(default=())
    wrong_keys: tuple[str, ...] = field(default=())


def compare(
    due: Tree,
    have: Tree,
    tolerance: Tolerance = Tolerance(),
    letters: Mapping[str, str] | None = None,
    path: tuple[str | int, ...] = (),
) -> Mismatch | None:
    """The first difference between what was due and what came, or None where they agree.

    letters: axis letters by key of the result, "return" for the whole, for naming time steps.
    """
    letters = letters or {}
    if isinstance(due, dict):
        return _compare_dicts(due, have, tolerance, letters, path)
    if isinstance(due, list | tuple):
        return _compare_sequences(due, have, tolerance, letters, path)
    if isinstance(due, Array) and due.kind != "scalar":
        return _compare_arrays(due, have, tolerance, _letters_at(letters, path), path)
    return _compare_scalars(due, have, tolerance, path)


def _compare_dicts(
    due: dict[Any, Tree],
    have: Tree,
    tolerance: Tolerance,
    letters: Mapping[str, str],
    path: tuple[str | int, ...],
) -> Mismatch | None:
    if not isinstance(have, dict):
        return Mismatch("container", path, describe(have), "a dict")
    if set(due) != set(have):
        missing = [str(key) for key in due if key not in have]
        extra = [name_of(key) for key in have if key not in due]
        told = [*extra[:8], "…"] if len(extra) > 8 else extra
        return Mismatch("keys", path, ", ".join(told), ", ".join(missing))
    found = {key: compare(due[key], have[key], tolerance, letters, (*path, key)) for key in due}
    first = next((difference for difference in found.values() if difference), None)
    if first is None or path:
        return first
    right = tuple(str(key) for key, difference in found.items() if difference is None)
    wrong = tuple(str(key) for key, difference in found.items() if difference is not None)
    return replace(first, right=right, wrong_keys=wrong)


def _compare_sequences(
    due: Sequence[Tree],
    have: Tree,
    tolerance: Tolerance,
    letters: Mapping[str, str],
    path: tuple[str | int, ...],
) -> Mismatch | None:
    accepted = (list, tuple) if tolerance.alike else (type(due),)
    if not isinstance(have, accepted):
        return Mismatch("container", path, describe(have), describe(due))
    if len(due) != len(have):
        return Mismatch("length", path, str(len(have)), str(len(due)))
    for place, (one, other) in enumerate(zip(due, have, strict=True)):
        difference = compare(one, other, tolerance, letters, (*path, place))
        if difference:
            return difference
    return None


def _compare_arrays(
    due: Array, have: Tree, tolerance: Tolerance, letters: str, path: tuple[str | int, ...]
) -> Mismatch | None:
    if not isinstance(have, Array) or (have.kind == "torch") != (due.kind == "torch"):
        return Mismatch("container", path, describe(have), describe(due))
    if due.values.shape != have.values.shape:
        return Mismatch(
            "shape",
            path,
            str(have.values.shape),
            str(due.values.shape),
            shape=due.values.shape,
            letters=letters,
        )
    if due.dtype != have.dtype:
        return Mismatch("dtype", path, have.dtype, due.dtype, shape=due.values.shape)
    if due.device.split(":")[0] != have.device.split(":")[0]:
        return Mismatch("device", path, have.device, due.device, shape=due.values.shape)
    if due.device == "meta":
        return None
    return _compare_values(due.values, have.values, tolerance, letters, path)


def _compare_values(
    due: NDArray[Any],
    have: NDArray[Any],
    tolerance: Tolerance,
    letters: str,
    path: tuple[str | int, ...],
) -> Mismatch | None:
    if due.dtype.kind == "f":
        if _close_everywhere(due, have, tolerance):
            return None
        unsound = ~np.isfinite(have) & np.isfinite(due)
        if unsound.any():
            return _at(unsound, due, have, letters, path, "finite")
        agree = np.isclose(
            have.astype(np.float64),
            due.astype(np.float64),
            rtol=tolerance.rtol,
            atol=tolerance.atol,
            equal_nan=True,
        )
        wrong = ~agree
    else:
        wrong = due != have
    return _at(wrong, due, have, letters, path, "values") if wrong.any() else None


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
    path: tuple[str | int, ...],
    kind: Kind,
) -> Mismatch:
    names = letters.split()
    steps: tuple[int, ...] = ()
    count = 0
    if "T" in names and len(names) == wrong.ndim:
        axis = names.index("T")
        others = tuple(other for other in range(wrong.ndim) if other != axis)
        steps = tuple(int(step) for step in np.flatnonzero(wrong.any(axis=others)))
        count = wrong.shape[axis]
        front = np.moveaxis(wrong, axis, 0)
        step, *rest = np.unravel_index(int(front.argmax()), front.shape)
        index = [int(place) for place in rest]
        index.insert(axis, int(step))
    else:
        index = [int(place) for place in np.unravel_index(int(wrong.argmax()), wrong.shape)]
    place = tuple(index)
    shown = told_apart(have[place], due[place])
    return Mismatch(
        kind,
        path,
        *shown,
        place,
        int(wrong.sum()),
        int(wrong.size),
        due.shape,
        letters,
        steps,
        count,
    )


def _compare_scalars(
    due: Tree, have: Tree, tolerance: Tolerance, path: tuple[str | int, ...]
) -> Mismatch | None:
    if isinstance(due, Array):
        if not isinstance(have, Array) or have.kind != due.kind or have.dtype != due.dtype:
            return Mismatch("container", path, describe(have), describe(due))
        value, got = due.values[()].item(), have.values[()].item()
    else:
        value, got = due, _python_number(have)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        same = type(got) is type(value) and got == value
        if value is True and path and not same:
            return Mismatch("fact", path, describe(have), "True")
        if same:
            return None
        if type(value) is type(got):
            return Mismatch("values", path, describe(have), describe(due))
        return Mismatch("container", path, describe(have), _sort(value))
    if isinstance(value, int):
        if not isinstance(got, int) or isinstance(got, bool):
            return Mismatch("container", path, describe(have), "an int")
        return None if got == value else Mismatch("values", path, str(got), str(value))
    if not _is_float(got, tolerance.alike):
        return Mismatch("container", path, describe(have), "a float")
    gap = abs(got - value)
    if gap <= tolerance.atol + tolerance.rtol * abs(value) and np.isfinite(gap):
        return None
    if not np.isfinite(got) and np.isfinite(value):
        return Mismatch("finite", path, number(got), number(value))
    close = np.isclose(got, value, rtol=tolerance.rtol, atol=tolerance.atol, equal_nan=True)
    return None if close else Mismatch("values", path, *told_apart(got, value))


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


def _sort(value: bool | str | None) -> str:
    """What was due, without its value."""
    return "None" if value is None else "a bool" if isinstance(value, bool) else "a text"


def _letters_at(letters: Mapping[str, str], path: tuple[str | int, ...]) -> str:
    for key in reversed(path):
        if str(key) in letters:
            return letters[str(key)]
    return letters.get("return", "")


def name_of(key: object) -> str:
    """A key as text, cut where it is longer than a name."""
    text = str(key)
    return text if len(text) <= 40 else f"{text[:39]}…"


def describe(tree: Tree) -> str:
    """A value in words: "an array (3, 6) of float64", "a tuple of 2", "None"."""
    if isinstance(tree, Array):
        name = tree.dtype
        if tree.kind == "torch":
            return f"a tensor {tree.values.shape} of {name}"
        if tree.kind == "scalar":
            return f"a NumPy {name}"
        return f"an array {tree.values.shape} of {name}"
    if isinstance(tree, dict):
        return f"a dict with {len(tree)} {'key' if len(tree) == 1 else 'keys'}"
    if isinstance(tree, list | tuple):
        return f"a {type(tree).__name__} of {len(tree)} {'item' if len(tree) == 1 else 'items'}"
    if tree is None or isinstance(tree, bool):
        return str(tree)
    if isinstance(tree, str):
        return f"the text {tree[:40]!r}"
    return f"{'an int' if isinstance(tree, int) else 'a float'}"


def told_apart(have: Any, due: Any) -> tuple[str, str]:
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
