"""Series, cases and weights that the exercises of this lab have alike."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.spec import Case

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Mapping[str, Any]]

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def edge(name: str, inputs: Draw, why: str, **more: Any) -> Case:
    """A case that costs points where it fails, and shows nothing about the ordinary values."""
    return Case(name=name, inputs=inputs, value=False, why=why, **more)


def draw_series(rng: np.random.Generator, n: int) -> Floats:
    """Values in no order around 5, no two of them equal, in integers too."""
    return 5.0 + 3.0 * rng.permutation(n) + rng.uniform(-0.4, 0.4, n)


def always(**arguments: Any) -> Draw:
    """Inputs that are the same in every draw."""
    return lambda rng: deepcopy(arguments)


def forecaster_weights(
    rng: np.random.Generator, H: int, layers: int, cell: str
) -> dict[str, Floats]:
    """Parameters of a Forecaster by name, none of them zero."""

    def bias(size: int) -> Floats:
        return rng.uniform(0.1, 0.6, size) * rng.choice([-1.0, 1.0], size)

    weights, rows = {}, GATES[cell] * H
    for layer in range(layers):
        width = H if layer else 1
        weights[f"rnn.weight_ih_l{layer}"] = rng.standard_normal((rows, width)) / np.sqrt(width)
        weights[f"rnn.weight_hh_l{layer}"] = rng.standard_normal((rows, H)) / np.sqrt(H)
        weights[f"rnn.bias_ih_l{layer}"] = bias(rows)
        weights[f"rnn.bias_hh_l{layer}"] = bias(rows)
    weights["fc.weight"] = 2 * rng.standard_normal((1, H)) / np.sqrt(H)
    weights["fc.bias"] = bias(1)
    return weights
