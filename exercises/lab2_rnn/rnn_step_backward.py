"""The backward pass of one step."""

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab2_rnn._draws import GRADIENTS, WEIGHTS, recurrent, state
from exercises.lab2_rnn._programs import SLOPE_OF_TANH, in_float64, slope, step
from solutions.lab2_rnn import rnn_step, rnn_step_backward


def inputs(rng, B, I, H):
    x, h_prev = rng.standard_normal((B, I)), state(rng, B, H)
    params = recurrent(rng, I, H)
    h = rnn_step(x, h_prev, **params)
    del params["b_h"]
    return {"dh": rng.standard_normal((B, H)), "x": x, "h_prev": h_prev, "h": h, **params}


wrong = Mistakes()

said = "the gradient reaches the weights without passing back through tanh. Which operation of the forward pass did you not undo first?"
wrong.add("no_tanh_slope", slope("1"), said)

wrong.add(
    "divided_by_slope",
    step("as_float(dh) * (1", "as_float(dh) / (1"),
    "dh is divided by the derivative of tanh. What does the chain rule do with two derivatives?",
)

wrong.family(
    SLOPE_OF_TANH,
    (
        "tanh_twice",
        slope("(1 - np.tanh(h) ** 2)"),
        "tanh is applied to h once more before its derivative is taken",
    ),
    ("sigmoid_slope", slope("h * (1 - h)"), "the derivative of the sigmoid is used"),
    ("square_missing", slope("(1 - h)"), "the square is missing in the derivative of tanh"),
    (
        "square_outside",
        slope("(1 - h) ** 2"),
        "the whole difference is squared, in place of h alone",
    ),
    ("plus_square", slope("(1 + h**2)"), "the square is added where it should be taken away"),
    (
        "slope_of_z",
        slope("(1 - np.arctanh(h) ** 2)"),
        "the derivative is taken with the sum before tanh in place of h",
    ),
)

said = "the derivatives of one sample are used for the next. Look at which h stands in the derivative of tanh."
wrong.add("slope_of_h_prev", but(rnn_step_backward, h=lambda h: np.roll(h, 1, axis=0)), said)

said = "dx is made before passing back through tanh. Which gradient should the product for dx start from?"
wrong.add("dx_before_tanh", step("dz @ W_xh.T", "dh @ W_xh.T"), said)

said = "dh_prev is made before passing back through tanh. Which gradient should the product for dh_prev start from?"
wrong.add("dh_prev_before_tanh", step("dz @ W_hh.T", "dh @ W_hh.T"), said)

said = "W_hh is not transposed on the way back to the old state. Write out one number of h as a sum over j, and derive by h_prev[j]."
wrong.add("dh_prev_untransposed", step("dz @ W_hh.T", "dz @ W_hh"), said)

said = "dW_hh is made with the new state in place of the old one. By which state was W_hh multiplied in the forward pass?"
wrong.add("dW_hh_from_new_state", step("h_prev.T @ dz", "h.T @ dz"), said)

said = "dW_hh comes out transposed: it is square, so nothing complains. Entry [j, k] of W_hh leads from old unit j to new unit k."
wrong.add("dW_hh_transposed", step("h_prev.T @ dz", "dz.T @ h_prev"), said)

said = "db_h is made before passing back through tanh. Which gradient should the sum for db_h start from?"
wrong.add("db_before_tanh", step("dz.sum(axis=0)", "dh.sum(axis=0)"), said)

said = "db_h is taken from the first sample alone. Every sample used the same b_h: what follows for db_h?"
wrong.add("first_sample_bias", step("dz.sum(axis=0)", "dz[0]"), said)

said = "db_h is summed over the units, and one number is left for each sample. A gradient has the shape of what it belongs to."
wrong.add("bias_over_units", step("dz.sum(axis=0)", "dz.sum(axis=1)"), said)

said = "db_h keeps an axis for the batch. A gradient has the shape of what it belongs to."
wrong.add("bias_with_batch_axis", step("dz.sum(axis=0)", "dz.sum(axis=0, keepdims=True)"), said)

wrong.family(
    "dh carries every factor of the loss already.",
    ("mean_bias", step("dz.sum(", "dz.mean("), "db_h is a mean over the batch"),
    (
        "per_sample",
        edited(
            rnn_step_backward,
            {": x.T": ": x.T / len(x)", "h_prev.T": "h_prev.T / len(x)", "dz.sum(": "dz.mean("},
        ),
        "the gradients of the weights are divided by the size of the batch",
    ),
)

said = (
    "all gradients have the wrong sign. Look for a minus sign that the forward pass does not have."
)
wrong.add("wrong_sign", but(rnn_step_backward, dh=np.negative), said)

wrong.add(
    "reshaped",
    edited(
        rnn_step_backward,
        {
            "dz @ W_xh.T": "dz @ W_xh.reshape(W_xh.T.shape)",
            "x.T @ dz": "x.reshape(x.T.shape) @ dz",
            "h_prev.T @ dz": "h_prev.reshape(h_prev.T.shape) @ dz",
        },
    ),
    "the arrays are reshaped where they should be transposed. Try both on a matrix of 2 × 3: where does its second number go?",
)

wrong.add(
    "edits_dh",
    step("as_float(dh) * (1 - as_float(h) ** 2)", "dh\n    dz *= 1 - h**2"),
    "the caller's dh is multiplied in place. Look for *= on something that was handed in.",
)

said = "the gradients are float64 whatever came in. Look at where your code names a dtype."
wrong.add("always_float64", but(rnn_step_backward, returns=in_float64), said)

EXERCISE = Exercise(
    reference=rnn_step_backward,
    inputs=inputs,
    points=12,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={"dh": "B H", "x": "B I", "h_prev": "B H", "h": "B H", **WEIGHTS}
    | {"dx": "B I", "dh_prev": "B H", **GRADIENTS},
    mistakes=wrong,
    look="First dz, the gradient at the sum inside tanh; then each of the five follows from dz.",
    when_right=(
        "The shapes decide nearly everything: dW_xh has to be (I, H), and only one product of x "
        "and dz gives that. They do not decide for W_hh, which is square, so its transpose is the "
        "mistake that most people make. The slope from h costs one square and no second tanh. "
        "Next question: which of the five results would you need if the network had only one "
        "step?"
    ),
)
