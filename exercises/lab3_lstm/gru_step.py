"""One step of a gated recurrent unit."""

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
    gru_params,
    plain_sigmoid,
    states,
    zeroed,
)
from solutions.lab3_lstm import gru_step

Line = Callable[[Any], Any]


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Any]:
    return {
        "x": rng.standard_normal((B, I)),
        "h_prev": states(rng, B, H)[0],
        "params": gru_params(rng, I, H),
    }


LINES: dict[str, Line] = {
    "r": lambda s: plain_sigmoid(s.x_r + s.h_r),
    "z": lambda s: plain_sigmoid(s.x_z + s.h_z),
    "n": lambda s: np.tanh(s.x_n + s.r * s.h_n),
    "h": lambda s: (1 - s.z) * s.n + s.z * s.h_prev,
}


def with_lines(**changes: Line) -> Callable[..., Array]:
    """The step with some of its four lines replaced; x_q and h_q are the parts of gate q's sum."""
    line = {**LINES, **changes}

    def changed(x: Array, h_prev: Array, params: Params) -> Array:
        s = SimpleNamespace(h_prev=h_prev, params=params)
        for q in "rzn":
            setattr(s, f"x_{q}", x @ params[f"W_x{q}"] + params[f"b_x{q}"])
            setattr(s, f"h_{q}", h_prev @ params[f"W_h{q}"] + params[f"b_h{q}"])
        s.r, s.z = line["r"](s), line["z"](s)
        s.n = line["n"](s)
        return np.asarray(line["h"](s))

    return changed


def reset_first(s: Any) -> Any:
    return np.tanh(s.x_n + (s.r * s.h_prev) @ s.params["W_hn"] + s.params["b_hn"])


def reset_without_bias(s: Any) -> Any:
    b = s.params["b_hn"]
    return np.tanh(s.x_n + s.r * (s.h_n - b) + b)


def transposed(params: Params) -> Params:
    return {name: p.T if name.startswith("W_h") else p for name, p in params.items()}


def doubled_biases(params: Params) -> Params:
    return {
        name: 2 * p if name.startswith("b_x") else 0 * p if name.startswith("b_h") else p
        for name, p in params.items()
    }


wrong = Mistakes()


@wrong
def edits_state(x: Array, h_prev: Array, params: Params) -> Array:
    """the new state is written into the caller's h_prev.
    Look for an assignment into what was handed in."""
    h = gru_step(x, h_prev, params)
    h_prev[...] = h
    return h


def returns_candidate_too(x: Array, h_prev: Array, params: Params) -> tuple[Array, Array]:
    h = gru_step(x, h_prev, params)
    return h, h


def moving_towards(x: Array, h_prev: Array, params: Params) -> Any:
    W = {k: params[k] for k in params}
    r = plain_sigmoid(x @ W["W_xr"] + h_prev @ W["W_hr"] + (W["b_xr"] + W["b_hr"]))
    z = plain_sigmoid(x @ W["W_xz"] + h_prev @ W["W_hz"] + (W["b_xz"] + W["b_hz"]))
    n = np.tanh(x @ W["W_xn"] + W["b_xn"] + r * (h_prev @ W["W_hn"]) + r * W["b_hn"])
    return n + z * (h_prev - n)


def one_product(x: Array, h_prev: Array, params: Params) -> Any:
    from_x = x @ np.hstack([params[f"W_x{q}"] for q in "rzn"])
    from_x = from_x + np.hstack([params[f"b_x{q}"] for q in "rzn"])
    from_h = h_prev @ np.hstack([params[f"W_h{q}"] for q in "rzn"])
    from_h = from_h + np.hstack([params[f"b_h{q}"] for q in "rzn"])
    x_r, x_z, x_n = np.split(from_x, 3, axis=-1)
    h_r, h_z, h_n = np.split(from_h, 3, axis=-1)
    z = plain_sigmoid(x_z + h_z)
    return z * h_prev + (1 - z) * np.tanh(x_n + plain_sigmoid(x_r + h_r) * h_n)


def sample_by_sample(x: Array, h_prev: Array, params: Params) -> Array:
    out = []
    for x_b, h_b in zip(x, h_prev, strict=True):
        parts = {
            q: (
                params[f"W_x{q}"].T @ x_b + params[f"b_x{q}"],
                params[f"W_h{q}"].T @ h_b + params[f"b_h{q}"],
            )
            for q in "nzr"
        }
        r, z = (0.5 + 0.5 * np.tanh(sum(parts[q]) / 2) for q in "rz")
        n = np.tanh(parts["n"][0] + r * parts["n"][1])
        out.append(n - z * n + z * h_b)
    return np.array(out)


MIX = "With z = 1 everywhere, what should come out? And with z = 0?"
CANDIDATE = "Which parts of the candidate's sum stand inside the bracket behind r?"
GATES = "Go through r and z: which names of weights and biases does each line use?"

