"""Weights and states that the exercises of this lab draw alike."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.spec import weights

Array = NDArray[Any]
Params = Mapping[str, Array]

PARAM_SHAPES = {**{f"W_{q}": "I+H H" for q in "figo"}, **{f"b_{q}": "H" for q in "figo"}}
GRADIENT_SHAPES = {f"d{name}": shape for name, shape in PARAM_SHAPES.items()}


def signed(rng: np.random.Generator, low: float, high: float, *shape: int) -> Array:
    """Numbers of both signs whose size lies between low and high."""
    return np.asarray(rng.uniform(low, high, shape) * rng.choice([-1.0, 1.0], shape))


def states(rng: np.random.Generator, B: int, H: int) -> tuple[Array, Array]:
    """A state inside (-1, 1) and a cell that also goes beyond it, both away from 0."""
    return signed(rng, 0.2, 0.9, B, H), signed(rng, 0.4, 1.6, B, H)


def lstm_params(rng: np.random.Generator, I: int, H: int) -> dict[str, Array]:
    """Four gates with weights of their own, none of them symmetric, zero or saturated."""
    params = {f"W_{q}": weights(rng, I + H, H) for q in "figo"}
    return params | {f"b_{q}": signed(rng, 0.2, 1.0, H) for q in "figo"}


def gru_params(rng: np.random.Generator, I: int, H: int) -> dict[str, Array]:
    """Three gates with weights and two biases each, all different."""
    params: dict[str, Array] = {}
    for q in "rzn":
        params |= {f"W_x{q}": weights(rng, I, H), f"W_h{q}": weights(rng, H, H)}
        params |= {f"b_{side}{q}": signed(rng, 0.2, 1.0, H) for side in "xh"}
    return params
