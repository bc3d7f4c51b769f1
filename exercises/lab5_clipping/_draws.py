"""Gradients, weights and batches that the exercises of this lab draw alike."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
Grads = Iterable[Tensor | None]


def gradients_of(rng: np.random.Generator, I: int, H: int, O: int) -> list[Array | None]:
    """Gradients of one, two and three axes and of different sizes, none with a zero in it."""
    shapes = ((I, H), (H,), (O, I, H), (H, O))
    return [
        size * rng.uniform(0.3, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
        for size, shape in zip((1.0, 2.0, 0.5, 1.5), shapes, strict=True)
    ]


def with_gaps(grads: list[Array | None]) -> list[Array | None]:
    """The same gradients with None before, among and behind them."""
    first, *rest = grads
    return [None, first, None, *rest, None]


def rnn_weights(rng: np.random.Generator, I: int, H: int, gates: int = 1) -> dict[str, Array]:
    """Parameters of an nn.RNN (gates 1) or nn.LSTM (gates 4) of one layer, by name."""
    bound = 1 / np.sqrt(H)
    return {
        "rnn.weight_ih_l0": rng.uniform(-1, 1, (gates * H, I)),
        "rnn.weight_hh_l0": 2 * bound * rng.uniform(-1, 1, (gates * H, H)),
        "rnn.bias_ih_l0": rng.uniform(-0.5, 0.5, gates * H),
        "rnn.bias_hh_l0": rng.uniform(-0.5, 0.5, gates * H),
    }


def classifier(
    rng: np.random.Generator, I: int, H: int, C: int, gates: int = 1
) -> dict[str, Array]:
    """Parameters of a recurrent layer `rnn` and a linear layer `fc`, by name."""
    return {
        **rnn_weights(rng, I, H, gates),
        "fc.weight": rng.standard_normal((C, H)),
        "fc.bias": rng.uniform(-0.5, 0.5, C),
    }


def labelled(rng: np.random.Generator, B: int, T: int, I: int, C: int) -> dict[str, Any]:
    """A batch: x (B, T, I) and labels y (B,), of which not all are alike."""
    y = (np.arange(B) + rng.integers(C)) % C
    return {"x": rng.standard_normal((B, T, I)), "y": rng.permutation(y)}


def length_of(grads: Grads) -> Tensor:
    """The global norm, for mistakes that are about something else; 0 where there is none."""
    squares = [(g**2).sum() for g in grads if g is not None]
    return torch.stack(squares).sum().sqrt() if squares else torch.zeros(())


def model_grads(model: torch.nn.Module) -> list[Tensor]:
    """The gradients that a model has."""
    return [p.grad for p in model.parameters() if p.grad is not None]


def scaled_(model: torch.nn.Module, max_norm: float) -> Tensor:
    """Clipping by norm in place, for mistakes that are about something else; the norm before."""
    with torch.no_grad():
        norm = length_of(model_grads(model))
        for grad in model_grads(model):
            grad *= (max_norm / (norm + 1e-6)).clamp(max=1.0)
    return norm


def merged(draw: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A draw with some arguments changed or added."""
    return {**draw, **changes}
