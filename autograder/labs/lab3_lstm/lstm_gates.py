"""The three gates and the candidate of one LSTM step."""

from collections.abc import Callable, Mapping
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
    zeroed,
)
from autograder.spec import Exercise, Mistake, but
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


def h_first(x: Array, h_prev: Array, params: Params) -> Gates:
    hx = np.concatenate([h_prev, x], axis=1)
    n = x.shape[1]
    return lstm_gates(hx[:, :n], hx[:, n:], params)


def bias_outside(x: Array, h_prev: Array, params: Params) -> Gates:
    gates = lstm_gates(x, h_prev, zeroed("b_")(params))
    return {q: gate + params[f"b_{q}"] for q, gate in gates.items()}


def squashed_apart(x: Array, h_prev: Array, params: Params) -> Gates:
    n = x.shape[1]
    squash: dict[str, Squash] = {"f": sigmoid, "i": sigmoid, "g": np.tanh, "o": sigmoid}
    return {
        q: squash[q](x @ params[f"W_{q}"][:n])
        + squash[q](h_prev @ params[f"W_{q}"][n:] + params[f"b_{q}"])
        for q in "figo"
    }


def coupled(x: Array, h_prev: Array, params: Params) -> Gates:
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


def raises_the_callers_bias(x: Array, h_prev: Array, params: Params) -> Gates:
    bias = params["b_f"]
    bias += 1
    return lstm_gates(x, h_prev, params)


def as_tuple(x: Array, h_prev: Array, params: Params) -> Any:
    return tuple(lstm_gates(x, h_prev, params).values())


def candidate_called_c(x: Array, h_prev: Array, params: Params) -> Gates:
    gates = lstm_gates(x, h_prev, params)
    gates["c"] = gates.pop("g")
    return gates


def two_products(x: Array, h_prev: Array, params: Params) -> Gates:
    n = x.shape[1]

    def layer(q: str) -> Any:
        W, b = params["W_" + q], params["b_" + q]
        return b + np.dot(h_prev, W[n:]) + np.dot(x, W[:n])

    return {"o": plain_sigmoid(layer("o")), "g": np.tanh(layer("g")),
            "i": plain_sigmoid(layer("i")), "f": plain_sigmoid(layer("f"))}  # fmt: skip


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

EXERCISE = Exercise(
    reference=lstm_gates,
    inputs=inputs,
    points=10,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={"x": "B I", "h_prev": "B H", **dict.fromkeys("figo", "B H")},
    mistakes=(
        Mistake("candidate_is_a_gate", squashed_by(g=sigmoid),
                when="the candidate is squashed like a gate", look=SQUASH),
        Mistake("gates_are_tanh", squashed_by(f=np.tanh, i=np.tanh, o=np.tanh),
                when="all four are squashed in the same way, the candidate's way", look=SQUASH),
        Mistake("o_is_tanh", squashed_by(o=np.tanh),
                when="the output gate is squashed like the candidate", look=SQUASH),
        Mistake("o_not_squashed", squashed_by(o=raw),
                when="the output gate is not squashed", look=SQUASH),
        Mistake("g_not_squashed", squashed_by(g=raw),
                when="the candidate is not squashed", look=SQUASH),
        Mistake("nothing_squashed", squashed_by(raw, raw, raw, raw),
                when="the four sums come back as they are", look=SQUASH),
        Mistake("h_first", h_first,
                when="the state stands in front of the input where the two are joined",
                look="To which numbers do the first rows of W_f belong?"),
        Mistake("f_and_i_exchanged", but(lstm_gates, params=exchanged("f", "i")),
                when="the forget gate and the input gate have changed places", look=WEIGHTS),
        Mistake("g_and_o_exchanged", but(lstm_gates, params=exchanged("g", "o")),
                when="candidate and output gate use each other's weights", look=WEIGHTS),
        Mistake("i_and_o_exchanged", but(lstm_gates, params=exchanged("i", "o")),
                when="the input gate and the output gate have changed places", look=WEIGHTS),
        Mistake("f_and_o_exchanged", but(lstm_gates, params=exchanged("f", "o")),
                when="the forget gate and the output gate have changed places", look=WEIGHTS),
        Mistake("i_and_g_exchanged", but(lstm_gates, params=exchanged("i", "g")),
                when="input gate and candidate use each other's weights", look=WEIGHTS),
        Mistake("one_set_of_weights", one_set_of_weights,
                when="all four use the weights and the bias of the forget gate", look=WEIGHTS),
        Mistake("one_bias", one_bias,
                when="all four use the bias of the forget gate", look=WEIGHTS),
        Mistake("no_bias", but(lstm_gates, params=zeroed("b_")),
                when="the biases are left out", look=BIAS),
        Mistake("bias_twice", but(lstm_gates, params=bias_twice),
                when="each bias is added twice", look=BIAS),
        Mistake("bias_outside", bias_outside,
                when="the biases are added after the squashing", look=BIAS),
        Mistake("squashed_apart", squashed_apart,
                when="two squashed terms are added up, in place of one squashed sum",
                look="How large can a gate get in your version?"),
        Mistake("without_state", but(lstm_gates, h_prev=np.zeros_like),
                when="the old state has no influence", look="What do the last H rows of W meet?"),
        Mistake("without_input", but(lstm_gates, x=np.zeros_like),
                when="the input has no influence", look="What do the first I rows of W meet?"),
        Mistake("coupled", coupled,
                when="the input gate is what the forget gate leaves over",
                look="The input gate has weights of its own."),
        Mistake("forget_bias_raised", but(lstm_gates, params=forget_bias_raised),
                when="1 is added to the forget gate's bias",
                look="Starting values are somebody else's business here."),
        Mistake("raises_the_callers_bias", raises_the_callers_bias,
                when="each call changes the forget bias that it was given",
                look="Look for += on something that was handed in."),
        Mistake("as_tuple", as_tuple, when="the four come back without their names",
                look="Look at the kind of container that is asked for."),
        Mistake("candidate_called_c", candidate_called_c,
                when="one of the four carries another name than asked for",
                look="Compare your keys with the statement."),
        Mistake("always_float64", but(lstm_gates, returns=as_float64),
                when="the gates are float64 whatever came in",
                look="Look at where your code names a dtype."),
    ),
    also_right=(two_products, one_product, einsum),
    look="Check one gate at a time: which weights, which bias, which squashing?",
)  # fmt: skip
