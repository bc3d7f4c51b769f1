"""Weights and states that the exercises of this lab draw alike, and slips that they share."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.spec import weights

Array = NDArray[Any]
Params = Mapping[str, Array]

GRADIENT_SHAPES = {**{f"dW_{q}": "I+H H" for q in "figo"}, **{f"db_{q}": "H" for q in "figo"}}


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


def exchanged(first: str, second: str) -> Callable[[Params], dict[str, Array]]:
    """Params in which two gates have changed places; gates are named by the end of their names."""

    def change(params: Params) -> dict[str, Array]:
        swap = {first: second, second: first}
        return {name: params[name[:-1] + swap.get(name[-1], name[-1])] for name in params}

    return change


def zeroed(*prefixes: str) -> Callable[[Params], dict[str, Array]]:
    """Params in which all that begins with one of the prefixes is zero."""

    def change(params: Params) -> dict[str, Array]:
        return {
            name: np.zeros_like(array) if name.startswith(prefixes) else array
            for name, array in params.items()
        }

    return change


def as_float64(result: Any) -> Any:
    """The same result with every array in float64."""
    if isinstance(result, dict):
        return {name: as_float64(value) for name, value in result.items()}
    if isinstance(result, tuple):
        return tuple(as_float64(value) for value in result)
    return result.astype(np.float64)


def plain_sigmoid(z: Array) -> Array:
    """The sigmoid as it is mostly written; enough for numbers of ordinary size."""
    return np.asarray(1 / (1 + np.exp(-z)))
