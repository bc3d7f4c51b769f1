"""The three gates and the candidate of one LSTM step."""

from collections.abc import Callable, Mapping
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
    zeroed,
)
from solutions.lab3_lstm import lstm_gates, sigmoid

Gates = dict[str, Array]
Squash = Callable[[Array], Any]


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Any]:
    return {
        "x": rng.standard_normal((B, I)),
        "h_prev": states(rng, B, H)[0],
        "params": lstm_params(rng, I, H),
    }


def squashed_by(
    f: Squash = sigmoid, i: Squash = sigmoid, g: Squash = np.tanh, o: Squash = sigmoid
) -> Callable[..., Gates]:
    """The gates with other functions around their sums."""

    def changed(x: Array, h_prev: Array, params: Params) -> Gates:
        xh = np.concatenate([x, h_prev], axis=1)
        z = {q: xh @ params[f"W_{q}"] + params[f"b_{q}"] for q in "figo"}
        return {"f": f(z["f"]), "i": i(z["i"]), "g": g(z["g"]), "o": o(z["o"])}

    return changed


def raw(z: Array) -> Array:
    return np.asarray(z, dtype=np.result_type(z, np.float32))


wrong = Mistakes()


@wrong
def h_first(x: Array, h_prev: Array, params: Params) -> Gates:
    """the state stands in front of the input where the two are joined.
    To which numbers do the first rows of W_f belong?"""
    hx = np.concatenate([h_prev, x], axis=1)
    n = x.shape[1]
    return lstm_gates(hx[:, :n], hx[:, n:], params)


def bias_outside(x: Array, h_prev: Array, params: Params) -> Gates:
    gates = lstm_gates(x, h_prev, zeroed("b_")(params))
    return {q: gate + params[f"b_{q}"] for q, gate in gates.items()}


@wrong
def squashed_apart(x: Array, h_prev: Array, params: Params) -> Gates:
    """two squashed terms are added up, in place of one squashed sum.
    How large can a gate get in your version?"""
    n = x.shape[1]
    squash: dict[str, Squash] = {"f": sigmoid, "i": sigmoid, "g": np.tanh, "o": sigmoid}
    return {
        q: squash[q](x @ params[f"W_{q}"][:n])
        + squash[q](h_prev @ params[f"W_{q}"][n:] + params[f"b_{q}"])
        for q in "figo"
    }


@wrong
def coupled(x: Array, h_prev: Array, params: Params) -> Gates:
    """the input gate is what the forget gate leaves over.
    The input gate has weights of its own."""
    gates = lstm_gates(x, h_prev, params)
    return {**gates, "i": 1 - gates["f"]}


def one_set_of_weights(x: Array, h_prev: Array, params: Params) -> Gates:
    shared = {f"{name}_{q}": params[f"{name}_f"] for name in "Wb" for q in "figo"}
    return lstm_gates(x, h_prev, shared)


def one_bias(x: Array, h_prev: Array, params: Params) -> Gates:
    return lstm_gates(x, h_prev, {**params, **{f"b_{q}": params["b_f"] for q in "figo"}})


def bias_twice(params: Params) -> Params:
    return {name: 2 * p if name.startswith("b_") else p for name, p in params.items()}


def forget_bias_raised(params: Params) -> Params:
    return {**params, "b_f": params["b_f"] + 1}


@wrong
def raises_the_callers_bias(x: Array, h_prev: Array, params: Params) -> Gates:
    """each call changes the forget bias that it was given.
    Look for += on something that was handed in."""
    bias = params["b_f"]
    bias += 1
    return lstm_gates(x, h_prev, params)


@wrong
def as_tuple(x: Array, h_prev: Array, params: Params) -> Any:
    """the four come back without their names.
    Look at the kind of container that is asked for."""
    return tuple(lstm_gates(x, h_prev, params).values())


@wrong
def candidate_called_c(x: Array, h_prev: Array, params: Params) -> Gates:
    """one of the four carries another name than asked for.
    Compare your keys with the statement."""
    gates = lstm_gates(x, h_prev, params)
    gates["c"] = gates.pop("g")
    return gates


def two_products(x: Array, h_prev: Array, params: Params) -> Gates:
    n = x.shape[1]

    def layer(q: str) -> Any:
        W, b = params["W_" + q], params["b_" + q]
        return b + np.dot(h_prev, W[n:]) + np.dot(x, W[:n])

    return {
        "o": plain_sigmoid(layer("o")),
        "g": np.tanh(layer("g")),
        "i": plain_sigmoid(layer("i")),
        "f": plain_sigmoid(layer("f")),
    }


