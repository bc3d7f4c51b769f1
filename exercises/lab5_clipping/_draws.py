"""Gradients, weights and batches that the exercises of this lab draw alike, and cases they share."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.spec import Case

Array = NDArray[np.float64]
Draw = Callable[..., Mapping[str, Any]]


def drawn(draw: Draw, *sizes: int, **changes: Any) -> Draw:
    """Draws as `draw` does at these sizes, with some arguments changed or added."""
    return lambda rng, *more, **axes: {**draw(rng, *sizes, *more, **axes), **changes}


def gradients_of(rng: np.random.Generator, I: int, H: int, O: int) -> list[Array | None]:
    """Gradients of one, two and three axes and of different sizes, none with a zero in it."""
    shapes = ((I, H), (H,), (O, I, H), (H, O))
    return [
        size * rng.uniform(0.3, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
        for size, shape in zip((1.0, 2.0, 0.5, 1.5), shapes, strict=True)
    ]


def tiny_gradients(rng: np.random.Generator) -> list[Array]:
    return [1e-4 * g for g in gradients_of(rng, 3, 2, 4) if g is not None]


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


def classified(
    rng: np.random.Generator, B: int, T: int, I: int, H: int, C: int
) -> Mapping[str, Any]:
    """A labelled batch, and the weights of a classifier for it."""
    batch = labelled(rng, B, T, I, C)
    return {"weights": classifier(rng, I, H, C), **batch}


def with_spare(draw: Draw, rng: np.random.Generator) -> Mapping[str, Any]:
    """A draw of a model that has another layer `spare`, which its forward never uses."""
    arguments = draw(rng)
    spare = {"spare.weight": rng.standard_normal((4, 2))}
    return {**arguments, "weights": {**arguments["weights"], **spare}}


def also(name: str, draw: Draw, why: str, **more: Any) -> Case:
    """A case that takes points off, and earns none by itself."""
    return Case(name=name, inputs=draw, value=False, why=why, **more)


def unused_layer(draw: Draw) -> Case:
    """The case of a model with a layer that its forward never uses."""
    why = "The parameters of an unused layer have grad None."
    return also("a layer that is not used", lambda rng: with_spare(draw, rng), why)


def old_gradients(draw: Draw) -> Case:
    """The case of a model that has gradients already."""
    why = "backward() adds to what stands in p.grad: clear it first."
    return also("gradients left from before", drawn(draw, old_gradients=0.3), why)
