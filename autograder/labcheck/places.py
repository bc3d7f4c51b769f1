"""Where numbers are wrong: at the first step, in one half, behind a sequence's end, …

Each relation here is as those of `relations`: it completes "What you return is …".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .explain import listed
from .pairs import Numbers, Pair, along, sizes_of
from .relations import Pairs, size_word, wrong
from .tree import Array
from .verdict import Question, Trial

Mask = NDArray[np.bool_]
MORE = 3
"""Fewer cases than this share what may be chance."""
MANY = 8
"""Fewer numbers than this show nothing about where wrong ones stand."""

LONGEST = 20
"""A longer text among the arguments is no option, and is not repeated."""
SEVERAL = 8
"""Fewer places than this along an axis show no halves and no turns."""

ENTRIES = {"T": ("step", "steps"), "B": ("sample", "samples"), "H": ("unit", "units")}
ENTRIES |= {name: (name, f"{name}s") for name in ("epoch", "chunk", "call")}


def _block(n: int, k: int, of: int) -> set[int]:
    """The places of the k-th of equal blocks; none where there are no equal blocks."""
    size = n // of
    return set(range(k * size, (k + 1) * size)) if n % of == 0 and size > 1 else set()


EDGES: Mapping[str, Callable[[int], set[int]]] = {
    "right at every {name} but the first": lambda n: {0},
    "right at every {name} but the last": lambda n: {n - 1},
    "right at the first {name} alone": lambda n: set(range(1, n)),
    "right at the last {name} alone": lambda n: set(range(n - 1)),
}
"""By what is said of them: the places where it is wrong along an axis with n."""

PARTS: Mapping[str, Callable[[int], set[int]]] = {
    "right at the first {name} and the last, and at no other": lambda n: set(range(1, n - 1)),
    "right at every {name} but the first and the last": lambda n: {0, n - 1},
    "right at even {names} and wrong at odd ones": lambda n: set(range(1, n, 2)),
    "right at odd {names} and wrong at even ones": lambda n: set(range(0, n, 2)),
    "wrong in the first half of its {names} and right in the second": lambda n: _block(n, 0, 2),
    "right in the first half of its {names} and wrong in the second": lambda n: _block(n, 1, 2),
    "right at every {name} but the first two": lambda n: {0, 1},
    "right at every {name} but the last two": lambda n: {n - 2, n - 1},
    "right at the first two {names} alone": lambda n: set(range(2, n)),
    "right at the last two {names} alone": lambda n: set(range(n - 2)),
    "right but for the first quarter of its {names}": lambda n: _block(n, 0, 4),
    "right but for the second quarter of its {names}": lambda n: _block(n, 1, 4),
    "right but for the third quarter of its {names}": lambda n: _block(n, 2, 4),
    "right but for the last quarter of its {names}": lambda n: _block(n, 3, 4),
}
"""The same, where few places may look so by chance."""


def pattern(pairs: Pairs) -> str:
    """Wrong at the same places along an axis in all cases, and at no others."""
    for axis in _axes(pairs):
        for text, places in {**EDGES, **PARTS}.items():
            if all(_wrong_at(pair, axis, places) for pair in pairs) and _enough(pairs, axis, text):
                name, names = _entries(pairs[0], axis)
                return text.format(name=name, names=names) + instead(pairs)
    return ""


def _enough(pairs: Pairs, axis: int, text: str) -> bool:
    """Whether there are so many places that they do not look so by chance."""
    return text in EDGES or sum(pair.due.shape[axis] for pair in wrong(pairs)) >= SEVERAL


def _axes(pairs: Pairs) -> Iterator[int]:
    """Axes that are long enough to tell places apart wherever something is wrong."""
    if len({pair.due.ndim for pair in pairs}) == 1 and wrong(pairs):
        for axis in range(pairs[0].due.ndim):
            if all(pair.due.shape[axis] >= 3 for pair in wrong(pairs)):
                yield axis


def _entries(pair: Pair, axis: int) -> tuple[str, str]:
    letter = pair.letters[axis] if pair.letters else ""
    where = f" {along(pair, axis)}" if pair.due.ndim > 1 or letter else ""
    return ENTRIES.get(letter, (f"entry{where}", f"entries{where}"))


def _wrong_at(pair: Pair, axis: int, places: Callable[[int], set[int]]) -> bool:
    """Wrong at these places along the axis, and nowhere else; not everywhere either."""
    if pair.right:
        return True
    n = pair.due.shape[axis]
    others = tuple(other for other in range(pair.due.ndim) if other != axis)
    found = set(np.flatnonzero(pair.wrong.any(axis=others)).tolist())
    return found == places(n) and 0 < len(found) < n


def instead(pairs: Pairs) -> str:
    """What stands where it is wrong, if that is zeros."""
    there = [pair.got[pair.wrong] for pair in wrong(pairs)]
    due = [pair.due[pair.wrong] for pair in wrong(pairs)]
    if all(not values.any() for values in there):
        return "; where it is wrong, zeros stand"
    if all(np.isnan(values).all() for values in there):
        return "; where it is wrong, nan stands"
    if all(not values.any() for values in due):
        return "; where it is wrong, zeros are due"
    return ""


# -- sequences of their own length ---------------------------------------------------------------


def ended(pairs: Pairs) -> str:
    """Wrong exactly behind the end of each sequence, or before it, or at its last step."""
    name = next((name for name in pairs[0].arguments if _count_steps(pairs, name)), None)
    if name is None:
        return ""
    for text, made in ENDS.items():
        masks = [(pair, _mask(pair, name, made)) for pair in wrong(pairs)]
        if all(mask is not None and _exactly(pair, mask) for pair, mask in masks):
            return f"{text}{instead(pairs)}"
    return ""


ENDS: Mapping[str, Callable[[Numbers, Numbers, int], Mask]] = {
    "right up to the end of each sequence, and wrong behind it": lambda t, n, _: t >= n,
    "right behind the end of each sequence, and wrong at its steps": lambda t, n, _: t < n,
    "right but for the last step of each sequence": lambda t, n, _: t == n - 1,
    "right at the last step of each sequence alone": lambda t, n, _: t != n - 1,
    "right for sequences of full length, and wrong for shorter ones": lambda t, n, most: (
        (n < most) & (t > -1)
    ),
    "right in sequences of full length, and in shorter ones wrong before their end": (
        lambda t, n, most: (n < most) & (t < n)
    ),
    "right for shorter sequences, and wrong for those of full length": lambda t, n, most: (
        (n == most) & (t > -1)
    ),
}


def _count_steps(pairs: Pairs, name: str) -> bool:
    """Whether an argument says how long each sequence is."""
    for pair in pairs:
        value, letters = pair.arguments.get(name), pair.letters
        if "length" not in name or not isinstance(value, np.ndarray) or value.ndim != 1:
            return False
        if "B" not in letters or pair.due.shape[letters.index("B")] != len(value):
            return False
    return True


def _mask(pair: Pair, name: str, made: Callable[[Numbers, Numbers, int], Mask]) -> Mask | None:
    """Where it would be wrong, for each number of the result."""
    ndim, letters = pair.due.ndim, pair.letters
    lengths = _along(pair.arguments[name], letters.index("B"), ndim)
    steps = pair.sizes.get("T")
    if steps is None:
        return None
    time = _along(np.arange(float(steps)), letters.index("T"), ndim) if "T" in letters else None
    if time is None:
        time = np.zeros((1,) * ndim)
    elif time.size != pair.due.shape[letters.index("T")]:
        return None
    return np.broadcast_to(made(time, lengths, steps), pair.due.shape)


def _along(values: Numbers, axis: int, ndim: int) -> Numbers:
    shape = [1] * ndim
    shape[axis] = -1
    return values.reshape(shape)


def _exactly(pair: Pair, mask: Mask) -> bool:
    """Whether slices along the axes of the mask are wrong where it says, and only there."""
    found = pair.wrong
    if not mask.any() or mask.all():
        return False
    free = tuple(n for n, letter in enumerate(pair.letters) if letter not in ("B", "T"))
    return bool((found.any(axis=free) == mask.any(axis=free)).all())


def real_rows(pair: Pair) -> Pair | None:
    """The rows along the last axis that are not zero in what is due and in what came alike.

    None where there is no axis of steps.
    """
    if not pair.comparable or pair.due.ndim < 3 or "T" not in pair.letters[:-1]:
        return None
    real = pair.due.any(axis=-1) | pair.got.any(axis=-1)
    letters = ("row", pair.letters[-1])
    due, got = np.asarray(pair.due[real]), np.asarray(pair.got[real])
    return Pair(due, got, letters, pair.sizes, {}, pair.right, pair.rtol, pair.atol)


# -- conditions on numbers -----------------------------------------------------------------------


def condition(pairs: Pairs) -> str:
    """Wrong exactly where what is due, or an argument of its shape, is of one sign or zero."""
    made = wrong(pairs)
    if sum(pair.due.size for pair in made) < MANY:
        return ""
    for text, test in TESTS.items():
        if _told(made, [test(pair.due) for pair in made]):
            return f"wrong exactly where {text} is due{instead(pairs)}"
    for name in made[0].arguments:
        values = [pair.arguments.get(name) for pair in made]
        if not all(
            isinstance(value, np.ndarray) and value.shape == pair.due.shape
            for pair, value in zip(made, values, strict=True)
        ):
            continue
        for text, test in TESTS.items():
            if _told(made, [test(np.asarray(value)) for value in values]):
                return f"wrong exactly where {name} holds {text}{instead(pairs)}"
    return ""


TESTS: Mapping[str, Callable[[Any], Mask]] = {
    "zero": lambda x: x == 0,
    "a negative number": lambda x: x < 0,
    "a positive number": lambda x: x > 0,
    "a number larger than 1 in size": lambda x: np.abs(x) > 1,
}


def _told(pairs: Pairs, masks: list[Mask]) -> bool:
    """Whether it is wrong exactly there, with enough numbers on either side in all."""
    inside = sum(int(mask.sum()) for mask in masks)
    outside = sum(int((~mask).sum()) for mask in masks)
    if min(inside, outside) < MANY // 2:
        return False
    return all(bool((pair.wrong == mask).all()) for pair, mask in zip(pairs, masks, strict=True))


# -- what is due and does not hold ---------------------------------------------------------------


def bounds(pairs: Pairs) -> str:
    """Beyond the bounds of what is due: larger than 1, negative, not whole."""
    made = wrong(pairs)
    if sum(pair.due.size for pair in made) < MANY:
        return ""
    for text, holds in HOLDS.items():
        if all(holds(pair.due) for pair in pairs) and not any(holds(pair.got) for pair in made):
            return text
    return ""


def _adds_up(x: Numbers) -> bool:
    """Whether the numbers along the last axis, or two axes, add up to 1."""
    return x.ndim > 1 and bool(np.isclose(x.sum(-1), 1).all())


HOLDS: Mapping[str, Callable[[Numbers], bool]] = {
    "in part not finite, where every number due is": lambda x: bool(np.isfinite(x).all()),
    "in part negative, which no number due is": lambda x: bool((x >= 0).all()),
    "in part positive, which no number due is": lambda x: bool((x <= 0).all()),
    "in part larger than 1 in size, which no number due is": lambda x: bool(
        (np.abs(x) <= 1).all()
    ),
    "in part no whole number, which every number due is": lambda x: bool((x == np.rint(x)).all()),
    "in rows that do not add up to 1, as those due do": _adds_up,
}


# -- which cases fail ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Trait:
    """What may be said of a case; least: how many cases that have it, and have it not, show it."""

    text: str
    least: int = 1


def tried(trials: Sequence[Trial]) -> list[Trial]:
    """The cases that gave a result where one was due, each a call of its own like the first."""
    return [
        trial
        for trial in trials
        if _like_the_first(trial.question.arguments, trials[0].question.arguments)
        and not trial.question.like
        and trial.question.device == "cpu"
        and trial.question.observe == "result"
        and trial.due.did == trial.got.did == "result"
    ]


def _like_the_first(arguments: Mapping[str, Any], first: Mapping[str, Any]) -> bool:
    """Whether a call has no other arguments but single values, as options are."""
    more = [value for name, value in arguments.items() if name not in first]
    return all(isinstance(value, bool | int | float | str) for value in more)


def cases(trials: Sequence[Trial]) -> str:
    """What all cases that fail have in common and no other has; a whole sentence."""
    run = tried(trials)
    fails = [not trial.passed for trial in run]
    fewer = min(sum(fails), len(fails) - sum(fails))
    if fewer < 1 or len(run) < 4:
        return ""
    options = set().union(*(trial.question.arguments for trial in run))
    traits = [
        dict.fromkeys(_given(trial.question, options), True) | dict(_traits(trial.question))
        for trial in run
    ]
    for trait in dict.fromkeys(trait for known in traits for trait in known):
        if fewer < trait.least:
            continue
        holds = [known.get(trait, False) for known in traits]
        if holds == fails:
            return f"The cases {trait.text} fail, and all others are right."
        if [not each for each in holds] == fails:
            return f"The cases {trait.text} are right, and all others fail."
    return ""


def _given(question: Question, options: Collection[str]) -> Iterator[Trait]:
    for name in sorted(options):
        if name in question.arguments:
            yield Trait(f"where {name} is given", least=2)


def by_name(trials: Sequence[Trial]) -> str:
    """The few cases that fail, or the few that are right, by their names."""
    run = tried(trials)
    fail = [trial.question.name for trial in run if not trial.passed]
    right = [trial.question.name for trial in run if trial.passed]
    if len(run) < 4 or not fail or not right:
        return ""
    for names, text in ((right, "right {}, and in no other"), (fail, "wrong {}, and in no other")):
        if len(names) <= 2 and len(names) < len(run) / 2:
            case = "in the case" if len(names) == 1 else "in the cases"
            return f"The result is {text.format(f'{case} {listed([repr(n) for n in names])}')}."
    return ""


def _traits(question: Question) -> Iterator[tuple[Trait, bool]]:
    """What may be said of a case's arguments, and whether it is so."""
    sizes = sizes_of(question)
    for letter, size in sizes.items():
        alone = {"T": "of one step", "B": "of one sample"}
        text = alone.get(letter, f"where {size_word(letter)} is 1")
        yield Trait(text, 1 if letter in alone else MORE), size == 1
    singles: dict[str, int] = {}
    for name, value in question.arguments.items():
        if isinstance(value, bool | str) or value is None:
            if len(str(value)) <= LONGEST:
                yield Trait(f"with {name} = {value!r}"), True
        elif isinstance(value, int):
            singles[name] = value
            yield Trait(f"with {name} = 1"), value == 1
            yield Trait(f"with {name} = {value}", least=2), True
        elif isinstance(value, float):
            yield Trait(f"with {name} = 0"), value == 0
        elif isinstance(value, Array):
            yield from _array_traits(name, value.values, sizes)
        elif isinstance(value, list | tuple):
            yield Trait(f"where {name} is empty"), not value
            for item in value:
                if isinstance(item, str) and len(item) < 12 and "init" in name:
                    yield Trait(f"with {item!r} in {name}", least=MORE), True
    for (one, first), (two, second) in itertools.combinations(singles.items(), 2):
        yield Trait(f"where {one} is larger than {two}", least=MORE), first > second


def _array_traits(name: str, x: Numbers, sizes: Mapping[str, int]) -> Iterator[tuple[Trait, bool]]:
    if not x.size:
        return
    yield Trait(f"where {name} is zero throughout"), not x.any()
    yield Trait(f"where {name} has a zero", least=MORE), bool((x == 0).any())
    yield Trait(f"where {name} has a negative number", least=MORE), bool((x < 0).any())
    if x.dtype.kind == "f":
        yield Trait(f"where {name} has numbers far beyond 1"), bool(np.abs(x).max() > 100)
        yield Trait(f"where all of {name} is tiny"), bool(np.abs(x).max() < 1e-3)
    if "length" in name and "T" in sizes:
        yield Trait("without padding"), bool((x == sizes["T"]).all())
        yield Trait("where every row is padded"), bool((x < sizes["T"]).all())
        yield Trait(f"where {name} are all the same"), bool((x == x.flat[0]).all())
