"""One step of a recurrent network."""

from collections.abc import Mapping

import numpy as np

from autograder.spec import Exercise, Mistakes, but
from exercises.lab2_rnn._draws import Array, recurrent, state
from solutions.lab2_rnn import rnn_step


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Array]:
    x, h_prev = rng.standard_normal((B, I)), state(rng, B, H)
    return {"x": x, "h_prev": h_prev, **recurrent(rng, I, H)}


wrong = Mistakes()


@wrong
def no_tanh(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """nothing squashes the sum: your state leaves the range from -1 to 1.
    Compare your last line with the formula, from the outside in."""
    return x @ W_xh + h_prev @ W_hh + b_h


@wrong
def tanh_per_term(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """each term has a tanh of its own and the bias has none.
    Count how often the formula squashes, and what it squashes."""
    return np.tanh(x @ W_xh) + np.tanh(h_prev @ W_hh) + b_h


@wrong
def tanh_per_term_bias_inside(
    x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    """the two products are squashed apart and added afterwards.
    Count how often the formula squashes, and what it squashes."""
    return np.tanh(x @ W_xh + b_h) + np.tanh(h_prev @ W_hh)


@wrong
def bias_outside(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the bias is added after squashing.
    Try zero inputs and a zero state: what does the formula give then?"""
    return np.tanh(x @ W_xh + h_prev @ W_hh) + b_h


@wrong
def sigmoid(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the squashing function never goes below zero, as a sigmoid does.
    Can a state be negative in your version? Can it be in the formula?"""
    return 1 / (1 + np.exp(-no_tanh(x, h_prev, W_xh, W_hh, b_h)))


@wrong
def relu(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """negative sums are cut to zero, as a ReLU does.
    Can a state be negative in your version? Can it be in the formula?"""
    return np.maximum(0.0, no_tanh(x, h_prev, W_xh, W_hh, b_h))


@wrong
def diagonal(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """only the diagonal of W_hh is used, so that units do not hear each other.
    Each new unit listens to every old unit: which product does that?"""
    return np.tanh(x @ W_xh + h_prev * np.diag(W_hh) + b_h)


@wrong
def residual(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the old state is added on top of the new one.
    The formula replaces the state; look at what you add last."""
    return h_prev + rnn_step(x, h_prev, W_xh, W_hh, b_h)


@wrong
def edits_h_prev(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the new state is written into the caller's h_prev.
    Look at where your result is stored."""
    new = rnn_step(x, h_prev, W_xh, W_hh, b_h)
    h_prev[:] = new
    return new


@wrong
def buffer_like_state(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the result is written into a buffer with the dtype of integer inputs.
    Look at the dtype of the array that you write into."""
    h = np.zeros_like(h_prev)
    h[:] = rnn_step(x, h_prev, W_xh, W_hh, b_h)
    return h


@wrong
def always_float64(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the result is turned into float64 whatever came in.
    Look at the arrays that your code makes: which dtype do they get?"""
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


wrong.add(
    "no_bias",
    but(rnn_step, b_h=np.zeros_like),
    "the bias is left out. Try zero inputs and a zero state: what does the formula give then?",
)
wrong.add(
    "bias_twice",
    but(rnn_step, b_h=lambda b: 2 * b),
    "the bias is added twice. Try zero inputs and a zero state: what does the formula give then?",
)
wrong.add(
    "W_hh_transposed",
    but(rnn_step, W_hh=np.transpose),
    "W_hh is used transposed: it is square, so nothing complains. Samples are rows here; check on which side of W_hh the state stands.",
)
wrong.add(
    "ignores_state",
    but(rnn_step, h_prev=np.zeros_like),
    "the old state does not matter. Change h_prev and call again: does the result change?",
)
wrong.add(
    "ignores_input",
    but(rnn_step, x=np.zeros_like),
    "the input does not matter. Change x and call again: does the result change?",
)
wrong.add(
    "state_subtracted",
    but(rnn_step, W_hh=np.negative),
    "the recurrent term enters with the wrong sign. Check the signs of the three terms of the sum.",
)


EXERCISE = Exercise(
    reference=rnn_step,
    inputs=inputs,
    points=8,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={
        "x": "B I",
        "h_prev": "B H",
        "W_xh": "I H",
        "W_hh": "H H",
        "b_h": "H",
        "return": "B H",
    },
    mistakes=wrong,
    also_right=(einsum, one_product, sample_by_sample),
    look="Write down the formula for one sample with two units and compare term by term.",
)
