"""The output layer: one affine map, applied to every state."""

from collections.abc import Mapping

import numpy as np

from autograder.spec import Exercise, Mistakes, but, weights
from exercises.lab2_rnn._draws import Array, state
from solutions.lab2_rnn import output_layer


def inputs(rng: np.random.Generator, B: int, T: int, H: int, O: int) -> Mapping[str, Array]:
    return {
        "h": state(rng, B, T, H),
        "W_hy": weights(rng, H, O),
        "b_y": rng.uniform(0.3, 1.0, O) * rng.choice([-1.0, 1.0], O),
    }


wrong = Mistakes()


@wrong
def softmax(h: Array, W_hy: Array, b_y: Array) -> Array:
    """the outputs are turned into probabilities.
    An output may be any number; look at what you do after the sum."""
    y = output_layer(h, W_hy, b_y)
    raised = np.exp(y - y.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


@wrong
def sigmoid(h: Array, W_hy: Array, b_y: Array) -> Array:
    """the outputs are squashed between 0 and 1.
    An output may be any number; look at what you do after the sum."""
    return 1 / (1 + np.exp(-output_layer(h, W_hy, b_y)))


@wrong
def edits_by_bias(h: Array, W_hy: Array, b_y: Array) -> Array:
    """the bias of the caller is changed.
    Look for += on something that was handed in."""
    b_y += h.mean() * 0 + 1
    return output_layer(h, W_hy, b_y - 1)


@wrong
def buffer_of_float64(h: Array, W_hy: Array, b_y: Array) -> Array:
    """the outputs are kept in float64 whatever came in.
    Look at the dtype of the array that you write into."""
    return output_layer(h, W_hy, b_y).astype(np.float64)


def buffer_like_h(h: Array, W_hy: Array, b_y: Array) -> Array:
    y = np.zeros((*h.shape[:2], W_hy.shape[1]), dtype=h.dtype)
    y[:] = output_layer(h, W_hy, b_y)
    return y


def step_by_step(h: Array, W_hy: Array, b_y: Array) -> Array:
    return np.stack([h[:, t] @ W_hy + b_y for t in range(h.shape[1])], axis=1) * 1.0


def flattened(h: Array, W_hy: Array, b_y: Array) -> Array:
    B, T, H = h.shape
    y = np.dot(h.reshape(B * T, H), W_hy).reshape(B, T, -1) + b_y
    return y.astype(np.float32 if h.dtype == np.float32 else np.float64)


def einsum(h: Array, W_hy: Array, b_y: Array) -> Array:
    return np.einsum("bth,ho->bto", h, W_hy) * 1.0 + b_y[None, None]


wrong.add(
    "tanh",
    but(output_layer, returns=np.tanh),
    "the outputs are squashed like states. An output may be any number; look at what you do after the sum.",
)
wrong.add(
    "no_bias",
    but(output_layer, b_y=np.zeros_like),
    "the bias is left out. What should come out where a state is all zeros?",
)
wrong.add(
    "bias_twice",
    but(output_layer, b_y=lambda b: 2 * b),
    "the bias is added twice. What should come out where a state is all zeros?",
)
wrong.add(
    "bias_subtracted",
    but(output_layer, b_y=np.negative),
    "the bias enters with the wrong sign. What should come out where a state is all zeros?",
)
wrong.add(
    "only_the_last",
    but(output_layer, returns=lambda y: y[:, -1]),
    "only the last state is read. Compare the shape that you return with the one asked for.",
)
wrong.add(
    "summed_over_time",
    but(output_layer, returns=lambda y: y.sum(axis=1)),
    "the outputs are added up over time. Compare the shape that you return with the one asked for.",
)
wrong.add(
    "time_first",
    but(output_layer, returns=lambda y: y.transpose(1, 0, 2)),
    "time stands in front of the batch. Compare the axes that you return with those asked for.",
)
wrong.add(
    "first_state_always",
    but(output_layer, h=lambda h: np.repeat(h[:, :1], h.shape[1], 1)),
    "every output is read from the first state. Look at the index of h.",
)


EXERCISE = Exercise(
    reference=output_layer,
    inputs=inputs,
    points=5,
    axes={"B": 3, "T": 5, "H": 6, "O": 2},
    shapes={"h": "B T H", "W_hy": "H O", "b_y": "O", "return": "B T O"},
    without=frozenset({"integer inputs"}),
    mistakes=wrong,
    cases=(),
    also_right=(step_by_step, flattened, einsum),
    look="One matrix product over the last axis of h, and one sum.",
)
