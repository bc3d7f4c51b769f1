"""One step of an LSTM."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but
from exercises.lab3_lstm._draws import (
    Array,
    Params,
    as_float64,
    exchanged,
    lstm_params,
    plain_sigmoid,
    states,
)
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


wrong = Mistakes()


@wrong
def gates_from_cell(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    """the gates look at the cell in place of the state.
    What do the four gates of the exercise before take in?"""
    gate = lstm_gates(x, c_prev, params)
    c = gate["f"] * c_prev + gate["i"] * gate["g"]
    return gate["o"] * np.tanh(c), c


@wrong
def candidate_is_a_gate(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    """the candidate is squashed like a gate.
    Can what you write into the cell be negative?"""
    gate = lstm_gates(x, h_prev, params)
    z = np.concatenate([x, h_prev], axis=1) @ params["W_g"] + params["b_g"]
    c = gate["f"] * c_prev + gate["i"] * plain_sigmoid(z)
    return gate["o"] * np.tanh(c), c


@wrong
def stores_tanh(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    """h is right and the cell that is handed on has been squashed.
    Which c does the next step need?"""
    h, c = lstm_step(x, h_prev, c_prev, params)
    return h, np.tanh(c)


@wrong
def edits_cell(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    """the new cell is written into the caller's c_prev.
    Look for an assignment into what was handed in."""
    h, c = lstm_step(x, h_prev, c_prev, params)
    c_prev[...] = c
    return h, c


@wrong
def edits_state(x: Array, h_prev: Array, c_prev: Array, params: Params) -> Pair:
    """the new state is written into the caller's h_prev.
    Look for an assignment into what was handed in."""
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

wrong.add(
    "never_forgets",
    with_lines(c=lambda s: s.c_prev + s.i * s.g),
    "the old cell is kept whole. " + CELL,
)
wrong.add(
    "always_admits",
    with_lines(c=lambda s: s.f * s.c_prev + s.g),
    "the candidate comes in whole. " + CELL,
)
wrong.add(
    "keeps_nothing", with_lines(c=lambda s: s.i * s.g), "nothing of the old cell stays. " + CELL
)
wrong.add(
    "admits_nothing",
    with_lines(c=lambda s: s.f * s.c_prev + 0 * s.g),
    "nothing new comes in. " + CELL,
)
wrong.add(
    "no_candidate",
    with_lines(c=lambda s: s.f * s.c_prev + s.i),
    "the gate itself is written into the cell. " + CELL,
)
wrong.add(
    "state_for_cell",
    with_lines(c=lambda s: s.f * s.h_prev + s.i * s.g),
    "the old state stands where the old cell should. " + CELL,
)
wrong.add(
    "f_and_i_exchanged",
    but(lstm_step, params=exchanged("f", "i")),
    "the gate for what stays and the gate for what comes in are exchanged. " + CELL,
)
wrong.add(
    "f_and_o_exchanged",
    but(lstm_step, params=exchanged("f", "o")),
    "the forget gate and the output gate are exchanged. " + CELL,
)
wrong.add(
    "i_and_o_exchanged",
    but(lstm_step, params=exchanged("i", "o")),
    "the input gate and the output gate are exchanged. " + CELL,
)
wrong.add(
    "coupled_f",
    with_lines(c=lambda s: (1 - s.i) * s.c_prev + s.i * s.g),
    "what stays is decided by the input gate alone. " + CELL,
)
wrong.add(
    "coupled_i",
    with_lines(c=lambda s: s.f * s.c_prev + (1 - s.f) * s.g),
    "what comes in is decided by the forget gate alone. " + CELL,
)
wrong.add(
    "minus_candidate",
    with_lines(c=lambda s: s.f * s.c_prev - s.i * s.g),
    "the new part is taken away where it should be added. " + CELL,
)
wrong.add(
    "forgets_the_new_too",
    with_lines(c=lambda s: s.f * (s.c_prev + s.i * s.g)),
    "the forget gate also acts on what has just come in. " + CELL,
)
wrong.add(
    "squashed_cell",
    with_lines(c=lambda s: np.tanh(right_c(s))),
    "the cell is squashed, and squashed again for the state. How often does tanh stand between the cell and the state?",
)
wrong.add(
    "raw_cell_shown",
    with_lines(h=lambda s: s.o * s.c),
    "the state shows the cell without squashing it. " + STATE,
)
wrong.add(
    "old_cell_shown",
    with_lines(h=lambda s: s.o * np.tanh(s.c_prev)),
    "the state shows the cell of the step before. " + STATE,
)
wrong.add(
    "all_shown", with_lines(h=lambda s: np.tanh(s.c)), "the state shows the whole cell. " + STATE
)
wrong.add(
    "gate_inside",
    with_lines(h=lambda s: np.tanh(s.o * s.c)),
    "the output gate acts before the squashing. " + STATE,
)
wrong.add(
    "sigmoid_of_cell",
    with_lines(h=lambda s: s.o * plain_sigmoid(s.c)),
    "the cell is squashed like a gate. " + STATE,
)
wrong.add(
    "added_to_state",
    with_lines(h=lambda s: s.h_prev + s.o * np.tanh(s.c)),
    "the new state is added to the old one. " + STATE,
)
wrong.add(
    "cell_first",
    but(lstm_step, returns=cell_first),
    "the two come back in the other order. Compare the order of what you return with the statement.",
)
wrong.add(
    "state_only",
    but(lstm_step, returns=state_only),
    "only the state comes back. The next step needs two things.",
)
wrong.add(
    "always_float64",
    but(lstm_step, returns=as_float64),
    "both are float64 whatever came in. Look at where your code names a dtype.",
)


EXERCISE = Exercise(
    reference=lstm_step,
    inputs=inputs,
    points=10,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={"x": "B I", "h_prev": "B H", "c_prev": "B H", "return": "B H"},
    parts=("h", "c"),
    mistakes=wrong,
    also_right=(stacked, sample_by_sample, in_a_copy),
    look="First the four gates, then one line for the cell and one for the state.",
)
