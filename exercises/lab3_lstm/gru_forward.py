"""Every state of a GRU, from the first step to the last."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab3_lstm._draws import gru_params, states
from exercises.lab3_lstm._programs import (
    HANDED_IN,
    HOLDS_INTEGERS,
    INDENTED,
    RESHAPED,
    TIME,
    as_float64,
    backwards,
    last_step,
    last_step_everywhere,
    reshaped,
    time_first,
)
from solutions.lab3_lstm import gru_forward


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int) -> Mapping[str, Any]:
    return {
        "x": rng.standard_normal((B, T, I)),
        "h0": states(rng, B, H)[0],
        "params": gru_params(rng, I, H),
    }


loop = partial(edited, gru_forward)

wrong = Mistakes()

SECOND = "Look at which h the second turn of your loop uses."
wrong.add(
    "always_from_h0",
    loop({"x[:, t], h,": "x[:, t], h0,"}),
    "every step starts again from h0. " + SECOND,
)
wrong.add(
    "every_other_state",
    loop(
        {"states = []": "states = [h0, h0]", "], h,": "], states[-2],", "(states,": "(states[2:],"}
    ),
    "each step reads a state that is one step too old. " + SECOND,
)
wrong.add(
    "from_zeros",
    but(gru_forward, h0=np.zeros_like),
    "the first step starts from zeros although the caller handed over h0. Look at the state that the first turn of your loop reads.",
)
wrong.add(
    "first_input_only",
    loop({"x[:, t]": "x[:, 0]"}),
    "every step reads the first input. Which x does the second step read?",
)
wrong.add(
    "reads_backwards",
    but(gru_forward, x=backwards),
    "the inputs are read from the last to the first. Change the last input: which states may move?",
)
wrong.add(
    "results_backwards",
    but(gru_forward, returns=backwards),
    "the results stand in the wrong order in time. Which step should stand at index 0?",
)

SLOTS = "T steps give T states. What is the first of them?"
wrong.add(
    "slot_zero",
    loop({"states = []": "states = [h0]", "(states,": "(states[:-1],"}),
    "h0 stands among the results and the last state does not. " + SLOTS,
)
wrong.add(
    "with_start",
    loop({"states = []": "states = [h0]"}),
    "h0 stands in front of the results. " + SLOTS,
)
wrong.add(
    "one_array_all_along",
    but(gru_forward, returns=last_step_everywhere),
    "every step shows the state of the last one. Did you append one array T times and overwrite it?",
)
wrong.add(
    "time_first",
    but(gru_forward, returns=time_first),
    "time is the first axis of the result. Along which axis do you stack?",
)
wrong.add(
    "reshaped",
    but(gru_forward, returns=reshaped),
    "what the steps gave is reshaped to the due shape, and stands in the wrong places. "
    + RESHAPED,
)
wrong.add(
    "returns_in_the_loop",
    loop({"states.append(h)": "states.append(h)\n        break"}),
    "the function returns after the first step. " + INDENTED,
)
wrong.add(
    "loops_over_samples",
    loop({"range(x.shape[1])": "range(x.shape[0])", "x[:, t]": "x[t]"}),
    "the loop runs over the first axis of x, which is the batch. " + TIME,
)
wrong.add(
    "last_only",
    but(gru_forward, returns=last_step),
    "only the last state comes back. The statement asks for the state after every step.",
)
wrong.add(
    "with_last",
    but(gru_forward, returns=lambda h: (h, h[:, -1])),
    "the last state comes back a second time, beside all of them. One array is asked for.",
)
wrong.add(
    "edits_start",
    loop({"return np": "h0[...] = h\n    return np"}),
    "h0 holds the last state after the call. " + HANDED_IN,
)
wrong.add(
    "buffer_like_x",
    loop({"(states, axis=1)": "(states, axis=1).astype(x.dtype)"}),
    "the states are kept in an array of the input's own dtype. " + HOLDS_INTEGERS,
)
wrong.add(
    "always_float64",
    but(gru_forward, returns=as_float64),
    "the states are float64 whatever came in. Which dtype does a new array of zeros have?",
)


EXERCISE = Exercise(
    reference=gru_forward,
    inputs=inputs,
    points=5,
    axes={"B": 3, "T": 5, "I": 4, "H": 6},
    shapes={"x": "B T I", "h0": "B H", "return": "B T H"},
    mistakes=wrong,
    look="Write down, for the second step, which x and which h go in.",
    when_right=(
        "One loop could serve the plain RNN and the GRU, if it took the step as an argument. The "
        "traps are those of every such loop: h0 among the results, time on the wrong axis, a step "
        "that starts again from h0. A GRU's state stays between −1 and 1 if it starts there, for "
        "each step takes a weighted mean of two such numbers. Next question: with which z does it "
        "take 100 steps to come half of the way to a candidate that stands still?"
    ),
)
