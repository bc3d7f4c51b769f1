"""Words, lengths and weights that the exercises of this lab draw alike."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PLAIN_TEXT = frozenset(
    {"float32", "memory layout", "placement", "placement of new tensors", "gradients"}
)
"""Automatic cases that say nothing about texts and lists."""

SPECIAL = ("<PAD>", "<UNK>", "<START>", "<END>")
MARKS = (".", "!", "?")


def draw_word(rng: np.random.Generator) -> str:
    """Three to six small letters."""
    return "".join(rng.choice(list("abcdefghiklmnoprstuvw"), int(rng.integers(3, 7))))


def draw_words(rng: np.random.Generator, count: int) -> list[str]:
    """Different words, in no order."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[draw_word(rng)] = None
    return list(found)


def draw_lengths(rng: np.random.Generator, B: int, T: int) -> Ints:
    """Lengths from 1 to T, the largest of them T, unequal where there is room.

    Sorting them by length moves every sequence, and doing so twice does not bring them back.
    """
    if B == 1 or T == 1:
        return np.full(B, T, dtype=np.int64)
    rest = np.sort(rng.choice(np.arange(1, T), B - 1, replace=T - 1 < B - 1))
    return np.array([rest[0], T, *rest[:0:-1]], dtype=np.int64)


def draw_recurrent(rng: np.random.Generator, F: int, H: int) -> dict[str, Floats]:
    """W_xh (F, H), W_hh (H, H) and b_h (H,), none of them symmetric or zero."""
    return {
        "W_xh": rng.standard_normal((F, H)) / np.sqrt(F),
        "W_hh": rng.standard_normal((H, H)) / np.sqrt(H),
        "b_h": rng.uniform(0.2, 0.8, H) * rng.choice([-1.0, 1.0], H),
    }


def words_of(texts: Sequence[str]) -> Iterator[str]:
    """Every word of some texts, one after another."""
    for text in texts:
        yield from text.split()
