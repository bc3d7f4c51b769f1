"""How single numbers that came relate to those due: shares of something else, or both ways.

Each relation here is as those of `relations`: it completes "What you return is …".
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .pairs import Pair
from .relations import LEAST, Pairs, size_word, wrong

FEW = 5
"""A share of fewer than this is a share of many numbers by chance."""


def share(pairs: Pairs) -> str:
    """A whole number divided by a size, where what is due is divided by another."""
    made = wrong(pairs)
    if not all(pair.numbers and not pair.due.ndim and pair.comparable for pair in made):
        return ""
    for text in dict(_counts(made[0])):
        sizes = [dict(_counts(pair)).get(text, 0) for pair in made]
        both = list(zip(made, sizes, strict=True))
        if min(sizes) > 0 and all(_whole(pair.got, size) for pair, size in both):
            telling = [
                pair
                for pair, size in both
                if size >= FEW and not _whole(pair.due, size) and 0 < float(pair.got) < 1
            ]
            said = f"a whole number divided by {text}, and what is due is not"
            return said if len(telling) >= LEAST else ""  # a share of few is one of many, too
    return ""


def _counts(pair: Pair) -> Iterator[tuple[str, int]]:
    for letter, size in pair.sizes.items():
        yield size_word(letter), size
    for name, value in pair.arguments.items():
        if isinstance(value, np.ndarray) and value.ndim == 2:
            yield f"how many numbers {name} has", value.size


def _whole(share: np.ndarray, size: int) -> bool:
    count = float(share) * size
    return abs(count - round(count)) < 1e-9


def either_way(pairs: Pairs) -> str:
    """Too large in some cases and too small in others: no factor alone makes it right."""
    made = [pair for pair in wrong(pairs) if pair.comparable and not pair.due.ndim]
    gaps = [float(pair.got - pair.due) for pair in made]
    if len(made) < 2 * LEAST or len(made) != len(wrong(pairs)) or not np.isfinite(gaps).all():
        return ""
    up = sum(gap > 0 for gap in gaps)
    return "too large in some cases and too small in others" if 0 < up < len(gaps) else ""
