"""Weights and inputs that the exercises of this lab draw alike, and the axes of their weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.spec import weights

Array = NDArray[Any]

WEIGHTS = {"W_xh": "I H", "W_hh": "H H"}
RECURRENT = {**WEIGHTS, "b_h": "H"}
OUTPUT = {"W_hy": "H O", "b_y": "O"}
GRADIENTS = {"dW_xh": "I H", "dW_hh": "H H", "db_h": "H"}


def recurrent(rng: np.random.Generator, I: int, H: int) -> dict[str, Array]:
    """W_xh (I, H), W_hh (H, H) and b_h (H,), none of them symmetric or zero."""
    return {
        "W_xh": weights(rng, I, H),
        "W_hh": weights(rng, H, H),
        "b_h": rng.uniform(0.2, 1.0, H) * rng.choice([-1.0, 1.0], H),
    }


def state(rng: np.random.Generator, *shape: int) -> Array:
    """States well inside (-1, 1) and away from 0."""
    return rng.uniform(0.2, 0.9, shape) * rng.choice([-1.0, 1.0], shape)


def forward(x: Array, h0: Array, params: Mapping[str, Array]) -> Array:
    """States (B, T, H) of a plain recurrent network, for exercises that start from them."""
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
        states.append(h)
    return np.stack(states, axis=1)
