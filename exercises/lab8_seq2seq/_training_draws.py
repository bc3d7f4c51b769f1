"""Batches and weights that a training loop for sequences is tried on."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from exercises.lab8_seq2seq._models import Draw, Floats, Ints, draw_linear
from exercises.lab8_seq2seq._training import LONGEST

V = 10


def pairs(
    rng: np.random.Generator, sizes: list[tuple[int, int, int]], ids: list[int], names: Any
) -> list[tuple[Ints, Ints, Ints]]:
    """Sources and their reverse in batches of the sizes (B, S, T); any token pads a source.

    Targets are cut off after T tokens, so that some have no end_id.
    """
    batches = []
    for B, S, T in sizes:
        lengths = rng.integers(2, S + 1, B)
        lengths[rng.integers(B)] = S
        src, targets = rng.integers(V, size=(B, S)), np.full((B, T), ids[1])
        for row, n in enumerate(lengths):
            symbols = rng.integers(V - 2, size=n)
            src[row, :n] = names["sources"][symbols]
            targets[row, :n] = names["targets"][symbols[::-1]][:T]
        batches.append((src, lengths, targets))
    return batches


def task(rng: np.random.Generator) -> tuple[list[int], dict[str, Ints]]:
    """start_id and end_id, and what the other tokens are called in sources and in targets."""
    start_id, end_id, *others = rng.permutation(V).tolist()
    names = {"sources": np.array(others), "targets": rng.permutation(others)}
    return [start_id, end_id], names


def weights(rng: np.random.Generator, E: int) -> dict[str, Floats]:
    found = {
        f"{part}.words.weight": rng.standard_normal((V, E)) for part in ("encoder", "decoder")
    }
    turn, say = draw_linear(rng, "decoder.turn", E, E), draw_linear(rng, "decoder.say", E, V)
    turn["decoder.turn.weight"] *= 0.5
    return {name: value.round(4) for name, value in (found | turn | say).items()}


def enough(rng: np.random.Generator) -> Mapping[str, Any]:
    """Enough data and steps to learn the rule; the names and the sizes are drawn."""
    ids, names = task(rng)
    sizes = [(32, LONGEST, LONGEST + 1)] * 12
    return {
        "weights": weights(rng, int(rng.integers(18, 23))),
        "ids": ids,
        "batches": pairs(rng, sizes, ids, names),
        "epochs": 9,
        "lr": 0.03,
        "names": names,
    }


def still(
    sizes: Any = ((5, 4, 5), (2, 6, 9), (3, 3, 3)),
    times: int = 1,
    epochs: int = 2,
    max_norm: float | None = 1e6,
    larger: float = 1.0,
    **more: Any,
) -> Draw:
    """A few batches of unlike sizes, so many times an epoch, and a learning rate of 0."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        ids, names = task(rng)
        start = weights(rng, 4)
        start["decoder.say.weight"] *= larger
        batches = pairs(rng, list(sizes), ids, names) * times
        drawn = {"weights": start, "ids": ids, "batches": batches, "epochs": epochs, "lr": 0.0}
        limit = {} if max_norm is None else {"max_norm": max_norm}
        return {**drawn, **limit, **more}

    return draw
