"""Both states of an LSTM, from the first step to the last."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab3_lstm._draws import lstm_params, states
from exercises.lab3_lstm._programs import (
    HANDED_IN,
    INDENTED,
    RESHAPED,
    TIME,
    Program,
    as_float64,
    backwards,
    last_step,
    last_step_everywhere,
    reshaped,
    time_first,
)
from solutions.lab3_lstm import lstm_forward


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int) -> Mapping[str, Any]:
    h0, c0 = states(rng, B, H)
    return {
        "x": rng.standard_normal((B, T, I)),
        "h0": h0,
        "c0": c0,
        "params": lstm_params(rng, I, H),
    }


loop = partial(edited, lstm_forward)


def start(pair: str) -> Program:
    """The loop with another h and c before its first step."""
    return loop({"h, c = h0, c0": f"h, c = {pair}"})


def carry(line: str) -> Program:
    """The loop with one more line at the end of each turn."""
    return loop({"cells.append(c)": f"cells.append(c)\n        {line}"})


wrong = Mistakes()

START = "Write down, for the first step, which h and which c go in."
wrong.add(
    "both_from_zeros",
    start("0 * h0, 0 * c0"),
    "the first step starts from zeros although two states were handed over. " + START,
)
wrong.family(
    START,
    ("h_from_zeros", start("0 * h0, c0"), "the first step starts from a state of zeros"),
    ("c_from_zeros", start("h0, 0 * c0"), "the first step starts from a cell of zeros"),
    ("one_start_for_both", start("h0, h0"), "state and cell both start from h0"),
    ("starts_exchanged", start("c0, h0"), "h0 and c0 have changed places"),
)

CARRY = "Write down, for the second step, which h and which c go in."
wrong.add(
    "cell_reset",
    carry("c = 0 * c"),
    "the cell starts from zero again at every step after the first. " + CARRY,
)
wrong.family(
    CARRY,
    ("always_from_h0", carry("h = h0"), "every step sees h0 as its old state"),
    ("always_from_c0", carry("c = c0"), "every step sees c0 as its old cell"),
    ("always_from_both", carry("h, c = h0, c0"), "every step starts again from h0 and c0"),
    ("state_carried_as_cell", carry("c = h"), "the next step gets the state as its cell too"),
    ("squashed_cell_carried", carry("c = np.tanh(c)"), "the next step gets a squashed cell"),
)
wrong.add(
    "carried_crosswise",
    carry("h, c = c, h"),
    "state and cell change places from one step to the next. In which order does lstm_step return its two results?",
)

wrong.add(
    "first_input_only",
    loop({"x[:, t]": "x[:, 0]"}),
    "every step reads the first input. Which x does the second step read?",
)
wrong.add(
    "reads_backwards",
    but(lstm_forward, x=backwards),
    "the inputs are read from the last to the first. Change the last input: which states may move?",
)
wrong.add(
    "results_backwards",
    but(lstm_forward, returns=backwards),
    "the results stand in the wrong order in time. Which step should stand at index 0?",
)
wrong.add(
    "time_first",
    but(lstm_forward, returns=time_first),
    "time is the first axis of the results. Along which axis do you stack?",
)
wrong.add(
    "reshaped",
    but(lstm_forward, returns=reshaped),
    "what the steps gave is reshaped to the due shape, and stands in the wrong places. "
    + RESHAPED,
)
wrong.add(
    "returns_in_the_loop",
    loop({"cells.append(c)": "cells.append(c)\n        break"}),
    "the function returns after the first step. " + INDENTED,
)
wrong.add(
    "loops_over_samples",
    loop({"range(x.shape[1])": "range(x.shape[0])", "x[:, t]": "x[t]"}),
    "the loop runs over the first axis of x, which is the batch. " + TIME,
)
wrong.add(
    "last_only",
    but(lstm_forward, returns=last_step),
    "only the states of the last step come back. The statement asks for the states after every step.",
)
wrong.add(
    "last_cell_only",
    but(lstm_forward, returns=lambda pair: (pair[0], pair[1][:, -1])),
    "only the last cell comes back. The cells are asked for every step.",
)
wrong.add(
    "one_array_all_along",
    but(lstm_forward, returns=last_step_everywhere),
    "every step shows the states of the last one. Did you append one array T times and overwrite it?",
)


@wrong
def slot_zero(x, h0, c0, params):
    """h0 and c0 stand among the results and the last step does not.
    T steps give T results. What is the first of them?"""
    h, c = lstm_forward(x, h0, c0, params)
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    return before, np.concatenate([c0[:, None], c[:, :-1]], axis=1)


wrong.add(
    "cell_first",
    but(lstm_forward, returns=lambda pair: (pair[1], pair[0])),
    "the two come back in the other order. Compare the order of what you return with the statement.",
)
wrong.add(
    "state_only",
    but(lstm_forward, returns=lambda pair: pair[0]),
    "only the states come back, without the cells. Two arrays are asked for.",
)
wrong.add(
    "cells_squashed",
    but(lstm_forward, returns=lambda pair: (pair[0], np.tanh(pair[1]))),
    "the cells in the result have been squashed. Which c does lstm_step return?",
)

wrong.add(
    "edits_starts",
    loop({"return np": "h0[...], c0[...] = h, c\n    return np"}),
    "h0 and c0 hold the last states after the call. " + HANDED_IN,
)


@wrong
def buffers_like_x(x, h0, c0, params):
    """the results are kept in arrays of the input's own dtype.
    What can an array of integers hold?"""
    h, c = lstm_forward(x, h0, c0, params)
    return h.astype(x.dtype), c.astype(x.dtype)


wrong.add(
    "always_float64",
    but(lstm_forward, returns=as_float64),
    "the results are float64 whatever came in. Which dtype does a new array of zeros have?",
)


EXERCISE = Exercise(
    reference=lstm_forward,
    inputs=inputs,
    points=10,
    axes={"B": 3, "T": 5, "I": 4, "H": 6},
    shapes={"x": "B T I", "h0": "B H", "c0": "B H", "return": "B T H"},
    parts=("h", "c"),
    mistakes=wrong,
    look="Write down, for the second step, which x, which h and which c go in.",
    when_right=(
        "It is the loop of lab 2 with two things that travel. The products of all inputs with "
        "their rows of W could be done before the loop; only the part of h has to wait. Starts of "
        "zero hide that h0 and c0 were exchanged or left out, and a sequence of one step hides "
        "all that may go wrong in between. Next question: run the first half of a sequence, then "
        "the second from where it ended. What must be equal, and which state must not be lost?"
    ),
)
