"""Batches and weights that the exercises of this lab draw alike."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PAD = -100
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
NOTHING_MEASURED = frozenset({"float32", "memory layout"})
"""Automatic cases that make no sense where no array is among the arguments."""


def merged(draw: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A draw with some arguments changed or added."""
    return {**draw, **changes}


def unequal_lengths(rng: np.random.Generator, B: int, T: int) -> Ints:
    """Lengths from 1 to T, one of them T; no order that sorts three or more is its own inverse."""
    while True:
        lengths = (rng.permutation(T)[:B] if B <= T else rng.integers(T, size=B)) + 1
        lengths[rng.integers(B)] = T
        order = np.argsort(-lengths, kind="stable")
        if min(B, T) < 3 or (order[order] != np.arange(B)).any():
            return lengths.astype(np.int64)


def padding(lengths: Ints, T: int) -> NDArray[np.bool_]:
    """(B, T), True on padding."""
    found: NDArray[np.bool_] = np.arange(T) >= lengths[:, None]
    return found


def padded_tags(rng: np.random.Generator, B: int, T: int, C: int, ignore_index: int = PAD) -> Ints:
    """Tags of every kind with ignore_index on padding; no class is ignore_index."""
    classes = np.array([c for c in range(C) if c != ignore_index])
    tags = rng.choice(classes, (B, T))
    tags[padding(unequal_lengths(rng, B, T), T)] = ignore_index
    return tags.astype(np.int64)


def scores_for(rng: np.random.Generator, predictions: Ints, C: int) -> Floats:
    """Logits whose largest entry stands at the predictions, by no more than a few units."""
    logits = rng.standard_normal((*predictions.shape, C))
    top = logits.max(axis=-1) + rng.uniform(0.1, 1.0, predictions.shape)
    np.put_along_axis(logits, predictions[..., None], top[..., None], axis=-1)
    return logits


def missed(rng: np.random.Generator, tags: Ints, C: int) -> Ints:
    """For each tag another one, drawn at random; any tag where there is padding."""
    return (tags + rng.integers(1, C, tags.shape)) % C


def tagger_weights(
    rng: np.random.Generator,
    V: int,
    C: int,
    E: int,
    H: int,
    cell: str = "lstm",
    bidirectional: bool = False,
    padding_idx: int = 0,
) -> dict[str, Floats]:
    """Parameters of a Tagger by name; the padding row of the embedding is zero, nothing else is."""
    embedding = rng.standard_normal((V, E))
    embedding[padding_idx] = 0.0
    weights = {"embedding.weight": embedding}
    rows = GATES[cell] * H
    for end in ("", "_reverse")[: 1 + bidirectional]:
        weights |= {
            f"rnn.weight_ih_l0{end}": rng.standard_normal((rows, E)) / np.sqrt(E),
            f"rnn.weight_hh_l0{end}": rng.standard_normal((rows, H)) / np.sqrt(H),
            f"rnn.bias_ih_l0{end}": rng.uniform(0.1, 0.6, rows) * rng.choice([-1.0, 1.0], rows),
            f"rnn.bias_hh_l0{end}": rng.uniform(0.1, 0.6, rows) * rng.choice([-1.0, 1.0], rows),
        }
    width = H * (1 + bidirectional)
    weights["fc.weight"] = 2 * rng.standard_normal((C, width)) / np.sqrt(width)
    weights["fc.bias"] = rng.uniform(0.1, 0.6, C) * rng.choice([-1.0, 1.0], C)
    return weights
