"""Two sums that tell an array of numbers from others, as a record keeps them of known mistakes.

Numbers are counted in tolerances: how many of them lie between 0 and x.  So one number that is off
by more than its tolerance moves each sum by more than 1, whatever its size, and what other orders
of computing leave moves none of them noticeably.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

MANY = 8
"""So few numbers are kept as they are."""
STEPS = 16
"""Sums are written in this part of a tolerance."""
NEAR = 0.75
"""How far sums of the same numbers are apart at most: less than one number moves them."""
ROWS = 2
GAMMA, MIX = 0x9E3779B97F4A7C15, ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1))


def sums_of(values: NDArray[Any], rtol: float, atol: float) -> list[int]:
    """The sums of some finite numbers, for tolerances that are not 0."""
    return [round(one * STEPS) for one in _sums(values, rtol, atol)]


def have_sums(values: NDArray[Any], sums: Sequence[int], rtol: float, atol: float) -> bool:
    """Whether some numbers are those that sums are kept of, within the tolerance.

    They are not where one is off by more than its tolerance.  They are where what all are off by
    comes to less than a third of a tolerance: of a thousand numbers each may be off by 1/3000 of
    its own, of which rounding takes a thousandth.
    """
    own = _sums(values, rtol, atol)
    return all(abs(one - kept / STEPS) <= NEAR for one, kept in zip(own, sums, strict=True))


def _sums(values: NDArray[Any], rtol: float, atol: float) -> list[float]:
    x = values.astype(np.float64).ravel()
    with np.errstate(all="ignore"):
        counted = np.copysign(np.log1p(np.abs(x) * (rtol / atol)) / rtol, x)
        return [float(row @ counted) for row in _weights(x.size)]


@lru_cache(maxsize=64)
def _weights(size: int) -> NDArray[np.float64]:
    """Rows of numbers from 1 to 2 with either sign that nothing in a lab goes by: SplitMix64.

    Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
    """
    mixed = np.arange(1, ROWS * size + 1, dtype=np.uint64) * np.uint64(GAMMA)
    for shift, factor in MIX:
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    sizes = 1.0 + (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
    signs = np.where(mixed & np.uint64(1), 1.0, -1.0)
    return (sizes * signs).reshape(ROWS, size)
