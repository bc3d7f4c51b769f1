"""Every state of a recurrent network, from the first step to the last."""

from collections.abc import Mapping

import numpy as np

from autograder.spec import Exercise, Mistakes, but
from exercises.lab2_rnn._draws import Array, recurrent, state
from solutions.lab2_rnn import rnn_forward, rnn_step


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int) -> Mapping[str, Array]:
    x, h0 = rng.standard_normal((B, T, I)), state(rng, B, H)
    return {"x": x, "h0": h0, **recurrent(rng, I, H)}


wrong = Mistakes()


@wrong
def always_from_h0(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """every step starts again from h0.
    Look at which h the second turn of your loop uses."""
    steps = [rnn_step(x[:, t], h0, W_xh, W_hh, b_h) for t in range(x.shape[1])]
    return np.stack(steps, axis=1)


@wrong
def first_input_always(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """every step reads the first input.
    Look at the index of x inside your loop."""
    return rnn_forward(np.repeat(x[:, :1], x.shape[1], axis=1), h0, W_xh, W_hh, b_h)


@wrong
def h0_in_slot_0(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the first slot holds h0 and the loop starts at the second input.
    What should the first of the T states be made from?"""
    states = (
        rnn_forward(x[:, 1:], h0, W_xh, W_hh, b_h)
        if x.shape[1] > 1
        else x[:, :0, :1] * h0[:, None]
    )
    return np.concatenate([h0[:, None], states], axis=1)


@wrong
def one_step_late(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """each state is stored one step too late.
    What should the first of the T states be made from?"""
    states = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return np.concatenate([h0[:, None], states[:, :-1]], axis=1)


@wrong
def h0_among_the_states(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """h0 itself is among the states, one more than there are steps.
    Count the steps and the states."""
    states = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return np.concatenate([h0[:, None], states], axis=1)


@wrong
def carries_the_sum(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the sum before the tanh is handed to the next step.
    Look at what your loop carries from one turn to the next."""
    z, states = h0, []
    for t in range(x.shape[1]):
        z = x[:, t] @ W_xh + z @ W_hh + b_h
        states.append(np.tanh(z))
    return np.stack(states, axis=1)


@wrong
def no_tanh(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """nothing squashes the sum.
    Look at the largest number that you return."""
    h, states = h0, []
    for t in range(x.shape[1]):
        h = x[:, t] @ W_xh + h @ W_hh + b_h
        states.append(h)
    return np.stack(states, axis=1)


@wrong
def residual(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """each new state is added on top of the old one.
    The formula replaces the state; look at what your loop adds."""
    h, states = h0, []
    for t in range(x.shape[1]):
        h = h + rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1)


@wrong
def same_array_each_time(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """one array is collected T times, so that all states show the last one.
    Look at whether each turn of your loop makes a new array."""
    states = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return np.repeat(states[:, -1:], x.shape[1], axis=1)


@wrong
def edits_h0(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the states are written into the caller's h0.
    Look at where your loop stores the new state."""
    states = rnn_forward(x, h0, W_xh, W_hh, b_h)
    h0[:] = states[:, -1]
    return states


@wrong
def buffer_like_h0(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the states are written into a buffer with the dtype of integer inputs.
    Look at the dtype of the array that you write into."""
    states = np.zeros((x.shape[0], x.shape[1], h0.shape[1]), dtype=h0.dtype)
    h = h0
    for t in range(x.shape[1]):
        states[:, t] = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        h = states[:, t]
    return states


@wrong
def buffer_of_float64(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the states are kept in float64 whatever came in.
    Look at the dtype of the array that you write into."""
    return rnn_forward(x, h0, W_xh, W_hh, b_h).astype(np.float64)


@wrong
def only_the_last(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """only the last state comes back.
    Compare the shape that you return with the one asked for."""
    return rnn_forward(x, h0, W_xh, W_hh, b_h)[:, -1]


@wrong
def loops_over_samples(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the loop runs over the first axis of x, which is the batch.
    Which axis of x is time?"""
    h, states = h0, []
    for x_t in x:
        h = rnn_step(x_t, h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1)


@wrong
def stops_one_early(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """the loop stops before the last input.
    Look at the last number that your loop variable takes."""
    states = rnn_forward(x, h0, W_xh, W_hh, b_h)
    states[:, -1] = 0
    return states


def einsum_everywhere(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states, h = [], h0
    for x_t in np.moveaxis(x, 1, 0):
        h = np.tanh(np.einsum("bi,ih->bh", x_t, W_xh) + np.einsum("bj,jh->bh", h, W_hh) + b_h)
        states.append(h)
    return np.array(states).transpose(1, 0, 2)


def inputs_first(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    driven = x @ W_xh + b_h
    states = np.empty(driven.shape, dtype=np.result_type(driven, np.float32))
    for t in range(x.shape[1]):
        previous = states[:, t - 1] if t else h0
        states[:, t] = np.tanh(driven[:, t] + previous @ W_hh)
    return states


def concatenated_weights(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    W = np.vstack([W_xh, W_hh])
    out = []
    for sample, h in zip(x, h0, strict=True):
        row = []
        for one in sample:
            h = np.tanh(np.concatenate([one, h]) @ W + b_h)
            row.append(h)
        out.append(row)
    return np.array(out)


def one_longer_buffer(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    B, T, _ = x.shape
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    states = np.zeros((B, T + 1, h0.shape[1]), dtype)
    states[:, 0] = h0
    for t in range(T):
        states[:, t + 1] = rnn_step(x[:, t], states[:, t], W_xh, W_hh, b_h)
    return states[:, 1:]


wrong.add(
    "starts_from_zeros",
    but(rnn_forward, h0=np.zeros_like),
    "the first step starts from zeros although the caller handed over h0. Look at the state that the first turn of your loop reads.",
)
wrong.add(
    "reads_backwards",
    but(rnn_forward, x=lambda x: x[:, ::-1]),
    "the inputs are read from the last to the first. Change the last input only: which of your states move?",
)
wrong.add(
    "reads_backwards_and_turns",
    but(rnn_forward, x=lambda x: x[:, ::-1], returns=lambda h: h[:, ::-1]),
    "the sequence is read from its end and the states are turned round. Change the last input only: which of your states move?",
)
wrong.add(
    "returns_backwards",
    but(rnn_forward, returns=lambda h: h[:, ::-1]),
    "the states come out in reverse order. Look at the order in which the states are collected.",
)
wrong.add(
    "W_hh_transposed",
    but(rnn_forward, W_hh=np.transpose),
    "W_hh is used transposed: it is square, so nothing complains. Samples are rows here; check on which side of W_hh the state stands.",
)
wrong.add(
    "no_bias",
    but(rnn_forward, b_h=np.zeros_like),
    "the bias is left out. With zero inputs and a zero h0, what is the first state?",
)
wrong.add(
    "time_first",
    but(rnn_forward, returns=lambda h: h.transpose(1, 0, 2)),
    "the states are stacked with time in front of the batch. Compare the axes that you return with those asked for.",
)


EXERCISE = Exercise(
    reference=rnn_forward,
    inputs=inputs,
    points=10,
    axes={"B": 3, "T": 5, "I": 4, "H": 6},
    shapes={
        "x": "B T I",
        "h0": "B H",
        "W_xh": "I H",
        "W_hh": "H H",
        "b_h": "H",
        "return": "B T H",
    },
    mistakes=wrong,
    also_right=(einsum_everywhere, inputs_first, concatenated_weights, one_longer_buffer),
    look="Write down, for the second step, which x and which h go in.",
)
