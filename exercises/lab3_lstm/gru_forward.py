"""Every state of a GRU, from the first step to the last."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but
from exercises.lab3_lstm._draws import Array, Params, as_float64, gru_params, plain_sigmoid, states
from solutions.lab3_lstm import gru_forward, gru_step


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int) -> Mapping[str, Any]:
    return {
        "x": rng.standard_normal((B, T, I)),
        "h0": states(rng, B, H)[0],
        "params": gru_params(rng, I, H),
    }


wrong = Mistakes()


@wrong
def always_from_h0(x: Array, h0: Array, params: Params) -> Array:
    """every step starts again from h0.
    Look at which h the second turn of your loop uses."""
    steps = [gru_step(x[:, t], h0, params) for t in range(x.shape[1])]
    return np.stack(steps, axis=1)


def every_other_state(x: Array, h0: Array, params: Params) -> Array:
    """Each step reads the state of the step before the one before it."""
    out = [h0, h0]
    for t in range(x.shape[1]):
        out.append(gru_step(x[:, t], out[-2], params))
    return np.stack(out[2:], axis=1)


def first_input_only(x: Array) -> Array:
    return np.repeat(x[:, :1], x.shape[1], axis=1)


@wrong
def slot_zero(x: Array, h0: Array, params: Params) -> Array:
    """h0 stands among the results and the last state does not.
    T steps give T states. What is the first of them?"""
    h = gru_forward(x, h0, params)
    return np.concatenate([h0[:, None].astype(h.dtype), h[:, :-1]], axis=1)


@wrong
def with_start(x: Array, h0: Array, params: Params) -> Array:
    """h0 stands in front of the results.
    T steps give T states. What is the first of them?"""
    h = gru_forward(x, h0, params)
    return np.concatenate([h0[:, None].astype(h.dtype), h], axis=1)


def one_array_all_along(h: Array) -> Array:
    return np.repeat(h[:, -1:], h.shape[1], axis=1)


def time_first(h: Array) -> Array:
    return h.swapaxes(0, 1)


def last_only(h: Array) -> Array:
    return h[:, -1]


def backwards(h: Array) -> Array:
    return h[:, ::-1]


def with_last(h: Array) -> tuple[Array, Array]:
    return h, h[:, -1]


@wrong
def edits_start(x: Array, h0: Array, params: Params) -> Array:
    """h0 holds the last state after the call.
    Look for an assignment into what was handed in."""
    h = gru_forward(x, h0, params)
    h0[...] = h[:, -1]
    return h


@wrong
def buffer_like_x(x: Array, h0: Array, params: Params) -> Array:
    """the states are kept in an array of the input's own dtype.
    What can an array of integers hold?"""
    return gru_forward(x, h0, params).astype(x.dtype)


def with_buffer(x: Array, h0: Array, params: Params) -> Array:
    dtype = np.result_type(x.dtype, np.float32)
    h = np.zeros((x.shape[0], x.shape[1] + 1, h0.shape[-1]), dtype=dtype)
    h[:, 0] = h0
    for t in range(x.shape[1]):
        h[:, t + 1] = gru_step(x[:, t], h[:, t], params)
    return h[:, 1:]


def inputs_first(x: Array, h0: Array, params: Params) -> Array:
    from_x = {q: np.einsum("bti,ih->tbh", x, params[f"W_x{q}"]) for q in "rzn"}
    h, states = h0, []
    for t in range(x.shape[1]):
        a = {q: from_x[q][t] + params[f"b_x{q}"] for q in "rzn"}
        b = {q: h @ params[f"W_h{q}"] + params[f"b_h{q}"] for q in "rzn"}
        z = plain_sigmoid(a["z"] + b["z"])
        h = z * h + (1 - z) * np.tanh(a["n"] + plain_sigmoid(a["r"] + b["r"]) * b["n"])
        states.append(h)
    return np.array(states).transpose(1, 0, 2)


def recursive(x: Array, h0: Array, params: Params) -> Array:
    if x.shape[1] == 1:
        return gru_step(x[:, 0], h0, params)[:, None, :]
    before = recursive(x[:, :-1], h0, params)
    last = gru_step(x[:, -1], before[:, -1], params)
    return np.concatenate([before, last[:, None]], axis=1)


wrong.add(
    "from_zeros",
    but(gru_forward, h0=np.zeros_like),
    "the first step starts from zeros although the caller handed over h0. Look at the state that the first turn of your loop reads.",
)
wrong.add(
    "every_other_state",
    every_other_state,
    "each step reads a state that is one step too old. Look at which h the second turn of your loop uses.",
)
wrong.add(
    "first_input_only",
    but(gru_forward, x=first_input_only),
    "every step reads the first input. Which x does the second step read?",
)
wrong.add(
    "reads_backwards",
    but(gru_forward, x=backwards),
    "the inputs are read from the last to the first. Change the last input: which states may move?",
)
wrong.add(
    "one_array_all_along",
    but(gru_forward, returns=one_array_all_along),
    "every step shows the state of the last one. Did you append one array T times and overwrite it?",
)
wrong.add(
    "results_backwards",
    but(gru_forward, returns=backwards),
    "the results stand in the wrong order in time. Which step should stand at index 0?",
)
wrong.add(
    "time_first",
    but(gru_forward, returns=time_first),
    "time is the first axis of the result. Along which axis do you stack?",
)
wrong.add(
    "last_only",
    but(gru_forward, returns=last_only),
    "only the last state comes back. The statement asks for the state after every step.",
)
wrong.add(
    "with_last",
    but(gru_forward, returns=with_last),
    "the last state comes back a second time, beside all of them. One array is asked for.",
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
    also_right=(with_buffer, inputs_first, recursive),
    look="Write down, for the second step, which x and which h go in.",
)
