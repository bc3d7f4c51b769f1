"""Weights and windows that a Forecaster is tried on."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from exercises.lab9_forecasting._draws import Draw, forecaster_weights

SIZES: dict[str, Any] = {"B": 4, "T": 6, "H": 5}


def inputs(
    rng: np.random.Generator,
    B: int,
    T: int,
    H: int,
    layers: int = 2,
    dropout: float = 0.0,
    cell: str = "lstm",
    **more: Any,
) -> Mapping[str, Any]:
    """A forecaster's arguments and weights, a batch, and weights of the forecasts in a sum."""
    return {
        "init": [H, layers, dropout, cell],
        "weights": forecaster_weights(rng, H, layers, cell),
        "x": rng.standard_normal((B, T, 1)),
        "probe": rng.standard_normal(B),
        **more,
    }


def drawn(**changes: Any) -> Draw:
    return lambda rng: inputs(rng, **{**SIZES, **changes})


def by_default(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng, **SIZES, layers=1), "init": [SIZES["H"]]}


def without_dropout(rng: np.random.Generator) -> Mapping[str, Any]:
    init = {"hidden_size": SIZES["H"], "num_layers": 2}
    return {**inputs(rng, **SIZES), "init": init}


def saturated(rng: np.random.Generator) -> Mapping[str, Any]:
    """Two layers of one unit without memory, far out on their tanh."""
    weights = {name: 0.0 * value for name, value in forecaster_weights(rng, 1, 2, "rnn").items()}
    for layer, shift in enumerate((-500.0, 0.3)):
        weights[f"rnn.weight_ih_l{layer}"] += 1000.0
        weights[f"rnn.bias_ih_l{layer}"] += shift
    weights["fc.weight"] += 1.0
    return {"weights": weights, "share": 0.3}


def by_name(rng: np.random.Generator) -> Mapping[str, Any]:
    init = {"cell": "gru", "dropout": 0.3, "num_layers": 2, "hidden_size": SIZES["H"]}
    return {**inputs(rng, **SIZES, cell="gru", mode="eval"), "init": init}


def one_after_the_other(cell: str) -> Draw:
    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        draw = inputs(rng, **SIZES, cell=cell)
        batches = {"first": draw["x"], "second": rng.standard_normal(draw["x"].shape)}
        return {"init": draw["init"], "weights": draw["weights"], **batches}

    return draw