def one_product(x: Array, h_prev: Array, params: Params) -> Gates:
    W = np.hstack([params[f"W_{q}"] for q in "fiog"])
    b = np.hstack([params[f"b_{q}"] for q in "fiog"])
    z = np.hstack([x, h_prev]) @ W + b
    H = h_prev.shape[-1]
    return {
        "f": sigmoid(z[:, :H]),
        "i": sigmoid(z[:, H : 2 * H]),
        "o": sigmoid(z[:, 2 * H : 3 * H]),
        "g": np.tanh(z[:, 3 * H :]),
    }


def einsum(x: Array, h_prev: Array, params: Params) -> Gates:
    xh = np.c_[x, h_prev]
    gates = {}
    for q in ("g", "o", "f", "i"):
        z = np.einsum("bk,kh->bh", xh, params[f"W_{q}"]) + params[f"b_{q}"][None, :]
        gates[q] = np.tanh(z) if q == "g" else 0.5 + 0.5 * np.tanh(z / 2)
    return gates


SQUASH = "Which of the four must be able to be negative, and which must not?"
BIAS = "With inputs, states and weights of zero, what should each gate be?"
WEIGHTS = "Go through the four lines: which names of weights does each one use?"

wrong.add(
    "candidate_is_a_gate",
    squashed_by(g=sigmoid),
    "the candidate is squashed like a gate. " + SQUASH,
)
wrong.add(
    "gates_are_tanh",
    squashed_by(f=np.tanh, i=np.tanh, o=np.tanh),
    "all four are squashed in the same way, the candidate's way. " + SQUASH,
)
wrong.add(
    "o_is_tanh",
    squashed_by(o=np.tanh),
    "the output gate is squashed like the candidate. " + SQUASH,
)
wrong.add("o_not_squashed", squashed_by(o=raw), "the output gate is not squashed. " + SQUASH)
wrong.add("g_not_squashed", squashed_by(g=raw), "the candidate is not squashed. " + SQUASH)
wrong.add(
    "nothing_squashed",
    squashed_by(raw, raw, raw, raw),
    "the four sums come back as they are. " + SQUASH,
)
wrong.add(
    "f_and_i_exchanged",
    but(lstm_gates, params=exchanged("f", "i")),
    "the forget gate and the input gate have changed places. " + WEIGHTS,
)
wrong.add(
    "g_and_o_exchanged",
    but(lstm_gates, params=exchanged("g", "o")),
    "candidate and output gate use each other's weights. " + WEIGHTS,
)
wrong.add(
    "i_and_o_exchanged",
    but(lstm_gates, params=exchanged("i", "o")),
    "the input gate and the output gate have changed places. " + WEIGHTS,
)
wrong.add(
    "f_and_o_exchanged",
    but(lstm_gates, params=exchanged("f", "o")),
    "the forget gate and the output gate have changed places. " + WEIGHTS,
)
wrong.add(
    "i_and_g_exchanged",
    but(lstm_gates, params=exchanged("i", "g")),
    "input gate and candidate use each other's weights. " + WEIGHTS,
)
wrong.add(
    "one_set_of_weights",
    one_set_of_weights,
    "all four use the weights and the bias of the forget gate. " + WEIGHTS,
)
wrong.add("one_bias", one_bias, "all four use the bias of the forget gate. " + WEIGHTS)
wrong.add("no_bias", but(lstm_gates, params=zeroed("b_")), "the biases are left out. " + BIAS)
wrong.add("bias_twice", but(lstm_gates, params=bias_twice), "each bias is added twice. " + BIAS)
wrong.add("bias_outside", bias_outside, "the biases are added after the squashing. " + BIAS)
wrong.add(
    "without_state",
    but(lstm_gates, h_prev=np.zeros_like),
    "the old state has no influence. What do the last H rows of W meet?",
)
wrong.add(
    "without_input",
    but(lstm_gates, x=np.zeros_like),
    "the input has no influence. What do the first I rows of W meet?",
)
wrong.add(
    "forget_bias_raised",
    but(lstm_gates, params=forget_bias_raised),
    "1 is added to the forget gate's bias. Starting values are somebody else's business here.",
)
wrong.add(
    "always_float64",
    but(lstm_gates, returns=as_float64),
    "the gates are float64 whatever came in. Look at where your code names a dtype.",
)


EXERCISE = Exercise(
    reference=lstm_gates,
    inputs=inputs,
    points=10,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={"x": "B I", "h_prev": "B H", **dict.fromkeys("figo", "B H")},
    mistakes=wrong,
    also_right=(two_products, one_product, einsum),
    look="Check one gate at a time: which weights, which bias, which squashing?",
)
