"""How what came relates to an argument at its first or last step.

Each relation here is as those of `relations`: it completes "What you return is …".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from .pairs import Numbers, Pair, distinct, equal
from .relations import LEAST, Pairs, wrong

ENDS = {"first": 0, "last": -1}


def argument_at(pairs: Pairs) -> str:
    """An argument itself at the first or the last step, where something else is due."""
    for name, (word, place) in itertools.product(pairs[0].arguments, ENDS.items()):
        if all(_stands_at(pair, name, place) for pair in pairs) and _seen(pairs, name):
            return f"{name}, as it came in, at the {word} step"
    return ""


def _stands_at(pair: Pair, name: str, place: int) -> bool:
    value = pair.arguments.get(name)
    if not isinstance(value, np.ndarray) or value.ndim < 1 or "T" not in pair.letters:
        return False
    axis = pair.letters.index("T")
    due, got = (np.take(each, place, axis) for each in (pair.due, pair.got))
    return equal(got, value) and not equal(due, value)


def _seen(pairs: Pairs, name: str) -> bool:
    return sum(distinct(np.asarray(pair.arguments[name])) for pair in wrong(pairs)) >= 2 * LEAST


def plus_step(pairs: Pairs) -> str:
    """The result due plus or minus an argument at its first or last step, along any axis."""
    for (text, sign), (word, place) in itertools.product(SIGNS.items(), ENDS.items()):
        for name in pairs[0].arguments:
            if _added(pairs, name, place, sign):
                return f"what is due {text} {name} at its {word} step"
    return ""


SIGNS = {"plus": 1, "minus": -1}


def _added(pairs: Pairs, name: str, place: int, sign: int) -> bool:
    seen = 0
    for pair in pairs:
        value = pair.arguments.get(name)
        if not isinstance(value, np.ndarray) or value.ndim < 3:
            return False
        steps = [step for step in _taken(value, place) if step.shape == pair.due.shape]
        if not any(equal(pair.got, pair.due + sign * step) for step in steps):
            return False
        seen += max(map(distinct, steps))
    return seen >= LEAST


def _taken(value: Numbers, place: int) -> Iterator[Numbers]:
    """An array (B, T, …) or (T, B, …) at a step."""
    yield value[:, place]
    yield value[place]
