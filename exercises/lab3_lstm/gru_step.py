"""One step of a gated recurrent unit."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab3_lstm._draws import Array, Params, gru_params, states
from exercises.lab3_lstm._programs import DTYPE, Program, as_float64, exchanged, zeroed
from solutions.lab3_lstm import gru_step, sigmoid


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Any]:
    return {
        "x": rng.standard_normal((B, I)),
        "h_prev": states(rng, B, H)[0],
        "params": gru_params(rng, I, H),
    }


def by_lines(x: Array, h_prev: Array, params: Params) -> Array:
    """The step with short names: x_q and h_q are the two parts of gate q's sum."""
    x_r, x_z, x_n = (x @ params[f"W_x{q}"] + params[f"b_x{q}"] for q in "rzn")
    h_r, h_z, h_n = (h_prev @ params[f"W_h{q}"] + params[f"b_h{q}"] for q in "rzn")
    r = sigmoid(x_r + h_r)
    z = sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h_prev


step = partial(edited, by_lines)


def mix(line: str) -> Program:
    """The step with another line for the new state."""
    return step({"(1 - z) * n + z * h_prev": line})


def candidate(line: str) -> Program:
    return step({"np.tanh(x_n + r * h_n)": line})


def gates(r: str, z: str) -> Program:
    return step({"sigmoid(x_r + h_r)": r, "sigmoid(x_z + h_z)": z})


wrong = Mistakes()

MIX = "With z = 1 everywhere, what should come out? And with z = 0?"
wrong.add(
    "z_the_other_way",
    mix("z * n + (1 - z) * h_prev"),
    "z and 1 - z have changed places, as in some texts. " + MIX,
)
wrong.add(
    "textbook",
    step(
        {
            "np.tanh(x_n + r * h_n)": 'np.tanh(x_n + (r * h_prev) @ params["W_hn"] + params["b_hn"])',
            "(1 - z) * n + z * h_prev": "z * n + (1 - z) * h_prev",
        }
    ),
    "the reset gate acts before the matrix product and z and 1 - z have changed places, as in some textbooks. There are several GRUs: go through the formulas of this one.",
)
wrong.add(
    "state_reset_in_mix",
    mix("(1 - z) * n + z * r * h_prev"),
    "the reset gate also acts on the part of the state that stays. " + MIX,
)
for name, line, when in (
    ("mixed_by_r", "(1 - r) * n + r * h_prev", "the reset gate mixes old state and candidate"),
    ("squashed_mix", "np.tanh((1 - z) * n + z * h_prev)", "the new state is squashed once more"),
    ("no_share_of_candidate", "n + z * h_prev", "the candidate comes in whole"),
    ("state_kept_whole", "(1 - z) * n + h_prev", "the old state is kept whole"),
    ("candidate_only", "n", "the update gate has no influence"),
    ("share_of_candidate_only", "(1 - z) * n", "nothing of the old state stays"),
):
    wrong.add(name, mix(line), f"{when}. {MIX}")

CANDIDATE = "Which parts of the candidate's sum stand inside the bracket behind r?"
wrong.add(
    "reset_first",
    candidate('np.tanh(x_n + (r * h_prev) @ params["W_hn"] + params["b_hn"])'),
    "the reset gate acts on the state before the matrix product. " + CANDIDATE,
)
wrong.add(
    "reset_without_bias",
    candidate('np.tanh(x_n + r * (h_prev @ params["W_hn"]) + params["b_hn"])'),
    "one bias of the candidate stands outside what r multiplies. " + CANDIDATE,
)
wrong.add(
    "reset_the_input",
    candidate("np.tanh(r * x_n + h_n)"),
    "the reset gate acts on the input's part in place of the state's. " + CANDIDATE,
)
wrong.add(
    "reset_inverted",
    candidate("np.tanh(x_n + (1 - r) * h_n)"),
    "an open reset gate hides the state in place of showing it. " + CANDIDATE,
)
for name, total, when in (
    ("reset_everything", "r * (x_n + h_n)", "the reset gate also acts on the input's part"),
    ("reset_by_z", "x_n + z * h_n", "the update gate stands where the reset gate should"),
    ("no_reset", "x_n + h_n", "the reset gate has no influence"),
):
    wrong.add(name, candidate(f"np.tanh({total})"), f"{when}. {CANDIDATE}")
wrong.add(
    "candidate_is_a_gate",
    candidate("sigmoid(x_n + r * h_n)"),
    "the candidate is squashed like a gate. Can a state of yours be negative?",
)
wrong.add(
    "candidate_not_squashed",
    candidate("x_n + r * h_n"),
    "the candidate is not squashed. How large can a state of yours get?",
)

GATES = "Go through r and z: which names of weights and biases does each line use?"
wrong.add(
    "gates_are_tanh",
    gates("np.tanh(x_r + h_r)", "np.tanh(x_z + h_z)"),
    "the gates are squashed like the candidate. Can a gate of yours be negative?",
)
wrong.add(
    "r_and_z_exchanged",
    but(gru_step, params=exchanged("r", "z")),
    "the two gates use each other's weights. " + GATES,
)
wrong.add(
    "z_and_n_exchanged",
    but(gru_step, params=exchanged("z", "n")),
    "update gate and candidate use each other's weights. " + GATES,
)
wrong.family(
    GATES,
    (
        "gates_without_state",
        gates("sigmoid(x_r)", "sigmoid(x_z)"),
        "the gates do not see the old state",
    ),
    (
        "gates_without_input",
        gates("sigmoid(h_r)", "sigmoid(h_z)"),
        "the gates do not see the input",
    ),
)
for name, prefix, when in (
    ("one_bias", "b_h", "the biases of the state's part are left out"),
    ("other_bias_missing", "b_x", "the biases of the input's part are left out"),
    ("no_bias", "b_", "all biases are left out"),
):
    wrong.add(name, but(gru_step, params=zeroed(prefix)), f"{when}. {GATES}")
wrong.add(
    "input_bias_twice",
    step({'params[f"b_h{q}"]': 'params[f"b_x{q}"]'}),
    "the input's bias is added in place of the state's, in every sum. " + GATES,
)

wrong.add(
    "from_zeros",
    but(gru_step, h_prev=np.zeros_like),
    "the old state is replaced by zeros. In how many places does h_prev occur in the formulas?",
)
wrong.add(
    "transposed",
    step({'params[f"W_h{q}"]': 'params[f"W_h{q}"].T'}),
    "the square matrices are transposed: nothing complains. Samples are rows: on which side of W does the state stand?",
)


@wrong
def edits_state(x, h_prev, params):
    """the new state is written into the caller's h_prev.
    Look for an assignment into what was handed in."""
    h = gru_step(x, h_prev, params)
    h_prev[...] = h
    return h


wrong.add(
    "a_pair",
    but(gru_step, returns=lambda h: (h, h)),
    "a pair of arrays comes back. A GRU has one state.",
)
wrong.add(
    "always_float64",
    but(gru_step, returns=as_float64),
    "the state is float64 whatever came in. " + DTYPE,
)


EXERCISE = Exercise(
    reference=gru_step,
    inputs=inputs,
    points=10,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={"x": "B I", "h_prev": "B H", "return": "B H"},
    mistakes=wrong,
    look="Four lines: r, z, the candidate n, and the mix. Check them in this order.",
    when_right=(
        "The last line can be read as a walk: from the old state go the share 1 − z of the way to "
        "the candidate. The traps are conventions, and nothing complains about any of them: which "
        "way round z is meant, and whether r acts before the product or after it, with or without "
        "the bias. Next question: hold r at 1 and z at 0. Which network that you know is left?"
    ),
)