wrong.add(
    "z_the_other_way",
    with_lines(h=lambda s: s.z * s.n + (1 - s.z) * s.h_prev),
    "z and 1 - z have changed places, as in some texts. " + MIX,
)
wrong.add(
    "no_share_of_candidate",
    with_lines(h=lambda s: s.n + s.z * s.h_prev),
    "the candidate comes in whole. " + MIX,
)
wrong.add(
    "state_kept_whole",
    with_lines(h=lambda s: (1 - s.z) * s.n + s.h_prev),
    "the old state is kept whole. " + MIX,
)
wrong.add(
    "candidate_only", with_lines(h=lambda s: s.n), "the update gate has no influence. " + MIX
)
wrong.add(
    "share_of_candidate_only",
    with_lines(h=lambda s: (1 - s.z) * s.n),
    "nothing of the old state stays. " + MIX,
)
wrong.add(
    "mixed_by_r",
    with_lines(h=lambda s: (1 - s.r) * s.n + s.r * s.h_prev),
    "the reset gate mixes old state and candidate. " + MIX,
)
wrong.add(
    "state_reset_in_mix",
    with_lines(h=lambda s: (1 - s.z) * s.n + s.z * s.r * s.h_prev),
    "the reset gate also acts on the part of the state that stays. " + MIX,
)
wrong.add(
    "squashed_mix",
    with_lines(h=lambda s: np.tanh(LINES["h"](s))),
    "the new state is squashed once more. " + MIX,
)
wrong.add(
    "reset_first",
    with_lines(n=reset_first),
    "the reset gate acts on the state before the matrix product. " + CANDIDATE,
)
wrong.add(
    "reset_without_bias",
    with_lines(n=reset_without_bias),
    "one bias of the candidate stands outside what r multiplies. " + CANDIDATE,
)
wrong.add(
    "reset_everything",
    with_lines(n=lambda s: np.tanh(s.r * (s.x_n + s.h_n))),
    "the reset gate also acts on the input's part. " + CANDIDATE,
)
wrong.add(
    "reset_the_input",
    with_lines(n=lambda s: np.tanh(s.r * s.x_n + s.h_n)),
    "the reset gate acts on the input's part in place of the state's. " + CANDIDATE,
)
wrong.add(
    "no_reset",
    with_lines(n=lambda s: np.tanh(s.x_n + s.h_n)),
    "the reset gate has no influence. " + CANDIDATE,
)
wrong.add(
    "reset_inverted",
    with_lines(n=lambda s: np.tanh(s.x_n + (1 - s.r) * s.h_n)),
    "an open reset gate hides the state in place of showing it. " + CANDIDATE,
)
wrong.add(
    "reset_by_z",
    with_lines(n=lambda s: np.tanh(s.x_n + s.z * s.h_n)),
    "the update gate stands where the reset gate should. " + CANDIDATE,
)
wrong.add(
    "candidate_is_a_gate",
    with_lines(n=lambda s: plain_sigmoid(s.x_n + s.r * s.h_n)),
    "the candidate is squashed like a gate. Can a state of yours be negative?",
)
wrong.add(
    "candidate_not_squashed",
    with_lines(n=lambda s: s.x_n + s.r * s.h_n),
    "the candidate is not squashed. How large can a state of yours get?",
)
wrong.add(
    "gates_are_tanh",
    with_lines(r=lambda s: np.tanh(s.x_r + s.h_r), z=lambda s: np.tanh(s.x_z + s.h_z)),
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
wrong.add(
    "gates_without_state",
    with_lines(r=lambda s: plain_sigmoid(s.x_r), z=lambda s: plain_sigmoid(s.x_z)),
    "the gates do not see the old state. " + GATES,
)
wrong.add(
    "gates_without_input",
    with_lines(r=lambda s: plain_sigmoid(s.h_r), z=lambda s: plain_sigmoid(s.h_z)),
    "the gates do not see the input. " + GATES,
)
wrong.add(
    "one_bias",
    but(gru_step, params=zeroed("b_h")),
    "the biases of the state's part are left out. " + GATES,
)
wrong.add(
    "other_bias_missing",
    but(gru_step, params=zeroed("b_x")),
    "the biases of the input's part are left out. " + GATES,
)
wrong.add("no_bias", but(gru_step, params=zeroed("b_")), "all biases are left out. " + GATES)
wrong.add(
    "input_bias_twice",
    but(gru_step, params=doubled_biases),
    "the input's bias is added in place of the state's. " + GATES,
)
wrong.add(
    "from_zeros",
    but(gru_step, h_prev=np.zeros_like),
    "the old state is replaced by zeros. In how many places does h_prev occur in the formulas?",
)
wrong.add(
    "transposed",
    but(gru_step, params=transposed),
    "the square matrices are transposed: nothing complains. Samples are rows: on which side of W does the state stand?",
)
wrong.add("a_pair", returns_candidate_too, "a pair of arrays comes back. A GRU has one state.")
wrong.add(
    "always_float64",
    but(gru_step, returns=as_float64),
    "the state is float64 whatever came in. Look at where your code names a dtype.",
)


EXERCISE = Exercise(
    reference=gru_step,
    inputs=inputs,
    points=10,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={"x": "B I", "h_prev": "B H", "return": "B H"},
    mistakes=wrong,
    also_right=(moving_towards, one_product, sample_by_sample),
    look="Four lines: r, z, the candidate n, and the mix. Check them in this order.",
)
