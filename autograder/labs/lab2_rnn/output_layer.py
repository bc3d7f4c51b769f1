"""The output layer: one affine map, applied to every state."""

from collections.abc import Mapping

import numpy as np

from autograder.labs.lab2_rnn._draws import Array, state
from autograder.spec import Exercise, Mistake, but, weights
from solutions.lab2_rnn import output_layer


def inputs(rng: np.random.Generator, B: int, T: int, H: int, O: int) -> Mapping[str, Array]:
    return {
        "h": state(rng, B, T, H),
        "W_hy": weights(rng, H, O),
        "b_y": rng.uniform(0.3, 1.0, O) * rng.choice([-1.0, 1.0], O),
    }


def softmax(h: Array, W_hy: Array, b_y: Array) -> Array:
    y = output_layer(h, W_hy, b_y)
    raised = np.exp(y - y.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def sigmoid(h: Array, W_hy: Array, b_y: Array) -> Array:
    return 1 / (1 + np.exp(-output_layer(h, W_hy, b_y)))


def edits_by_bias(h: Array, W_hy: Array, b_y: Array) -> Array:
    b_y += h.mean() * 0 + 1
    return output_layer(h, W_hy, b_y - 1)


def buffer_of_float64(h: Array, W_hy: Array, b_y: Array) -> Array:
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


EXERCISE = Exercise(
    reference=output_layer,
    inputs=inputs,
    points=5,
    axes={"B": 3, "T": 5, "H": 6, "O": 2},
    shapes={"h": "B T H", "W_hy": "H O", "b_y": "O", "return": "B T O"},
    without=frozenset({"integer inputs"}),
    mistakes=(
        Mistake(
            "tanh", but(output_layer, returns=np.tanh),
            when="the outputs are squashed like states",
            look="An output may be any number; look at what you do after the sum.",
        ),
        Mistake(
            "softmax", softmax,
            when="the outputs are turned into probabilities",
            look="An output may be any number; look at what you do after the sum.",
        ),
        Mistake(
            "sigmoid", sigmoid,
            when="the outputs are squashed between 0 and 1",
            look="An output may be any number; look at what you do after the sum.",
        ),
        Mistake(
            "no_bias", but(output_layer, b_y=np.zeros_like),
            when="the bias is left out",
            look="What should come out where a state is all zeros?",
        ),
        Mistake(
            "bias_twice", but(output_layer, b_y=lambda b: 2 * b),
            when="the bias is added twice",
            look="What should come out where a state is all zeros?",
        ),
        Mistake(
            "bias_subtracted", but(output_layer, b_y=np.negative),
            when="the bias enters with the wrong sign",
            look="What should come out where a state is all zeros?",
        ),
        Mistake(
            "only_the_last", but(output_layer, returns=lambda y: y[:, -1]),
            when="only the last state is read",
            look="Compare the shape that you return with the one asked for.",
        ),
        Mistake(
            "summed_over_time", but(output_layer, returns=lambda y: y.sum(axis=1)),
            when="the outputs are added up over time",
            look="Compare the shape that you return with the one asked for.",
        ),
        Mistake(
            "time_first", but(output_layer, returns=lambda y: y.transpose(1, 0, 2)),
            when="time stands in front of the batch",
            look="Compare the axes that you return with those asked for.",
        ),
        Mistake(
            "first_state_always", but(output_layer, h=lambda h: np.repeat(h[:, :1], h.shape[1], 1)),
            when="every output is read from the first state",
            look="Look at the index of h.",
        ),
        Mistake(
            "edits_by_bias", edits_by_bias,
            when="the bias of the caller is changed",
            look="Look for += on something that was handed in.",
        ),
        Mistake(
            "buffer_of_float64", buffer_of_float64,
            when="the outputs are kept in float64 whatever came in",
            look="Look at the dtype of the array that you write into.",
        ),
    ),
    cases=(),
    also_right=(step_by_step, flattened, einsum),
    look="One matrix product over the last axis of h, and one sum.",
)  # fmt: skip
