"""Sizes and lengths that the exercises of this lab draw alike."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZES = ("batch", "seq_len", "input_size", "hidden_size")


def sizes(rng: np.random.Generator) -> dict[str, int]:
    """Batch, steps, inputs and hidden units: different primes from 7 up.

    None of them, nor twice one, can be taken for a number of layers times directions (3, 6 or 12).
    """
    drawn = rng.permutation([7, 11, 13, 17, 19, 23])[: len(SIZES)]
    return {name: int(size) for name, size in zip(SIZES, drawn, strict=True)}


def layers(rng: np.random.Generator) -> int:
    """Three layers or six."""
    return int(rng.choice([3, 6]))


def network(rng: np.random.Generator, **changes: Any) -> Mapping[str, Any]:
    """The arguments of rnn_shapes in full: layers, both directions, batch first, or as changed."""
    drawn = {**sizes(rng), "num_layers": layers(rng), "bidirectional": True, "batch_first": True}
    return {**drawn, **changes}


def uneven_lengths(rng: np.random.Generator, B: int, T: int) -> NDArray[np.int64]:
    """Lengths from 1 to T, one of them T, whose sorting order is not its own inverse.

    A single sequence is shorter than T wherever T allows it, so that its end is not the block's.
    """
    if B == 1 or T == 1:
        return np.full(B, (T + 1) // 2, dtype=np.int64)
    pool = rng.permutation(np.arange(1, T))[: B - 1]
    while len(pool) < B - 1:
        pool = np.append(pool, rng.integers(1, T))
    lengths = rng.permutation(np.append(pool, T))
    order = np.argsort(-lengths, kind="stable")
    while B > 2 and (order[order] == np.arange(B)).all():
        lengths = rng.permutation(lengths)
        order = np.argsort(-lengths, kind="stable")
    return lengths.astype(np.int64)
