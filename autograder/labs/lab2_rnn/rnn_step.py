"""One step of a recurrent network."""

from collections.abc import Mapping

import numpy as np

from autograder.labs.lab2_rnn._draws import Array, recurrent, state
from autograder.spec import Exercise, Mistake, but
from solutions.lab2_rnn import rnn_step


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Array]:
    x, h_prev = rng.standard_normal((B, I)), state(rng, B, H)
    return {"x": x, "h_prev": h_prev, **recurrent(rng, I, H)}


def no_tanh(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return x @ W_xh + h_prev @ W_hh + b_h


def tanh_per_term(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x @ W_xh) + np.tanh(h_prev @ W_hh) + b_h


def tanh_per_term_bias_inside(
    x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    return np.tanh(x @ W_xh + b_h) + np.tanh(h_prev @ W_hh)


def bias_outside(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x @ W_xh + h_prev @ W_hh) + b_h


def sigmoid(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return 1 / (1 + np.exp(-no_tanh(x, h_prev, W_xh, W_hh, b_h)))


def relu(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.maximum(0.0, no_tanh(x, h_prev, W_xh, W_hh, b_h))


def diagonal(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x @ W_xh + h_prev * np.diag(W_hh) + b_h)


def residual(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return h_prev + rnn_step(x, h_prev, W_xh, W_hh, b_h)


def edits_h_prev(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    new = rnn_step(x, h_prev, W_xh, W_hh, b_h)
    h_prev[:] = new
    return new


def buffer_like_state(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = np.zeros_like(h_prev)
    h[:] = rnn_step(x, h_prev, W_xh, W_hh, b_h)
    return h


def always_float64(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return rnn_step(x, h_prev, W_xh, W_hh, b_h).astype(np.float64)


def einsum(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    z = np.einsum("bi,ih->bh", x, W_xh) + np.einsum("bj,jh->bh", h_prev, W_hh)
    return np.tanh(z + b_h)


def one_product(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    W = np.concatenate([W_xh, W_hh], axis=0)
    return np.tanh(np.hstack([x, h_prev]).dot(W) + b_h)


def sample_by_sample(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    rows = [W_xh.T @ one + W_hh.T @ old + b_h for one, old in zip(x, h_prev, strict=True)]
    return np.tanh(np.array(rows))


EXERCISE = Exercise(
    reference=rnn_step,
    inputs=inputs,
    points=8,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={
        "x": "B I", "h_prev": "B H", "W_xh": "I H", "W_hh": "H H", "b_h": "H", "return": "B H",
    },
    mistakes=(
        Mistake(
            "no_tanh", no_tanh,
            when="nothing squashes the sum: your state leaves the range from -1 to 1",
            look="Compare your last line with the formula, from the outside in.",
        ),
        Mistake(
            "tanh_per_term", tanh_per_term,
            when="each term has a tanh of its own and the bias has none",
            look="Count how often the formula squashes, and what it squashes.",
        ),
        Mistake(
            "tanh_per_term_bias_inside", tanh_per_term_bias_inside,
            when="the two products are squashed apart and added afterwards",
            look="Count how often the formula squashes, and what it squashes.",
        ),
        Mistake(
            "bias_outside", bias_outside,
            when="the bias is added after squashing",
            look="Try zero inputs and a zero state: what does the formula give then?",
        ),
        Mistake(
            "no_bias", but(rnn_step, b_h=np.zeros_like),
            when="the bias is left out",
            look="Try zero inputs and a zero state: what does the formula give then?",
        ),
        Mistake(
            "bias_twice", but(rnn_step, b_h=lambda b: 2 * b),
            when="the bias is added twice",
            look="Try zero inputs and a zero state: what does the formula give then?",
        ),
        Mistake(
            "sigmoid", sigmoid,
            when="the squashing function never goes below zero, as a sigmoid does",
            look="Can a state be negative in your version? Can it be in the formula?",
        ),
        Mistake(
            "relu", relu,
            when="negative sums are cut to zero, as a ReLU does",
            look="Can a state be negative in your version? Can it be in the formula?",
        ),
        Mistake(
            "W_hh_transposed", but(rnn_step, W_hh=np.transpose),
            when="W_hh is used transposed: it is square, so nothing complains",
            look="Samples are rows here; check on which side of W_hh the state stands.",
        ),
        Mistake(
            "diagonal", diagonal,
            when="only the diagonal of W_hh is used, so that units do not hear each other",
            look="Each new unit listens to every old unit: which product does that?",
        ),
        Mistake(
            "ignores_state", but(rnn_step, h_prev=np.zeros_like),
            when="the old state does not matter",
            look="Change h_prev and call again: does the result change?",
        ),
        Mistake(
            "ignores_input", but(rnn_step, x=np.zeros_like),
            when="the input does not matter",
            look="Change x and call again: does the result change?",
        ),
        Mistake(
            "residual", residual,
            when="the old state is added on top of the new one",
            look="The formula replaces the state; look at what you add last.",
        ),
        Mistake(
            "state_subtracted", but(rnn_step, W_hh=np.negative),
            when="the recurrent term enters with the wrong sign",
            look="Check the signs of the three terms of the sum.",
        ),
        Mistake(
            "edits_h_prev", edits_h_prev,
            when="the new state is written into the caller's h_prev",
            look="Look at where your result is stored.",
        ),
        Mistake(
            "buffer_like_state", buffer_like_state,
            when="the result is written into a buffer with the dtype of integer inputs",
            look="Look at the dtype of the array that you write into.",
        ),
        Mistake(
            "always_float64", always_float64,
            when="the result is turned into float64 whatever came in",
            look="Look at the arrays that your code makes: which dtype do they get?",
        ),
    ),
    also_right=(einsum, one_product, sample_by_sample),
    look="Write down the formula for one sample with two units and compare term by term.",
)
