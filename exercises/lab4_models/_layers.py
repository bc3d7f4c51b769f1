"""Models with recurrent layers that get new values, and what stands beside these."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from exercises.lab4_models._draws import Draw

IMPOSTORS: list[list[Any]] = [
    ["memory.weight_ih_l0", "parameter", 12, 5],
    ["memory.weight_hh_l0", "parameter", 12, 3],
    ["memory.bias_ih_l0", "parameter", 12],
    ["memory.bias_hh_l0", "parameter", 12],
    ["lstm_head", "Linear", 6, 4],
    ["attention", "MultiheadAttention", 4, 2],
    ["norm", "LayerNorm", 5],
    ["filters", "Conv1d", 3, 4, 2],
]
"""What is no recurrent layer, whatever it is called."""


def sizes(rng: np.random.Generator) -> tuple[int, int]:
    """(I, H): a block of I · H numbers is enough to tell distributions apart."""
    return int(rng.integers(21, 26)), int(rng.integers(14, 18))


def around(*rows: list[Any]) -> list[list[Any]]:
    """These layers between an embedding and a linear layer."""
    return [["embedding", "Embedding", 7, 4], *rows, ["fc", "Linear", 5, 3]]


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    I, H = sizes(rng)
    return {"model": around(["rnn", "LSTM", I, H])}


def of(*kinds: str, **others: Any) -> Draw:
    """Layers of some kinds, in one model."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        rows = [[f"encoder.part{n}", kind, *sizes(rng)] for n, kind in enumerate(kinds)]
        return {"model": around(*rows), **others}

    return draw


def frozen(rng: np.random.Generator) -> Mapping[str, Any]:
    rows: list[list[Any]] = [["rnn", "LSTM", *sizes(rng)], ["rnn.weight_hh_l0", "frozen"]]
    more = [["rnn.bias_ih_l0", "frozen"], ["rnn.weight_ih_l0", "frozen"]]
    return {"model": [*around(*rows), *more, ["embedding.weight", "frozen"]]}


def alone(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"model": [["", "GRU", *sizes(rng)]]}


def among_others(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"model": around(*IMPOSTORS, ["deep.down.rnn", "RNN", *sizes(rng)])}


def wide(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"model": around(["rnn", "GRU", 5, int(rng.integers(32, 36))])}


def one_unit(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"model": around(["rnn", "LSTM stack", 3, 1])}
