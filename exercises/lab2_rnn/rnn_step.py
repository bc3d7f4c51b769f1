"""One step of a recurrent network."""

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab2_rnn._draws import RECURRENT, recurrent, state
from exercises.lab2_rnn._programs import NO_RETURN
from solutions.lab2_rnn import rnn_step


def inputs(rng, B, I, H):
    x, h_prev = rng.standard_normal((B, I)), state(rng, B, H)
    return {"x": x, "h_prev": h_prev, **recurrent(rng, I, H)}


SUM = "x @ W_xh + h_prev @ W_hh + b_h"


def formula(text: str):
    """The reference with another formula for the new state."""
    return edited(rnn_step, {f"np.tanh({SUM})": text})


wrong = Mistakes()


@wrong
def no_tanh(x, h_prev, W_xh, W_hh, b_h):
    """nothing squashes the sum: your state leaves the range from -1 to 1.
    Compare your last line with the formula, from the outside in."""
    return x @ W_xh + h_prev @ W_hh + b_h


wrong.family(
    "Count how often the formula squashes, and what it squashes.",
    (
        "tanh_per_term",
        formula("np.tanh(x @ W_xh) + np.tanh(h_prev @ W_hh) + b_h"),
        "each term has a tanh of its own and the bias has none",
    ),
    (
        "tanh_per_term_bias_inside",
        formula("np.tanh(x @ W_xh + b_h) + np.tanh(h_prev @ W_hh)"),
        "the two products are squashed apart and added afterwards",
    ),
)

wrong.family(
    "Can a state be negative in your version? Can it be in the formula?",
    (
        "sigmoid",
        formula(f"1 / (1 + np.exp(-({SUM})))"),
        "the squashing function never goes below zero, as a sigmoid does",
    ),
    ("relu", formula(f"np.maximum(0.0, {SUM})"), "negative sums are cut to zero, as a ReLU does"),
)

wrong.family(
    "Try zero inputs and a zero state: what does the formula give then?",
    ("no_bias", but(rnn_step, b_h=np.zeros_like), "the bias is left out"),
    ("bias_twice", but(rnn_step, b_h=lambda b_h: 2 * b_h), "the bias is added twice"),
    (
        "bias_outside",
        formula("np.tanh(x @ W_xh + h_prev @ W_hh) + b_h"),
        "the bias is added after squashing",
    ),
)

said = "only the diagonal of W_hh is used, so that units do not hear each other. Each new unit listens to every old unit: which product does that?"
wrong.add("diagonal", formula("np.tanh(x @ W_xh + h_prev * np.diag(W_hh) + b_h)"), said)

said = "the old state is added on top of the new one. The formula replaces the state; look at what you add last."
wrong.add("residual", formula(f"h_prev + np.tanh({SUM})"), said)

said = "W_hh is used transposed: it is square, so nothing complains. Samples are rows here; check on which side of W_hh the state stands."
wrong.add("W_hh_transposed", but(rnn_step, W_hh=np.transpose), said)

said = (
    "the recurrent term enters with the wrong sign. Check the signs of the three terms of the sum."
)
wrong.add("state_subtracted", but(rnn_step, W_hh=np.negative), said)

said = "the old state does not matter. Change h_prev and call again: does the result change?"
wrong.add("ignores_state", but(rnn_step, h_prev=np.zeros_like), said)

said = "the input does not matter. Change x and call again: does the result change?"
wrong.add("ignores_input", but(rnn_step, x=np.zeros_like), said)


said = "the new state is written into the caller's h_prev. Look at where your result is stored."
wrong.add("edits_h_prev", edited(rnn_step, {"return h": "h_prev[:] = h\n    return h"}), said)


@wrong
def buffer_like_x(x, h_prev, W_xh, W_hh, b_h):
    """the result is written into a buffer with the dtype of integer inputs.
    Look at the dtype of the array that you write into."""
    h = np.zeros(h_prev.shape, dtype=x.dtype)
    h[:] = rnn_step(x, h_prev, W_xh, W_hh, b_h)
    return h


said = "the result is turned into float64 whatever came in. Look at the arrays that your code makes: which dtype do they get?"
wrong.add("always_float64", but(rnn_step, returns=lambda h: h.astype(np.float64)), said)

wrong.add("nothing_returned", but(rnn_step, returns=lambda h: None), NO_RETURN)

EXERCISE = Exercise(
    reference=rnn_step,
    inputs=inputs,
    points=8,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={"x": "B I", "h_prev": "B H", **RECURRENT, "return": "B H"},
    mistakes=wrong,
    look="Write down the formula for one sample with two units and compare term by term.",
    when_right=(
        "One line is the whole network. Two traps stand close by: a tanh around a part of the sum "
        "only, and a bias outside of it; both look right as long as the numbers are small, "
        "because tanh(z) is nearly z there. Next question: if you stacked x and h_prev side by "
        "side, and W_xh on top of W_hh, how many products would a step need, and why do libraries "
        "do it that way?"
    ),
)
