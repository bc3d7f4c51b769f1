"""How numbers that came relate to those that were due: halved, shifted, transposed, clipped, …

Each relation is a function of the pairs of one part of a result, over all cases that are looked
at.  It gives what completes "What you return is …", or nothing where it does not hold in every
case or where too few different numbers show it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .explain import AXES
from .pairs import Numbers, Pair, agree, along, distinct, equal

Pairs = Sequence[Pair]
Relation = Callable[[Pairs], str]
LEAST = 3
"""Fewer different numbers than this show nothing."""

SIZES = {"B": "the size of the batch", "T": "the number of steps"}
PARTS = {
    Fraction(2): "twice what is due",
    Fraction(-1): "what is due with the other sign",
    Fraction(1, 2): "half of what is due",
}


def size_word(letter: str) -> str:
    """A size in words, "the number of steps"."""
    return SIZES.get(letter, f"the {AXES.get(letter, letter)} size")


def wrong(pairs: Pairs) -> list[Pair]:
    """The pairs that differ."""
    return [pair for pair in pairs if not pair.right]


def shown(pairs: Pairs, least: int = LEAST) -> bool:
    """Whether the numbers due where it is wrong are different enough to show anything."""
    return sum(pair.variety for pair in wrong(pairs)) >= least


def everywhere(pairs: Pairs, made: Callable[..., Numbers], *how: Any, least: int = LEAST) -> bool:
    """Whether what came is, in every case, what `made(due, *how)` gives.

    least: of different numbers due where it is wrong.
    """
    return shown(pairs, least) and all(
        equal(pair.got, np.asarray(made(pair.due, *how))) for pair in pairs
    )


# -- times a number, plus a number ---------------------------------------------------------------


def times(pairs: Pairs) -> str:
    """The result is the due one times a constant."""
    factors = [_factor(pair) for pair in pairs]
    if not shown(pairs) or any(factor is None for factor in factors):
        return ""
    known = [(pair, f) for pair, f in zip(pairs, factors, strict=True) if f is not None and f == f]
    found = np.array([f for _, f in known])
    if not found.any() or np.allclose(found, 1, rtol=1e-3):
        return ""
    for text, values in _scales([pair for pair, _ in known]):
        if np.allclose(found, values, rtol=RATIO, atol=0):
            return text
    same = np.allclose(found, found[0], rtol=RATIO, atol=0) and own(pairs, found[0])
    return _constant(found[0]) if same else ""


def own(pairs: Pairs, number: float) -> bool:
    """Whether a number is the program's own: simple, or the same in more cases than one.

    Any other may be made of what went in, and is not told.
    """
    if not np.isfinite(number):
        return True
    near = Fraction(number).limit_denominator(12)
    simple = abs(float(near) - number) <= RATIO * abs(number) and abs(number) <= 100
    return simple or len(wrong(pairs)) > 1


def _constant(factor: float) -> str:
    """What is due times a number that is the same in every case."""
    near = Fraction(factor).limit_denominator(12)
    if abs(float(near) - factor) > RATIO * abs(factor):
        return f"what is due times {factor:.4g}"
    return PARTS.get(near, f"what is due times {near}")


RATIO = 1e-6


def _factor(pair: Pair) -> float | None:
    """What the numbers due are multiplied by; nan where zeros do not tell, None for no factor."""
    due, got = pair.due, pair.got
    if not (np.isfinite(due).all() and np.isfinite(got).all()):
        return None
    square = float((due * due).sum())
    if square == 0:
        return None if got.any() else float("nan")
    factor = float((due * got).sum() / square)
    return factor if equal(got, factor * due) else None


def _scales(pairs: Pairs) -> Iterator[tuple[str, Numbers]]:
    """Sizes and single arguments that a constant may be, case by case, with what is said of each.

    Only those that are not the same in all cases: else a plain number says as much.
    """
    quantities = list(_varying(pairs))
    with np.errstate(all="ignore"):
        for (text, of_one), (name, v) in itertools.product(ONE.items(), quantities):
            yield text.format(name), of_one(v)
        for (text, of_two), two in itertools.product(
            TWO.items(), itertools.permutations(quantities, 2)
        ):
            yield text.format(two[0][0], two[1][0]), of_two(two[0][1], two[1][1])


ONE: Mapping[str, Callable[[Numbers], Numbers]] = {
    "what is due divided by {}": lambda v: 1 / v,
    "what is due times {}": lambda v: v,
    "what is due divided by {}, and halved": lambda v: 0.5 / v,
    "what is due divided by {}, and doubled": lambda v: 2 / v,
    "what is due divided by the square root of {}": lambda v: 1 / np.sqrt(np.abs(v)),
    "what is due times the square root of {}": lambda v: np.sqrt(np.abs(v)),
    "what is due times {0} and divided by {0} less one": lambda v: v / (v - 1),
    "what is due divided by {0} and multiplied by {0} less one": lambda v: (v - 1) / v,
}
TWO: Mapping[str, Callable[[Numbers, Numbers], Numbers]] = {
    "what is due divided by {} and by {}": lambda a, b: 1 / (a * b),
    "what is due times {} and times {}": lambda a, b: a * b,
    "what is due times {} and divided by {}": lambda a, b: a / b,
}


def _varying(pairs: Pairs) -> Iterator[tuple[str, Numbers]]:
    """Sizes of axes and single numbers among the arguments that differ between cases."""
    columns: dict[str, list[float | None]] = {
        size_word(letter): [pair.sizes.get(letter) for pair in pairs] for letter in pairs[0].sizes
    }
    for name in pairs[0].arguments:
        columns[name] = [_single(pair.arguments.get(name)) for pair in pairs]
        if isinstance(pairs[0].arguments[name], np.ndarray) and pairs[0].arguments[name].ndim:
            counts = [np.size(pair.arguments.get(name, ())) for pair in pairs]
            columns[f"how many numbers {name} has"] = [float(count) for count in counts]
    for name, values in columns.items():
        if None not in values and 0 not in values and len(set(values)) > 1:
            yield name, np.array(values, dtype=float)


def _single(value: Any) -> float | None:
    return float(value) if isinstance(value, np.ndarray) and value.ndim == 0 else None


def plus(pairs: Pairs) -> str:
    """The result is the due one plus a constant, or plus or minus an argument."""
    if not shown(pairs, 2):
        return ""
    gaps = [pair.got - pair.due for pair in pairs]
    if not all(np.isfinite(gap).all() for gap in gaps):
        return ""
    for sign, word in ((-1, "minus"), (1, "plus"), (-2, "minus twice")):
        for name in pairs[0].arguments:
            if _is_argument(pairs, name, sign):
                return f"what is due {word} {name}"
    constants = [float(np.mean(gap)) if gap.size else 0.0 for gap in gaps]
    pairs_and = list(zip(pairs, constants, strict=True))
    if not all(equal(pair.got, pair.due + c) for pair, c in pairs_and if pair.due.size):
        return ""
    c = constants[0]
    same = np.allclose(constants, c, rtol=RATIO, atol=0) and own(pairs, c)
    if c == 0 or not same or not shown(pairs):
        return ""
    return f"what is due {'plus' if c > 0 else 'minus'} {abs(c):.4g}"


def _is_argument(pairs: Pairs, name: str, sign: int) -> bool:
    """Whether the gap is an argument, broadcast; one that is all zeros shows nothing."""
    seen = 0
    for pair in pairs:
        value = pair.arguments.get(name)
        if not isinstance(value, np.ndarray) or value.ndim > pair.due.ndim:
            return False
        try:
            expected = pair.due + sign * np.broadcast_to(value, pair.due.shape)
        except ValueError:
            return False
        if not equal(pair.got, expected):
            return False
        seen += distinct(value)
    return seen >= 2


# -- the same numbers elsewhere ------------------------------------------------------------------


def _axes(pairs: Pairs) -> Iterator[int]:
    """Axes that all pairs have, and that are longer than one somewhere."""
    dims = {pair.due.ndim for pair in pairs}
    if len(dims) == 1:
        for axis in range(dims.pop()):
            if max(pair.due.shape[axis] for pair in pairs) > 1:
                yield axis


def flipped(pairs: Pairs) -> str:
    """Along an axis in reverse."""
    for axis in _axes(pairs):
        if everywhere(pairs, np.flip, axis):
            return f"what is due in reverse {along(pairs[0], axis)}"
    axes = [*_axes(pairs)]
    if len(axes) > 1 and everywhere(pairs, np.flip):
        return "what is due in reverse along every axis"
    return ""


def shifted(pairs: Pairs) -> str:
    """Each step holds what is due at the next one, or at the one before."""
    for axis, by in itertools.product(_axes(pairs), (1, -1)):
        if not _shows_shift(pairs, axis):
            continue
        if everywhere(pairs, np.roll, -by, axis):
            return f"{_shift_text(pairs[0], axis, by)}; it goes round at the end"
        if all(_moved_by(pair, axis, by) for pair in pairs):
            return _shift_text(pairs[0], axis, by)
    return ""


def _shows_shift(pairs: Pairs, axis: int) -> bool:
    """Enough places, and differing numbers in neighbouring ones."""
    return all(
        pair.due.shape[axis] >= (3 if pair.letters[axis : axis + 1] == ("T",) else 5)
        and not agree(pair.got, pair.due).all()
        for pair in wrong(pairs)
    ) and shown(pairs, 4)


def _moved_by(pair: Pair, axis: int, by: int) -> bool:
    due, got = np.moveaxis(pair.due, axis, 0), np.moveaxis(pair.got, axis, 0)
    if len(due) < 2:
        return True
    pieces = (got[:-1], due[1:]) if by > 0 else (got[1:], due[:-1])
    return equal(*pieces) and (pair.right or distinct(pieces[1]) > 1)


def _shift_text(pair: Pair, axis: int, by: int) -> str:
    sign = "+" if by > 0 else "−"
    if pair.letters and pair.letters[axis] == "T":
        return f"one step off: step t holds what is due at step t {sign} 1"
    return f"one place off {along(pair, axis)}: place i holds what is due at place i {sign} 1"


def transposed(pairs: Pairs) -> str:
    """Two axes exchanged, in the same shape or in another."""
    if not all(pair.numbers and pair.due.ndim == pair.got.ndim >= 2 for pair in pairs):
        return ""
    dims = {pair.due.ndim for pair in pairs}
    ndim = dims.pop() if len(dims) == 1 else 0
    for one, two in itertools.combinations(range(ndim), 2):
        if everywhere(pairs, np.swapaxes, one, two):
            if ndim == 2:
                return "what is due, transposed"
            names = [along(pairs[0], axis).removeprefix("along ") for axis in (one, two)]
            return f"what is due with {names[0]} and {names[1]} exchanged"
    return ""


def blocks(pairs: Pairs) -> str:
    """Halves, thirds or quarters along an axis in another order."""
    for axis, count in itertools.product(_axes(pairs), (2, 3, 4)):
        if any(pair.due.shape[axis] % count for pair in pairs):
            continue
        if any(pair.due.shape[axis] == count for pair in pairs):
            continue
        for order in list(itertools.permutations(range(count)))[1:]:
            if everywhere(pairs, _reordered, axis, count, order):
                where = along(pairs[0], axis)
                if count == 2:
                    return f"what is due with its two halves exchanged {where}"
                name = {3: "thirds", 4: "quarters"}[count]
                return f"what is due with its {name} in another order {where}"
    return ""


def _reordered(values: Numbers, axis: int, count: int, order: Sequence[int]) -> Numbers:
    pieces = np.split(values, count, axis)
    return np.concatenate([pieces[place] for place in order], axis)


def reordered(pairs: Pairs) -> str:
    """The slices along an axis in another order, or all numbers in another order."""
    for axis in _axes(pairs):
        if shown(pairs, 6) and all(_same_slices(pair, axis) for pair in pairs):
            return f"what is due in another order {along(pairs[0], axis)}"
    if shown(pairs, 6) and all(_same_numbers(pair) for pair in pairs):
        return "made of the numbers that are due, in other places"
    return ""


def _same_slices(pair: Pair, axis: int) -> bool:
    due, got = (np.moveaxis(each, axis, 0) for each in (pair.due, pair.got))
    due, got = due.reshape(len(due), -1), got.reshape(len(got), -1)
    if pair.due.ndim < 2 or due.shape[1] < 2:
        return False
    left = list(range(len(due)))
    for row in got:
        place = next((n for n in left if equal(due[n], row)), None)
        if place is None:
            return False
        left.remove(place)
    return True


def _same_numbers(pair: Pair) -> bool:
    finite = np.isfinite(pair.due).all() and np.isfinite(pair.got).all()
    return bool(finite) and equal(np.sort(pair.got, None), np.sort(pair.due, None))


# -- functions of the numbers --------------------------------------------------------------------


def _sigmoid(x: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-x)))


FUNCTIONS: Mapping[str, Callable[[Numbers], Numbers]] = {
    "the tanh of {}": np.tanh,
    "the sigmoid of {}": _sigmoid,
    "the exponential of {}": np.exp,
    "the logarithm of {}": np.log,
    "the square root of {}": np.sqrt,
    "the square of {}": np.square,
    "one over {}": lambda x: 1 / x,
    "one minus {}": lambda x: 1 - x,
    "the size of {}, without its sign": np.abs,
    "the sign of {}": np.sign,
    "{}, cut to its whole part": np.trunc,
    "{}, rounded down": np.floor,
    "{}, rounded up": np.ceil,
    "{}, rounded to whole numbers": np.rint,
}
UNDONE = [name for name in FUNCTIONS if name.startswith("the") and "sign" not in name]


def function(pairs: Pairs) -> str:
    """A well-known function of each number due, or each number due is that of what came."""
    if not shown(pairs, 4):
        return ""
    with np.errstate(all="ignore"):
        for name, f in FUNCTIONS.items():
            if everywhere(pairs, f, least=4):
                return name.format("what is due")
        for name in UNDONE:
            f = FUNCTIONS[name]
            if _told_by(pairs) and all(equal(f(pair.got), pair.due) for pair in pairs):
                return f"such that {name.format('it')} is what is due"
    return ""


def _told_by(pairs: Pairs) -> bool:
    return sum(distinct(pair.got) for pair in wrong(pairs)) >= 4


def rounded(pairs: Pairs) -> str:
    """Rounded to so many decimals, or to float32 or float16."""
    if not shown(pairs, 6):
        return ""
    for digits in range(1, 7):
        if _rounded_so(pairs, np.round, digits):
            decimals = "1 decimal" if digits == 1 else f"{digits} decimals"
            return f"what is due, rounded to {decimals}"
    for dtype in ("float16", "float32"):
        if _rounded_so(pairs, _through, dtype):
            return f"what is due, rounded to {dtype}"
    gaps = [_relative_gap(pair) for pair in pairs]
    if all(pair.rtol <= 1e-6 for pair in pairs) and all(1e-9 < gap < 3e-6 for gap in gaps):
        return "what is due to about seven digits, as float32 has"
    return ""


def _through(x: Numbers, dtype: str) -> Numbers:
    return x.astype(dtype).astype(np.float64)


def _rounded_so(pairs: Pairs, made: Callable[..., Numbers], how: Any) -> bool:
    return all(
        bool((np.abs(pair.got - made(pair.due, how)) <= 1e-12 * np.abs(pair.due)).all())
        for pair in pairs
    ) and any((pair.got != pair.due).any() for pair in pairs)


def _relative_gap(pair: Pair) -> float:
    size = np.abs(pair.due).max(initial=0.0)
    return float(np.abs(pair.got - pair.due).max(initial=0.0) / size) if size else np.inf


def clipped(pairs: Pairs) -> str:
    """Right between two bounds, and cut off there."""
    if not shown(pairs, 4) or not all(np.isfinite(pair.got).all() for pair in pairs):
        return ""
    for side, name in ((1, "above"), (-1, "below")):
        bound = {round(float((side * pair.got).max()), 9) for pair in wrong(pairs)}
        known = len(bound) == 1 and own(pairs, max(bound))
        if known and _cut_at(pairs, side, bound.pop()):
            limit = float((side * wrong(pairs)[0].got).max()) * side
            return f"what is due, cut off {name} {limit:.4g}"
    bound = {round(float(np.abs(pair.got).max()), 9) for pair in wrong(pairs)}
    if len(bound) == 1 and own(pairs, max(bound)):
        limit = bound.pop()
        if limit and everywhere(pairs, np.clip, -limit, limit, least=4):
            return f"what is due, cut off beyond {limit:.4g} on either side"
    return ""


def _cut_at(pairs: Pairs, side: int, bound: float) -> bool:
    cut = everywhere(pairs, lambda x: side * np.minimum(side * x, bound), least=4)
    free = sum(int((~pair.wrong).sum()) for pair in wrong(pairs))
    return cut and free >= 2


# -- along an axis -------------------------------------------------------------------------------


def summed(pairs: Pairs) -> str:
    """Running sums along an axis, or differences, or a division by the sum or the length."""
    with np.errstate(all="ignore"):
        for axis, (text, made) in itertools.product(_axes(pairs), ALONG.items()):
            where = along(pairs[0], axis)
            if everywhere(pairs, made, axis, least=4):
                return str(text.format(where))
            back = text.format(where).replace("what is due", "it")
            if _enough_to_undo(pairs) and all(equal(made(p.got, axis), p.due) for p in pairs):
                return f"such that {back} is what is due"
    return ""


def _enough_to_undo(pairs: Pairs) -> bool:
    return shown(pairs, 4) and _told_by(pairs)


def _softmax(x: Numbers, axis: int) -> Numbers:
    e = np.exp(x - x.max(axis, keepdims=True))
    return np.asarray(e / e.sum(axis, keepdims=True))


def _from_the_end(x: Numbers, axis: int) -> Numbers:
    return np.flip(np.cumsum(np.flip(x, axis), axis), axis)


ALONG: Mapping[str, Callable[..., Numbers]] = {
    "what is due, added up step by step {}": np.cumsum,
    "what is due, added up step by step from the end {}": _from_the_end,
    "what is due divided by its sum {}": lambda x, a: x / x.sum(a, keepdims=True),
    "what is due divided by its norm {}": lambda x, a: x / np.sqrt((x * x).sum(a, keepdims=True)),
    "what is due less its mean {}": lambda x, a: x - x.mean(a, keepdims=True),
    "the softmax of what is due {}": _softmax,
    "the mean of what is due {}, at every place": lambda x, a: (
        x.mean(a, keepdims=True) + np.zeros_like(x)
    ),
    "the sum of what is due {}, at every place": lambda x, a: (
        x.sum(a, keepdims=True) + np.zeros_like(x)
    ),
}


def scaled_by_slice(pairs: Pairs) -> str:
    """What is due times a number of its own for each sample, step or unit, or plus one."""
    for axes in _sets_of_axes(pairs):
        whose = _each(pairs[0], axes)
        if all(_factors_along(pair, axes) for pair in pairs) and _wide(pairs, axes):
            return f"what is due times a factor{whose}"
        if all(_gaps_along(pair, axes) for pair in pairs) and _wide(pairs, axes):
            return f"what is due plus a number{whose}"
    return ""


def _sets_of_axes(pairs: Pairs) -> list[tuple[int, ...]]:
    """Sets of axes along which something may stay the same, the largest first; never none."""
    axes = [*_axes(pairs)]
    sizes = range(len(axes), 0, -1)
    return [chosen for size in sizes for chosen in itertools.combinations(axes, size)]


def _wide(pairs: Pairs, axes: tuple[int, ...]) -> bool:
    """Whether there are enough numbers along these axes to show that something stays the same."""
    return shown(pairs, 6) and all(
        int(np.prod([pair.due.shape[axis] for axis in axes])) >= 3 for pair in wrong(pairs)
    )


def _each(pair: Pair, axes: tuple[int, ...]) -> str:
    """What has a number of its own: the axes along which it may change."""
    free = [axis for axis in range(pair.due.ndim) if axis not in axes]
    if not free:
        return " that is the same for all of its numbers, another in each case"
    words = [along(pair, axis).removeprefix("along ") for axis in free]
    return f" that changes only along {' and '.join(words)}"


def _factors_along(pair: Pair, axes: tuple[int, ...]) -> bool:
    """One factor along these axes, found where the numbers due are largest."""
    due, got = pair.due, pair.got
    if not (np.isfinite(due).all() and np.isfinite(got).all()):
        return False
    squares = (due * due).sum(axes, keepdims=True)
    with np.errstate(all="ignore"):
        factor = np.where(squares > 0, (due * got).sum(axes, keepdims=True) / squares, 0.0)
    return equal(got, factor * due) and bool(factor.any())


def _gaps_along(pair: Pair, axes: tuple[int, ...]) -> bool:
    gap = pair.got - pair.due
    if not np.isfinite(gap).all():
        return False
    return equal(pair.got, pair.due + gap.mean(axes, keepdims=True))


# -- other shapes --------------------------------------------------------------------------------


def reshaped(pairs: Pairs) -> str:
    """The numbers due in another shape: an axis too many or too few, or merged axes."""
    if not _other_shape(pairs) or not shown(pairs, 2):
        return ""
    if all(pair.got.size == pair.due.size for pair in pairs):
        if all(equal(pair.got.ravel(), pair.due.ravel()) for pair in pairs):
            return "what is due, in another shape"
        dims = {(pair.due.ndim, pair.got.ndim) for pair in pairs}
        if len(dims) == 1 and dims.pop()[0] <= 4:
            for order in itertools.permutations(range(pairs[0].due.ndim)):
                if all(_turned(pair, order) for pair in pairs):
                    return "what is due, with its axes in another order"
        if all(_same_numbers(pair) for pair in pairs) and shown(pairs, 6):
            return "made of the numbers that are due, in other places"
    return ""


def _turned(pair: Pair, order: Sequence[int]) -> bool:
    return equal(pair.got.ravel(), np.transpose(pair.due, order).ravel())


def _other_shape(pairs: Pairs) -> bool:
    return all(pair.numbers for pair in pairs) and all(
        pair.due.shape != pair.got.shape for pair in wrong(pairs)
    )


def reduced(pairs: Pairs) -> str:
    """Summed, averaged or cut along an axis; or not yet so, where that is due."""
    if not _other_shape(pairs) or not shown(pairs):
        return ""
    made = wrong(pairs)
    with np.errstate(all="ignore"):
        for text, f in REDUCED.items():
            for axis in range(min(pair.due.ndim for pair in made)):
                if all(_reduced_to(pair.got, pair.due, f, axis) for pair in made):
                    return text.format(along(made[0], axis))
            for axis in range(min(pair.got.ndim for pair in made)):
                if all(_reduced_to(pair.due, pair.got, f, axis) for pair in made):
                    back = text.format(f"along axis {axis}").replace("what is due", "it")
                    return f"such that {back} is what is due"
    return ""


def _reduced_to(small: Numbers, large: Numbers, f: Callable[..., Numbers], axis: int) -> bool:
    if large.ndim <= axis or large.shape[axis] < 2 or small.size * 2 > large.size:
        return False
    made = np.asarray(f(large, axis))
    return equal(np.squeeze(small), np.squeeze(made))


REDUCED: Mapping[str, Callable[..., Numbers]] = {
    "the sum of what is due {}": np.sum,
    "the mean of what is due {}": np.mean,
    "the last entry of what is due {}": lambda x, a: np.take(x, -1, a),
    "the first entry of what is due {}": lambda x, a: np.take(x, 0, a),
    "the largest of what is due {}": np.max,
}


def cut(pairs: Pairs) -> str:
    """Some entries too many or too few at one end of an axis."""
    made = wrong(pairs)
    if not _other_shape(pairs) or not shown(pairs, 2):
        return ""
    if len({pair.due.ndim for pair in made} | {pair.got.ndim for pair in made}) != 1:
        return ""
    for axis in range(made[0].due.ndim):
        for few, first in itertools.product((True, False), (True, False)):
            if all(_end_cut(pair, axis, few, first) for pair in made):
                end = "at the beginning" if first else "at the end"
                gone = "with entries missing" if few else "with entries added"
                where = f" {along(made[0], axis)}" if made[0].due.ndim > 1 else ""
                return f"what is due {gone} {end}{where}"
    return ""


def _end_cut(pair: Pair, axis: int, few: bool, first: bool) -> bool:
    long, short = (pair.due, pair.got) if few else (pair.got, pair.due)
    more = long.shape[axis] - short.shape[axis]
    if more <= 0 or not short.size:
        return False
    kept = np.arange(short.shape[axis]) + (more if first else 0)
    return equal(short, np.take(long, kept, axis))


def too_large(pairs: Pairs) -> str:
    """Too large or too small wherever it is wrong."""
    made = wrong(pairs)
    gaps = np.concatenate([(pair.got - pair.due)[pair.wrong].ravel() for pair in made])
    places = len(gaps) if len(gaps) != len(made) else 2 * len(gaps)
    if places < 6 or not np.isfinite(gaps).all() or not shown(pairs, 2):
        return ""
    sizes = np.concatenate(
        [(np.abs(pair.got) - np.abs(pair.due))[pair.wrong].ravel() for pair in made]
    )
    for text, values in (("", gaps), (" in size", sizes)):
        for word, sign in (("large", 1), ("small", -1)):
            if (sign * values > 0).all():
                return f"too {word}{text} wherever it is wrong"
    return ""


PERCENT = (1, 2, 5, 10, 20)


def near(pairs: Pairs) -> str:
    """Off by little everywhere, measured by the largest number that is due in each case."""
    made = [pair for pair in wrong(pairs) if np.abs(pair.due).max(initial=0) > 0]
    gaps = [np.abs(pair.got - pair.due).max() / np.abs(pair.due).max() for pair in made]
    if not gaps or not np.isfinite(gaps).all() or not shown(pairs):
        return ""
    for percent in PERCENT:
        if max(gaps) <= percent / 100:
            return f"near what is due: nowhere off by more than {percent} % of the largest number"
    return ""


def signed(pairs: Pairs) -> str:
    """The sign that is due at every place, where both signs are due."""
    due = np.concatenate([pair.due.ravel() for pair in pairs])
    got = np.concatenate([pair.got.ravel() for pair in pairs])
    both = min((due > 0).sum(), (due < 0).sum()) >= 2 * LEAST
    if not both or not shown(pairs) or not np.isfinite(got).all():
        return ""
    if (np.sign(due) == np.sign(got)).all():
        return "of the sign that is due everywhere, but not of the size"
    return ""


# -- what came, whatever is due ------------------------------------------------------------------


def constant(pairs: Pairs) -> str:
    """The same number everywhere, where different ones are due."""
    if not shown(pairs):
        return ""
    made = wrong(pairs)
    if all(np.isnan(pair.got).all() for pair in made):
        return "not a number (nan) everywhere"
    values = {float(value) for pair in made for value in np.unique(pair.got)}
    if len(values) == 1 and len(pairs) == len(made):
        value = values.pop()
        if not own(pairs, value):
            return "one number, the same at every place"
        return f"{value:.4g} everywhere" if value else "zero everywhere"
    if any(pair.got.size < 2 for pair in made):
        return ""
    if all(len(np.unique(pair.got)) == 1 for pair in made) and len(made) == len(pairs):
        return "one number, the same at every place"
    return ""


def argument(pairs: Pairs) -> str:
    """Exactly an argument of the call, or something simple of it."""
    for name in pairs[0].arguments:
        values = [pair.arguments.get(name) for pair in pairs]
        if not all(isinstance(value, np.ndarray) and distinct(value) for value in values):
            continue
        both = [(pair, np.asarray(value)) for pair, value in zip(pairs, values, strict=True)]
        if sum(distinct(value) for _, value in both) < LEAST or not _varied(pairs):
            continue
        if all(equal(pair.got, value) for pair, value in both):
            return f"{name}, as it came in"
        if all(_broadcast(pair.got, value) for pair, value in both):
            return f"{name}, repeated"
        if said := _of_argument(both, name):
            return said
    return ""


def _varied(pairs: Pairs) -> bool:
    return sum(distinct(pair.got) for pair in wrong(pairs)) >= LEAST


def _of_argument(both: Sequence[tuple[Pair, Numbers]], name: str) -> str:
    """A well-known function of an argument, number by number or along an axis."""
    with np.errstate(all="ignore"):
        functions: dict[str, Callable[[Numbers], Numbers]] = {**FUNCTIONS, "minus {}": np.negative}
        for text, f in functions.items():
            if all(equal(pair.got, f(value)) for pair, value in both):
                return text.format(name)
        for axis in range(min(value.ndim for _, value in both)):
            where = f"along axis {axis}"
            for text, g in REDUCED.items():
                if all(_reduced_to(pair.got, value, g, axis) for pair, value in both):
                    return text.replace("what is due", name).format(where)
            for text, h in ALONG.items():
                if all(equal(pair.got, h(value, axis)) for pair, value in both):
                    return text.replace("what is due", name).format(where)
    return ""


def _broadcast(got: Numbers, value: Numbers) -> bool:
    try:
        return value.ndim < got.ndim and equal(got, np.broadcast_to(value, got.shape))
    except ValueError:
        return False


def repeated(pairs: Pairs) -> str:
    """The same for every sample, step or unit, where different numbers are due."""
    for axis in _axes(pairs):
        if all(_same_along(pair, axis) for pair in pairs) and shown(pairs, 4):
            letter = pairs[0].letters[axis] if pairs[0].letters else ""
            each = {"B": "for every sample", "T": "at every step"}.get(letter)
            return f"the same {each or along(pairs[0], axis)}, which is not due"
    return ""


def _same_along(pair: Pair, axis: int) -> bool:
    if pair.due.shape[axis] < 2:
        return True
    got, due = (np.take(x, [0], axis) + np.zeros_like(x) for x in (pair.got, pair.due))
    return equal(pair.got, got) and (pair.right or not equal(pair.due, due))
