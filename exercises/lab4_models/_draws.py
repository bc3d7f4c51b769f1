"""Weights, inputs and states that the exercises of this lab draw alike."""

from collections.abc import Callable, Mapping
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


def bias(rng: np.random.Generator, size: int) -> Floats:
    """Numbers of both signs, none of them near zero."""
    return rng.uniform(0.1, 0.6, size) * rng.choice([-1.0, 1.0], size)


def linear(rng: np.random.Generator, name: str, inputs: int, outputs: int) -> dict[str, Floats]:
    """Parameters of an nn.Linear, by name."""
    weight = rng.standard_normal((outputs, inputs)) / np.sqrt(inputs)
    return {f"{name}.weight": weight, f"{name}.bias": bias(rng, outputs)}


def layer_weights(
    rng: np.random.Generator, cell: str, I: int, H: int, L: int, D: int
) -> dict[str, Floats]:
    """Parameters of a stack of recurrent layers called `rnn`, by name."""
    rows, found = GATES[cell] * H, {}
    for layer in range(L):
        reads = D * H if layer else I
        for end in ("", "_reverse")[:D]:
            place = f"l{layer}{end}"
            found[f"rnn.weight_ih_{place}"] = rng.standard_normal((rows, reads)) / np.sqrt(reads)
            found[f"rnn.weight_hh_{place}"] = rng.standard_normal((rows, H)) / np.sqrt(H)
            found[f"rnn.bias_ih_{place}"] = bias(rng, rows)
            found[f"rnn.bias_hh_{place}"] = bias(rng, rows)
    return found
