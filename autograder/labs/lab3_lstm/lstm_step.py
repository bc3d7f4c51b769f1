"""One step of an LSTM."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.labs.lab3_lstm._draws import (
    Array,
    Params,
    as_float64,
    exchanged,
    lstm_params,
    plain_sigmoid,
    states,
)
from autograder.spec import Exercise, Mistake, but
from solutions.lab3_lstm import lstm_gates, lstm_step

Pair = tuple[Array, Array]
Line = Callable[[Any], Any]


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Any]:
    h_prev, c_prev = states(rng, B, H)
    return {
        "x": rng.standard_normal((B, I)),
        "h_prev": h_prev,
        "c_prev": c_prev,
        "params": lstm_params(rng, I, H),
    }


def right_c(s: Any) -> Any:
    return s.f * s.c_prev + s.i * s.g


def right_h(s: Any) -> Any:
    return s.o * np.tanh(s.c)


def with_lines(c: Line = right_c, h: Line = right_h) -> Callable[..., Pair]:
    """The step with another line for the cell or for the state."""

    def changed(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
        s = SimpleNamespace(h_prev=h_prev, c_prev=c_prev, **lstm_gates(x, h_prev, params))
        s.c = c(s)
        return h(s), s.c

    return changed


def gates_from_cell(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    gate = lstm_gates(x, c_prev, params)
    c = gate["f"] * c_prev + gate["i"] * gate["g"]
    return gate["o"] * np.tanh(c), c


def candidate_is_a_gate(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    gate = lstm_gates(x, h_prev, params)
    z = np.concatenate([x, h_prev], axis=1) @ params["W_g"] + params["b_g"]
    c = gate["f"] * c_prev + gate["i"] * plain_sigmoid(z)
    return gate["o"] * np.tanh(c), c


def stores_tanh(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    h, c = lstm_step(x, h_prev, c_prev, params)
    return h, np.tanh(c)


def edits_cell(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    h, c = lstm_step(x, h_prev, c_prev, params)
    c_prev[...] = c
    return h, c


def edits_state(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    h, c = lstm_step(x, h_prev, c_prev, params)
    h_prev[...] = h
    return h, c


def cell_first(pair: Pair) -> Pair:
    return pair[1], pair[0]


def state_only(pair: Pair) -> Array:
    return pair[0]


def stacked(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    W = np.concatenate([params["W_" + q] for q in "ifog"], axis=1)
    b = np.concatenate([params["b_" + q] for q in "ifog"])
    z = np.concatenate([x, h_prev], axis=-1) @ W + b
    H = len(params["b_f"])
    i, f, o = (plain_sigmoid(z[:, k * H : (k + 1) * H]) for k in range(3))
    c = np.tanh(z[:, 3 * H :]) * i + c_prev * f
    return np.tanh(c) * o, c


def sample_by_sample(x: Array, h_prev: Array, c_prev: Array, params: Params) -> list[Array]:
    states, cells = [], []
    for x_b, h_b, c_b in zip(x, h_prev, c_prev, strict=True):
        v = np.append(x_b, h_b)
        f, i, o = (plain_sigmoid(v @ params[f"W_{q}"] + params[f"b_{q}"]) for q in "fio")
        cells.append(f * c_b + i * np.tanh(v @ params["W_g"] + params["b_g"]))
        states.append(o * np.tanh(cells[-1]))
    return [np.array(states), np.array(cells)]


def in_a_copy(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    gate = lstm_gates(x, h_prev, params)
    c = np.array(c_prev, dtype=gate["f"].dtype)
    c *= gate["f"]
    c += np.multiply(gate["i"], gate["g"])
    h = np.tanh(c)
    h *= gate["o"]
    return h, c


CELL = "Read your line for c aloud: which number decides what stays, which what comes in?"
STATE = "Read your line for h aloud: which cell, squashed how, let through by what?"

EXERCISE = Exercise(
    reference=lstm_step,
    inputs=inputs,
    points=10,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={"x": "B I", "h_prev": "B H", "c_prev": "B H", "return": "B H"},
    parts=("h", "c"),
    mistakes=(
        Mistake("never_forgets", with_lines(c=lambda s: s.c_prev + s.i * s.g),
                when="the old cell is kept whole", look=CELL),
        Mistake("always_admits", with_lines(c=lambda s: s.f * s.c_prev + s.g),
                when="the candidate comes in whole", look=CELL),
        Mistake("keeps_nothing", with_lines(c=lambda s: s.i * s.g),
                when="nothing of the old cell stays", look=CELL),
        Mistake("admits_nothing", with_lines(c=lambda s: s.f * s.c_prev + 0 * s.g),
                when="nothing new comes in", look=CELL),
        Mistake("no_candidate", with_lines(c=lambda s: s.f * s.c_prev + s.i),
                when="the gate itself is written into the cell", look=CELL),
        Mistake("state_for_cell", with_lines(c=lambda s: s.f * s.h_prev + s.i * s.g),
                when="the old state stands where the old cell should", look=CELL),
        Mistake("f_and_i_exchanged", but(lstm_step, params=exchanged("f", "i")),
                when="the gate for what stays and the gate for what comes in are exchanged",
                look=CELL),
        Mistake("f_and_o_exchanged", but(lstm_step, params=exchanged("f", "o")),
                when="the forget gate and the output gate are exchanged", look=CELL),
        Mistake("i_and_o_exchanged", but(lstm_step, params=exchanged("i", "o")),
                when="the input gate and the output gate are exchanged", look=CELL),
        Mistake("coupled_f", with_lines(c=lambda s: (1 - s.i) * s.c_prev + s.i * s.g),
                when="what stays is decided by the input gate alone", look=CELL),
        Mistake("coupled_i", with_lines(c=lambda s: s.f * s.c_prev + (1 - s.f) * s.g),
                when="what comes in is decided by the forget gate alone", look=CELL),
        Mistake("minus_candidate", with_lines(c=lambda s: s.f * s.c_prev - s.i * s.g),
                when="the new part is taken away where it should be added", look=CELL),
        Mistake("forgets_the_new_too", with_lines(c=lambda s: s.f * (s.c_prev + s.i * s.g)),
                when="the forget gate also acts on what has just come in", look=CELL),
        Mistake("squashed_cell", with_lines(c=lambda s: np.tanh(right_c(s))),
                when="the cell is squashed, and squashed again for the state",
                look="How often does tanh stand between the cell and the state?"),
        Mistake("stores_tanh", stores_tanh,
                when="h is right and the cell that is handed on has been squashed",
                look="Which c does the next step need?"),
        Mistake("raw_cell_shown", with_lines(h=lambda s: s.o * s.c),
                when="the state shows the cell without squashing it", look=STATE),
        Mistake("old_cell_shown", with_lines(h=lambda s: s.o * np.tanh(s.c_prev)),
                when="the state shows the cell of the step before", look=STATE),
        Mistake("all_shown", with_lines(h=lambda s: np.tanh(s.c)),
                when="the state shows the whole cell", look=STATE),
        Mistake("gate_inside", with_lines(h=lambda s: np.tanh(s.o * s.c)),
                when="the output gate acts before the squashing", look=STATE),
        Mistake("sigmoid_of_cell", with_lines(h=lambda s: s.o * plain_sigmoid(s.c)),
                when="the cell is squashed like a gate", look=STATE),
        Mistake("added_to_state", with_lines(h=lambda s: s.h_prev + s.o * np.tanh(s.c)),
                when="the new state is added to the old one", look=STATE),
        Mistake("candidate_is_a_gate", candidate_is_a_gate,
                when="the candidate is squashed like a gate",
                look="Can what you write into the cell be negative?"),
        Mistake("gates_from_cell", gates_from_cell,
                when="the gates look at the cell in place of the state",
                look="What do the four gates of the exercise before take in?"),
        Mistake("cell_first", but(lstm_step, returns=cell_first),
                when="the two come back in the other order",
                look="Compare the order of what you return with the statement."),
        Mistake("state_only", but(lstm_step, returns=state_only),
                when="only the state comes back", look="The next step needs two things."),
        Mistake("edits_cell", edits_cell, when="the new cell is written into the caller's c_prev",
                look="Look for an assignment into what was handed in."),
        Mistake("edits_state", edits_state,
                when="the new state is written into the caller's h_prev",
                look="Look for an assignment into what was handed in."),
        Mistake("always_float64", but(lstm_step, returns=as_float64),
                when="both are float64 whatever came in",
                look="Look at where your code names a dtype."),
    ),
    also_right=(stacked, sample_by_sample, in_a_copy),
    look="First the four gates, then one line for the cell and one for the state.",
)  # fmt: skip
