"""Every state of a recurrent network, from the first step to the last."""

import functools

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab2_rnn._draws import RECURRENT, recurrent, state
from exercises.lab2_rnn._programs import INDENTED
from solutions.lab2_rnn import rnn_forward, rnn_step


def inputs(rng, B, T, I, H):
    x, h0 = rng.standard_normal((B, T, I)), state(rng, B, H)
    return {"x": x, "h0": h0, **recurrent(rng, I, H)}


STEP = "rnn_step(x[:, t], h, W_xh, W_hh, b_h)"
SUM = "x[:, t] @ W_xh + h @ W_hh + b_h"
STACK = "np.stack(states, axis=1)"

changed = functools.partial(edited, rnn_forward)

wrong = Mistakes()

said = "the first step starts from zeros although the caller handed over h0. Look at the state that the first turn of your loop reads."
wrong.add("starts_from_zeros", but(rnn_forward, h0=np.zeros_like), said)

said = "every step starts again from h0. Look at which h the second turn of your loop uses."
wrong.add("always_from_h0", changed({STEP: "rnn_step(x[:, t], h0, W_xh, W_hh, b_h)"}), said)

said = "every step reads the first input. Look at the index of x inside your loop."
wrong.add("first_input_always", changed({STEP: "rnn_step(x[:, 0], h, W_xh, W_hh, b_h)"}), said)

wrong.add(
    "loops_over_samples",
    changed({"range(x.shape[1])": "range(x.shape[0])", "x[:, t]": "x[t]"}),
    "the loop runs over the first axis of x, which is the batch. Which axis of x is time?",
)

wrong.family(
    "Change the last input only: which of your states move?",
    (
        "reads_backwards",
        but(rnn_forward, x=lambda x: x[:, ::-1]),
        "the inputs are read from the last to the first",
    ),
    (
        "reads_backwards_and_turns",
        but(rnn_forward, x=lambda x: x[:, ::-1], returns=lambda h: h[:, ::-1]),
        "the sequence is read from its end and the states are turned round",
    ),
)

said = "the states come out in reverse order. Look at the order in which the states are collected."
wrong.add("returns_backwards", but(rnn_forward, returns=lambda h: h[:, ::-1]), said)

wrong.family(
    "What should the first of the T states be made from?",
    (
        "h0_in_slot_0",
        changed({"states = []": "states = [h0]", "range(": "range(1, "}),
        "the first slot holds h0 and the loop starts at the second input",
    ),
    (
        "one_step_late",
        changed({STACK: "np.stack([h0, *states[:-1]], axis=1)"}),
        "each state is stored one step too late",
    ),
)

said = (
    "h0 itself is among the states, one more than there are steps. Count the steps and the states."
)
wrong.add("h0_among_the_states", changed({"states = []": "states = [h0]"}), said)

said = (
    "the loop stops before the last input. Look at the last number that your loop variable takes."
)
wrong.add("stops_one_early", changed({STACK: "np.stack([*states[:-1], 0 * h], axis=1)"}), said)

wrong.add(
    "carries_the_sum",
    changed({STEP: SUM, "states.append(h)": "states.append(np.tanh(h))"}),
    "the sum before the tanh is handed to the next step. Look at what your loop carries from one turn to the next.",
)

said = "nothing squashes the sum. Look at the largest number that you return."
wrong.add("no_tanh", changed({STEP: SUM}), said)

said = "each new state is added on top of the old one. The formula replaces the state; look at what your loop adds."
wrong.add("residual", changed({STEP: f"h + {STEP}"}), said)

said = "W_hh is used transposed: it is square, so nothing complains. Samples are rows here; check on which side of W_hh the state stands."
wrong.add("W_hh_transposed", but(rnn_forward, W_hh=np.transpose), said)

said = "the bias is left out. With zero inputs and a zero h0, what is the first state?"
wrong.add("no_bias", but(rnn_forward, b_h=np.zeros_like), said)

wrong.add(
    "same_array_each_time",
    changed({"h = h0": "h = as_float(h0).copy()", f"h = {STEP}": f"h[:] = {STEP}"}),
    "one array is collected T times, so that all states show the last one. Look at whether each turn of your loop makes a new array.",
)

said = "the states are written into the caller's h0. Look at where your loop stores the new state."
wrong.add("edits_h0", changed({f"h = {STEP}": f"h0[:] = h = {STEP}"}), said)

said = "only the last state comes back. Compare the shape that you return with the one asked for."
wrong.add("only_the_last", but(rnn_forward, returns=lambda h: h[:, -1]), said)

said = "the states are stacked with time in front of the batch. Compare the axes that you return with those asked for."
wrong.add("time_first", but(rnn_forward, returns=lambda h: h.transpose(1, 0, 2)), said)

wrong.add(
    "reshaped",
    changed({STACK: "np.array(states).reshape(*x.shape[:2], -1)"}),
    "the collected states are reshaped to the due shape, and stand in the wrong places. Which numbers does reshape put into the first row?",
)

wrong.add(
    "returns_in_the_loop",
    changed({"states.append(h)": f"states.append(h)\n        return {STACK}"}),
    "the function returns after the first step. " + INDENTED,
)

said = "the states are kept in float64 whatever came in. Look at the dtype of the array that you write into."
wrong.add("buffer_of_float64", but(rnn_forward, returns=lambda h: h.astype(np.float64)), said)


@wrong
def buffer_like_x(x, h0, W_xh, W_hh, b_h):
    """the states are written into a buffer with the dtype of integer inputs.
    Look at the dtype of the array that you write into."""
    B, T, _ = x.shape
    states = np.zeros((B, T, h0.shape[1]), dtype=x.dtype)
    h = h0
    for t in range(T):
        states[:, t] = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        h = states[:, t]
    return states


EXERCISE = Exercise(
    reference=rnn_forward,
    inputs=inputs,
    points=10,
    axes={"B": 3, "T": 5, "I": 4, "H": 6},
    shapes={"x": "B T I", "h0": "B H", **RECURRENT, "return": "B T H"},
    mistakes=wrong,
    look="Write down, for the second step, which x and which h go in.",
    when_right=(
        "An array of zeros of shape (B, T, H), filled step by step, does the same as a list that "
        "is stacked in the end; whichever you chose, its dtype should follow the inputs. The "
        "product of all inputs with W_xh can be done before the loop, in one go: only the other "
        "product has to wait for the state. Next question: which part of the work could never be "
        "done for all steps at once?"
    ),
)
