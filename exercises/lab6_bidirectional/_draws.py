"""Words, lengths and weights that the exercises of this lab draw alike."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Draw = Callable[[np.random.Generator], Mapping[str, Any]]

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
SPECIAL = ("<PAD>", "<UNK>", "<START>", "<END>")


def always(**arguments: Any) -> Draw:
    """Inputs that are the same in every draw."""
    return lambda rng: deepcopy(arguments)


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


def draw_steps(rng: np.random.Generator, lengths: Sequence[int], padding: float = 0.0) -> Floats:
    """(B, 7, 3), with something added where there is padding."""
    behind = np.arange(7) >= np.array(lengths)[:, None]
    return rng.standard_normal((len(lengths), 7, 3)) + padding * behind[:, :, None]


def draw_recurrent(rng: np.random.Generator, F: int, H: int) -> dict[str, Floats]:
    """W_xh (F, H), W_hh (H, H) and b_h (H,), none of them symmetric or zero."""
    return {
        "W_xh": rng.standard_normal((F, H)) / np.sqrt(F),
        "W_hh": rng.standard_normal((H, H)) / np.sqrt(H),
        "b_h": rng.uniform(0.2, 0.8, H) * rng.choice([-1.0, 1.0], H),
    }


def draw_weights(
    rng: np.random.Generator, V: int, E: int, H: int, C: int, cell: str, pooling: str, pad: int
) -> dict[str, Floats]:
    """Every parameter by name, the embedding of the padding zeros."""
    G = GATES[cell] * H
    found = {"embedding.weight": rng.standard_normal((V, E))}
    found["embedding.weight"][pad] = 0
    for suffix in ("", "_reverse"):
        found[f"rnn.weight_ih_l0{suffix}"] = rng.standard_normal((G, E)) / np.sqrt(E)
        found[f"rnn.weight_hh_l0{suffix}"] = rng.standard_normal((G, H)) / np.sqrt(H)
        found[f"rnn.bias_ih_l0{suffix}"] = rng.uniform(-0.5, 0.5, G)
        found[f"rnn.bias_hh_l0{suffix}"] = rng.uniform(-0.5, 0.5, G)
    found["fc.weight"] = rng.standard_normal((C, 2 * H)) / np.sqrt(2 * H)
    found["fc.bias"] = rng.standard_normal(C)
    if pooling == "attention":
        found["attention.weight"] = 2 * rng.standard_normal((1, 2 * H)) / np.sqrt(H)
    return found


def draw_tokens(rng: np.random.Generator, lengths: Any, T: int, V: int, pad: int) -> Any:
    """Ids (B, T): words other than the padding id, and anything behind them."""
    words = np.delete(np.arange(V), pad)
    tokens = rng.choice(words, (len(lengths), T))
    behind = np.arange(T) >= lengths[:, None]
    return np.where(behind & (rng.random(tokens.shape) < 0.3), pad, tokens)
