"""One step of an LSTM."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab3_lstm._draws import Array, Params, lstm_params, states
from exercises.lab3_lstm._programs import DTYPE, HANDED_IN, Program, as_float64
from solutions.lab3_lstm import lstm_gates, lstm_step, sigmoid


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Any]:
    h_prev, c_prev = states(rng, B, H)
    return {
        "x": rng.standard_normal((B, I)),
        "h_prev": h_prev,
        "c_prev": c_prev,
        "params": lstm_params(rng, I, H),
    }


def by_lines(x: Array, h_prev: Array, c_prev: Array, params: Params) -> tuple[Array, Array]:
    """The step as most mistakes write it, with one line for each state."""
    f, i, g, o = lstm_gates(x, h_prev, params).values()
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c


step = partial(edited, by_lines, sigmoid=sigmoid)


def cell(line: str) -> Program:
    """The step with another line for the cell."""
    return step({"f * c_prev + i * g": line})


def state(line: str) -> Program:
    return step({"o * np.tanh(c)": line})


wrong = Mistakes()

CELL = "Read your line for c aloud: which number decides what stays, which what comes in?"
for name, line, when in (
    ("never_forgets", "c_prev + i * g", "the old cell is kept whole"),
    ("always_admits", "f * c_prev + g", "the candidate comes in whole"),
    ("keeps_nothing", "i * g", "nothing of the old cell stays"),
    ("admits_nothing", "f * c_prev + 0 * g", "nothing new comes in"),
    ("no_candidate", "f * c_prev + i", "the gate itself is written into the cell"),
    ("state_for_cell", "f * h_prev + i * g", "the old state stands where the old cell should"),
    ("coupled_f", "(1 - i) * c_prev + i * g", "what stays is decided by the input gate alone"),
    ("coupled_i", "f * c_prev + (1 - f) * g", "what comes in is decided by the forget gate alone"),
):
    wrong.add(name, cell(line), f"{when}. {CELL}")
wrong.add(
    "cell_held",
    cell("np.clip(f * c_prev + i * g, -3, 3)"),
    "the cell is held between -3 and 3. Which of the states has a limit, and what sets it?",
)
wrong.add(
    "minus_candidate",
    cell("f * c_prev - i * g"),
    "the new part is taken away where it should be added. " + CELL,
)
wrong.add(
    "forgets_the_new_too",
    cell("f * (c_prev + i * g)"),
    "the forget gate also acts on what has just come in. " + CELL,
)
wrong.add(
    "f_and_i_exchanged",
    step({"f, i, g, o": "i, f, g, o"}),
    "the gate for what stays and the gate for what comes in are exchanged. " + CELL,
)
wrong.add(
    "f_and_o_exchanged",
    step({"f, i, g, o": "o, i, g, f"}),
    "the forget gate and the output gate are exchanged. " + CELL,
)
wrong.add(
    "i_and_o_exchanged",
    step({"f, i, g, o": "f, o, g, i"}),
    "the input gate and the output gate are exchanged. " + CELL,
)
wrong.add(
    "gates_from_cell",
    step({"lstm_gates(x, h_prev": "lstm_gates(x, c_prev"}),
    "the gates look at the cell in place of the state. What do the four gates of the exercise before take in?",
)
wrong.add(
    "squashed_cell",
    cell("np.tanh(f * c_prev + i * g)"),
    "the cell is squashed, and squashed again for the state. How often does tanh stand between the cell and the state?",
)


@wrong
def candidate_is_a_gate(x, h_prev, c_prev, params):
    """the candidate is squashed like a gate.
    Can what you write into the cell be negative?"""
    f, i, _, o = lstm_gates(x, h_prev, params).values()
    z = np.concatenate([x, h_prev], axis=1) @ params["W_g"] + params["b_g"]
    c = f * c_prev + i * sigmoid(z)
    return o * np.tanh(c), c


STATE = "Read your line for h aloud: which cell, squashed how, let through by what?"
for name, line, when in (
    ("raw_cell_shown", "o * c", "the state shows the cell without squashing it"),
    ("old_cell_shown", "o * np.tanh(c_prev)", "the state shows the cell of the step before"),
    ("all_shown", "np.tanh(c)", "the state shows the whole cell"),
    ("gate_inside", "np.tanh(o * c)", "the output gate acts before the squashing"),
    ("sigmoid_of_cell", "o * sigmoid(c)", "the cell is squashed like a gate"),
    ("added_to_state", "h_prev + o * np.tanh(c)", "the new state is added to the old one"),
):
    wrong.add(name, state(line), f"{when}. {STATE}")

wrong.family(
    HANDED_IN,
    (
        "edits_cell",
        step({"return": "c_prev[...] = c\n    return"}),
        "the new cell is written into the caller's c_prev",
    ),
    (
        "edits_state",
        step({"return": "h_prev[...] = h\n    return"}),
        "the new state is written into the caller's h_prev",
    ),
)
wrong.add(
    "stores_tanh",
    step({"return h, c": "return h, np.tanh(c)"}),
    "h is right and the cell that is handed on has been squashed. Which c does the next step need?",
)
wrong.add(
    "cell_first",
    step({"return h, c": "return c, h"}),
    "the two come back in the other order. Compare the order of what you return with the statement.",
)
wrong.add(
    "state_only",
    step({"return h, c": "return h"}),
    "only the state comes back. The next step needs two things.",
)
wrong.add(
    "always_float64",
    but(lstm_step, returns=as_float64),
    "both are float64 whatever came in. " + DTYPE,
)


EXERCISE = Exercise(
    reference=lstm_step,
    inputs=inputs,
    points=10,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={"x": "B I", "h_prev": "B H", "c_prev": "B H", "return": "B H"},
    parts=("h", "c"),
    mistakes=wrong,
    look="First the four gates, then one line for the cell and one for the state.",
    when_right=(
        "After the gates two lines do it all. The trap is to hand on the squashed cell: h is "
        "right at this step, and only the next step goes wrong. Deciding with f alone what comes "
        "in, as 1 − f, is a network of its own with fewer weights; you may meet it as the coupled "
        "LSTM. Next question: h never leaves the range from −1 to 1. How far can a cell of 0 get "
        "in ten steps, and which gates does that take?"
    ),
)
