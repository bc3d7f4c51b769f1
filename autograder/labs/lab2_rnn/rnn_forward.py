"""Every state of a recurrent network, from the first step to the last."""

from collections.abc import Mapping

import numpy as np

from autograder.labs.lab2_rnn._draws import Array, recurrent, state
from autograder.spec import Exercise, Mistake, but
from solutions.lab2_rnn import rnn_forward, rnn_step


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int) -> Mapping[str, Array]:
    x, h0 = rng.standard_normal((B, T, I)), state(rng, B, H)
    return {"x": x, "h0": h0, **recurrent(rng, I, H)}


def always_from_h0(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    steps = [rnn_step(x[:, t], h0, W_xh, W_hh, b_h) for t in range(x.shape[1])]
    return np.stack(steps, axis=1)


def first_input_always(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return rnn_forward(np.repeat(x[:, :1], x.shape[1], axis=1), h0, W_xh, W_hh, b_h)


def h0_in_slot_0(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states = rnn_forward(x[:, 1:], h0, W_xh, W_hh, b_h) if x.shape[1] > 1 else x[:, :0, :1] * h0[:, None]
    return np.concatenate([h0[:, None], states], axis=1)


def one_step_late(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return np.concatenate([h0[:, None], states[:, :-1]], axis=1)


def h0_among_the_states(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return np.concatenate([h0[:, None], states], axis=1)


def carries_the_sum(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    z, states = h0, []
    for t in range(x.shape[1]):
        z = x[:, t] @ W_xh + z @ W_hh + b_h
        states.append(np.tanh(z))
    return np.stack(states, axis=1)


def no_tanh(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h, states = h0, []
    for t in range(x.shape[1]):
        h = x[:, t] @ W_xh + h @ W_hh + b_h
        states.append(h)
    return np.stack(states, axis=1)


def residual(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h, states = h0, []
    for t in range(x.shape[1]):
        h = h + rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1)


def same_array_each_time(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return np.repeat(states[:, -1:], x.shape[1], axis=1)


def edits_h0(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states = rnn_forward(x, h0, W_xh, W_hh, b_h)
    h0[:] = states[:, -1]
    return states


def buffer_like_h0(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states = np.zeros((x.shape[0], x.shape[1], h0.shape[1]), dtype=h0.dtype)
    h = h0
    for t in range(x.shape[1]):
        states[:, t] = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        h = states[:, t]
    return states


def buffer_of_float64(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return rnn_forward(x, h0, W_xh, W_hh, b_h).astype(np.float64)


def only_the_last(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return rnn_forward(x, h0, W_xh, W_hh, b_h)[:, -1]


def loops_over_samples(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h, states = h0, []
    for x_t in x:
        h = rnn_step(x_t, h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1)


def stops_one_early(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
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


EXERCISE = Exercise(
    reference=rnn_forward,
    inputs=inputs,
    points=10,
    axes={"B": 3, "T": 5, "I": 4, "H": 6},
    shapes={
        "x": "B T I", "h0": "B H", "W_xh": "I H", "W_hh": "H H", "b_h": "H", "return": "B T H",
    },
    mistakes=(
        Mistake(
            "starts_from_zeros", but(rnn_forward, h0=np.zeros_like),
            when="the first step starts from zeros although the caller handed over h0",
            look="Look at the state that the first turn of your loop reads.",
        ),
        Mistake(
            "always_from_h0", always_from_h0,
            when="every step starts again from h0",
            look="Look at which h the second turn of your loop uses.",
        ),
        Mistake(
            "first_input_always", first_input_always,
            when="every step reads the first input",
            look="Look at the index of x inside your loop.",
        ),
        Mistake(
            "reads_backwards", but(
                rnn_forward, x=lambda x: x[:, ::-1]
            ),
            when="the inputs are read from the last to the first",
            look="Change the last input only: which of your states move?",
        ),
        Mistake(
            "reads_backwards_and_turns", but(
                rnn_forward, x=lambda x: x[:, ::-1], returns=lambda h: h[:, ::-1]
            ),
            when="the sequence is read from its end and the states are turned round",
            look="Change the last input only: which of your states move?",
        ),
        Mistake(
            "returns_backwards", but(rnn_forward, returns=lambda h: h[:, ::-1]),
            when="the states come out in reverse order",
            look="Look at the order in which the states are collected.",
        ),
        Mistake(
            "h0_in_slot_0", h0_in_slot_0,
            when="the first slot holds h0 and the loop starts at the second input",
            look="What should the first of the T states be made from?",
        ),
        Mistake(
            "one_step_late", one_step_late,
            when="each state is stored one step too late",
            look="What should the first of the T states be made from?",
        ),
        Mistake(
            "h0_among_the_states", h0_among_the_states,
            when="h0 itself is among the states, one more than there are steps",
            look="Count the steps and the states.",
        ),
        Mistake(
            "carries_the_sum", carries_the_sum,
            when="the sum before the tanh is handed to the next step",
            look="Look at what your loop carries from one turn to the next.",
        ),
        Mistake(
            "no_tanh", no_tanh,
            when="nothing squashes the sum",
            look="Look at the largest number that you return.",
        ),
        Mistake(
            "residual", residual,
            when="each new state is added on top of the old one",
            look="The formula replaces the state; look at what your loop adds.",
        ),
        Mistake(
            "W_hh_transposed", but(rnn_forward, W_hh=np.transpose),
            when="W_hh is used transposed: it is square, so nothing complains",
            look="Samples are rows here; check on which side of W_hh the state stands.",
        ),
        Mistake(
            "no_bias", but(rnn_forward, b_h=np.zeros_like),
            when="the bias is left out",
            look="With zero inputs and a zero h0, what is the first state?",
        ),
        Mistake(
            "same_array_each_time", same_array_each_time,
            when="one array is collected T times, so that all states show the last one",
            look="Look at whether each turn of your loop makes a new array.",
        ),
        Mistake(
            "stops_one_early", stops_one_early,
            when="the loop stops before the last input",
            look="Look at the last number that your loop variable takes.",
        ),
        Mistake(
            "only_the_last", only_the_last,
            when="only the last state comes back",
            look="Compare the shape that you return with the one asked for.",
        ),
        Mistake(
            "time_first", but(rnn_forward, returns=lambda h: h.transpose(1, 0, 2)),
            when="the states are stacked with time in front of the batch",
            look="Compare the axes that you return with those asked for.",
        ),
        Mistake(
            "loops_over_samples", loops_over_samples,
            when="the loop runs over the first axis of x, which is the batch",
            look="Which axis of x is time?",
        ),
        Mistake(
            "edits_h0", edits_h0,
            when="the states are written into the caller's h0",
            look="Look at where your loop stores the new state.",
        ),
        Mistake(
            "buffer_like_h0", buffer_like_h0,
            when="the states are written into a buffer with the dtype of integer inputs",
            look="Look at the dtype of the array that you write into.",
        ),
        Mistake(
            "buffer_of_float64", buffer_of_float64,
            when="the states are kept in float64 whatever came in",
            look="Look at the dtype of the array that you write into.",
        ),
    ),
    also_right=(einsum_everywhere, inputs_first, concatenated_weights, one_longer_buffer),
    look="Write down, for the second step, which x and which h go in.",
)
