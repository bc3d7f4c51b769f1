"""Both states of an LSTM, from the first step to the last."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but
from exercises.lab3_lstm._draws import (
    Array,
    Params,
    as_float64,
    lstm_params,
    plain_sigmoid,
    states,
)
from solutions.lab3_lstm import lstm_forward, lstm_step

Pair = tuple[Array, Array]


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int) -> Mapping[str, Any]:
    h0, c0 = states(rng, B, H)
    return {
        "x": rng.standard_normal((B, T, I)),
        "h0": h0,
        "c0": c0,
        "params": lstm_params(rng, I, H),
    }


def carrying(carry: Callable[[Array, Array, Array, Array], Pair]) -> Callable[..., Pair]:
    """The loop with another choice of what goes on to the next step: carry(h, c, h0, c0)."""

    def changed(x: Array, h0: Array, c0: Array, params: Params) -> Pair:
        h, c, out_h, out_c = h0, c0, [], []
        for t in range(x.shape[1]):
            new_h, new_c = lstm_step(x[:, t], h, c, params)
            out_h.append(new_h)
            out_c.append(new_c)
            h, c = carry(new_h, new_c, h0, c0)
        return np.stack(out_h, axis=1), np.stack(out_c, axis=1)

    return changed


def one_start_for_both(x: Array, h0: Array, c0: Array, params: Params) -> Pair:
    return lstm_forward(x, h0, h0, params)


def starts_exchanged(x: Array, h0: Array, c0: Array, params: Params) -> Pair:
    return lstm_forward(x, c0, h0, params)


def first_input_only(x: Array) -> Array:
    return np.repeat(x[:, :1], x.shape[1], axis=1)


wrong = Mistakes()


@wrong
def slot_zero(x: Array, h0: Array, c0: Array, params: Params) -> Pair:
    """h0 and c0 stand among the results and the last step does not.
    T steps give T results. What is the first of them?"""
    h, c = lstm_forward(x, h0, c0, params)
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    return before, np.concatenate([c0[:, None], c[:, :-1]], axis=1)


@wrong
def one_array_all_along(x: Array, h0: Array, c0: Array, params: Params) -> Pair:
    """every step shows the states of the last one.
    Did you append one array T times and overwrite it?"""
    h, c = lstm_forward(x, h0, c0, params)
    T = x.shape[1]
    return np.repeat(h[:, -1:], T, axis=1), np.repeat(c[:, -1:], T, axis=1)


@wrong
def edits_starts(x: Array, h0: Array, c0: Array, params: Params) -> Pair:
    """h0 and c0 hold the last states after the call.
    Look for an assignment into what was handed in."""
    right = lstm_forward(x, h0, c0, params)
    h0[...], c0[...] = right[0][:, -1], right[1][:, -1]
    return right


@wrong
def buffers_like_x(x: Array, h0: Array, c0: Array, params: Params) -> Pair:
    """the results are kept in arrays of the input's own dtype.
    What can an array of integers hold?"""
    h, c = lstm_forward(x, h0, c0, params)
    return h.astype(x.dtype), c.astype(x.dtype)


def time_first(pair: Pair) -> Pair:
    return pair[0].swapaxes(0, 1), pair[1].swapaxes(0, 1)


def last_only(pair: Pair) -> Pair:
    return pair[0][:, -1], pair[1][:, -1]


def last_cell_only(pair: Pair) -> Pair:
    return pair[0], pair[1][:, -1]


def cell_first(pair: Pair) -> Pair:
    return pair[1], pair[0]


def state_only(pair: Pair) -> Array:
    return pair[0]


def cells_squashed(pair: Pair) -> Pair:
    return pair[0], np.tanh(pair[1])


def backwards(pair: Pair) -> Pair:
    return pair[0][:, ::-1], pair[1][:, ::-1]


def with_buffers(x: Array, h0: Array, c0: Array, params: Params) -> Pair:
    B, T, _ = x.shape
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    h = np.empty((B, T + 1, h0.shape[1]), dtype=dtype)
    c = np.empty_like(h)
    h[:, 0], c[:, 0] = h0, c0
    for t in range(T):
        h[:, t + 1], c[:, t + 1] = lstm_step(x[:, t], h[:, t], c[:, t], params)
    return h[:, 1:], c[:, 1:]


def inputs_first(x: Array, h0: Array, c0: Array, params: Params) -> list[Array]:
    n = x.shape[-1]
    z_x = {q: x @ params[f"W_{q}"][:n] + params[f"b_{q}"] for q in "figo"}
    h, c = h0, c0
    out: list[list[Array]] = [[], []]
    for t in range(x.shape[1]):
        z = {q: z_x[q][:, t] + h @ params[f"W_{q}"][n:] for q in "figo"}
        c = c * plain_sigmoid(z["f"]) + plain_sigmoid(z["i"]) * np.tanh(z["g"])
        h = plain_sigmoid(z["o"]) * np.tanh(c)
        out[0].append(h)
        out[1].append(c)
    return [np.stack(part, axis=1) for part in out]


def time_in_front(x: Array, h0: Array, c0: Array, params: Params) -> Pair:
    pairs = []
    h, c = h0.copy(), c0.copy()
    for x_t in np.swapaxes(x, 0, 1):
        h, c = lstm_step(x_t, h, c, params)
        pairs.append((h, c))
    both: Array = np.array(pairs).transpose(1, 2, 0, 3)
    return both[0], both[1]


CARRY = "Write down, for the second step, which h and which c go in."
START = "Write down, for the first step, which h and which c go in."

wrong.add(
    "h_from_zeros",
    but(lstm_forward, h0=np.zeros_like),
    "the first step starts from a state of zeros. " + START,
)
wrong.add(
    "c_from_zeros",
    but(lstm_forward, c0=np.zeros_like),
    "the first step starts from a cell of zeros. " + START,
)
wrong.add(
    "both_from_zeros",
    but(lstm_forward, h0=np.zeros_like, c0=np.zeros_like),
    "the first step starts from zeros although two states were handed over. " + START,
)
wrong.add("one_start_for_both", one_start_for_both, "state and cell both start from h0. " + START)
wrong.add("starts_exchanged", starts_exchanged, "h0 and c0 have changed places. " + START)
wrong.add(
    "always_from_h0",
    carrying(lambda h, c, h0, c0: (h0, c)),
    "every step sees h0 as its old state. " + CARRY,
)
wrong.add(
    "always_from_c0",
    carrying(lambda h, c, h0, c0: (h, c0)),
    "every step sees c0 as its old cell. " + CARRY,
)
wrong.add(
    "always_from_both",
    carrying(lambda h, c, h0, c0: (h0, c0)),
    "every step starts again from h0 and c0. " + CARRY,
)
wrong.add(
    "cell_reset",
    carrying(lambda h, c, h0, c0: (h, np.zeros_like(c))),
    "the cell starts from zero again at every step after the first. " + CARRY,
)
wrong.add(
    "carried_crosswise",
    carrying(lambda h, c, h0, c0: (c, h)),
    "state and cell change places from one step to the next. In which order does lstm_step return its two results?",
)
wrong.add(
    "state_carried_as_cell",
    carrying(lambda h, c, h0, c0: (h, h)),
    "the next step gets the state as its cell too. " + CARRY,
)
wrong.add(
    "squashed_cell_carried",
    carrying(lambda h, c, h0, c0: (h, np.tanh(c))),
    "the next step gets a squashed cell. " + CARRY,
)
wrong.add(
    "first_input_only",
    but(lstm_forward, x=first_input_only),
    "every step reads the first input. Which x does the second step read?",
)
wrong.add(
    "reads_backwards",
    but(lstm_forward, x=lambda x: x[:, ::-1]),
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
    "last_only",
    but(lstm_forward, returns=last_only),
    "only the states of the last step come back. The statement asks for the states after every step.",
)
wrong.add(
    "last_cell_only",
    but(lstm_forward, returns=last_cell_only),
    "only the last cell comes back. The cells are asked for every step.",
)
wrong.add(
    "cell_first",
    but(lstm_forward, returns=cell_first),
    "the two come back in the other order. Compare the order of what you return with the statement.",
)
wrong.add(
    "state_only",
    but(lstm_forward, returns=state_only),
    "only the states come back, without the cells. Two arrays are asked for.",
)
wrong.add(
    "cells_squashed",
    but(lstm_forward, returns=cells_squashed),
    "the cells in the result have been squashed. Which c does lstm_step return?",
)
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
    also_right=(with_buffers, inputs_first, time_in_front),
    look="Write down, for the second step, which x, which h and which c go in.",
)
