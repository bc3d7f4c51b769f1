"""PyTorch's stacked weights as four gates."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but, weights
from exercises.lab3_lstm._draws import Array, as_float64, signed
from solutions.lab3_lstm import from_torch_lstm

State = Mapping[str, Array]
Params = dict[str, Any]


def inputs(rng: np.random.Generator, I: int, H: int) -> Mapping[str, Any]:
    state = {
        "weight_ih_l0": weights(rng, 4 * H, I),
        "weight_hh_l0": weights(rng, 4 * H, H),
        "bias_ih_l0": signed(rng, 0.2, 1.0, 4 * H),
        "bias_hh_l0": signed(rng, 0.2, 1.0, 4 * H),
    }
    return {"state": state}


def read_as(order: str) -> Callable[..., Params]:
    """The gates taken to be stacked in another order."""

    def changed(state: State) -> Params:
        right = from_torch_lstm(state)
        name = dict(zip(order, "ifgo", strict=True))
        return {f"{kind}_{q}": right[f"{kind}_{name[q]}"] for q in "figo" for kind in "Wb"}

    return changed


wrong = Mistakes()


@wrong
def interleaved(state: State) -> Params:
    """every fourth row is taken to belong to one gate.
    How many rows in a row belong to one gate?"""

    def every_fourth(a: Array) -> Array:
        return np.concatenate([a[k::4] for k in range(4)])

    return from_torch_lstm({name: every_fourth(array) for name, array in state.items()})


def with_parts(
    combine: Callable[[Array, Array], Any] = lambda W_x, W_h: np.vstack([W_x.T, W_h.T]),
    bias: Callable[[Array, Array], Any] = np.add,
) -> Callable[..., Params]:
    """Each gate's W made from its rows of both arrays, and its b from both biases."""

    def changed(state: State) -> Params:
        H = state["weight_hh_l0"].shape[1]
        out: Params = {}
        for k, q in enumerate("ifgo"):
            rows = slice(k * H, (k + 1) * H)
            out[f"W_{q}"] = combine(state["weight_ih_l0"][rows], state["weight_hh_l0"][rows])
            out[f"b_{q}"] = bias(state["bias_ih_l0"][rows], state["bias_hh_l0"][rows])
        return out

    return changed


def reshaped(W_x: Array, W_h: Array) -> Array:
    both = np.hstack([W_x, W_h])
    return both.reshape(both.shape[1], both.shape[0])


def mean_of_biases(b_x: Array, b_h: Array) -> Array:
    return (b_x + b_h) / 2


def difference(b_x: Array, b_h: Array) -> Array:
    return b_x - b_h


def first_bias(b_x: Array, b_h: Array) -> Array:
    return b_x


def second_bias(b_x: Array, b_h: Array) -> Array:
    return b_h


def bias_as_column(b_x: Array, b_h: Array) -> Array:
    return (b_x + b_h)[:, None]


def both_biases(b_x: Array, b_h: Array) -> Array:
    return np.concatenate([b_x, b_h])


def edits_bias(state: State) -> Params:
    right = from_torch_lstm(state)
    bias = state["bias_ih_l0"]
    bias += state["bias_hh_l0"]
    return right


def edits_weights(state: State) -> Params:
    right = from_torch_lstm(state)
    state["weight_hh_l0"][...] = 0
    return right


@wrong
def uses_up_state(state: dict[str, Array]) -> Params:
    """the caller's dict is empty afterwards.
    Look for .pop or del."""
    right = from_torch_lstm(state)
    for name in tuple(state):
        state.pop(name)
    return right


@wrong
def with_old_keys(state: State) -> Params:
    """PyTorch's arrays stand in the result too.
    Eight arrays are asked for."""
    return {**state, **from_torch_lstm(state)}


def weights_only(params: Params) -> Params:
    return {name: array for name, array in params.items() if name.startswith("W_")}


def candidate_called_c(params: Params) -> Params:
    return {name.replace("_g", "_c"): array for name, array in params.items()}


def transposed_first(state: State) -> Params:
    W = np.vstack([state["weight_ih_l0"].T, state["weight_hh_l0"].T])
    b = state["bias_hh_l0"] + state["bias_ih_l0"]
    H = W.shape[1] // 4
    out = {}
    for k, q in enumerate("ifgo"):
        out["b_" + q] = b[k * H : (k + 1) * H].copy()
        out["W_" + q] = np.ascontiguousarray(W[:, k * H : (k + 1) * H])
    return out


def four_blocks(state: State) -> Params:
    H = state["bias_ih_l0"].size // 4
    W_x = state["weight_ih_l0"].reshape(4, H, -1)
    W_h = state["weight_hh_l0"].reshape(4, H, H)
    b = (state["bias_ih_l0"] + state["bias_hh_l0"]).reshape(4, H)
    W = np.concatenate([W_x, W_h], axis=2).transpose(0, 2, 1)
    i, f, g, o = range(4)
    return {
        "W_f": W[f],
        "W_i": W[i],
        "W_g": W[g],
        "W_o": W[o],
        "b_f": b[f],
        "b_i": b[i],
        "b_g": b[g],
        "b_o": b[o],
    }


def written_into_buffers(state: State) -> Params:
    H, I = state["weight_hh_l0"].shape[1], state["weight_ih_l0"].shape[1]
    out: Params = {}
    for k, q in enumerate("ifgo"):
        W = np.empty((I + H, H), dtype=state["weight_ih_l0"].dtype)
        for unit in range(H):
            W[:I, unit] = state["weight_ih_l0"][k * H + unit]
            W[I:, unit] = state["weight_hh_l0"][k * H + unit]
        out[f"W_{q}"] = W
        pair = [state["bias_ih_l0"], state["bias_hh_l0"]]
        out[f"b_{q}"] = np.sum(pair, axis=0)[k * H : (k + 1) * H]
    return out


ORDER = "In which order does torch.nn.LSTM stack its gates? The statement says it."
SHAPE = "Samples are rows here: on which side of W does x stand? And in PyTorch?"
BIAS = "PyTorch adds both biases to the same sum."
EDITS = "Look for an assignment into what was handed in."

wrong.add(
    "read_as_ifog", read_as("ifog"), "the gates are taken to be stacked i, f, o, g. " + ORDER
)
wrong.add(
    "read_as_figo", read_as("figo"), "the gates are taken to be stacked f, i, g, o. " + ORDER
)
wrong.add(
    "read_as_fiog", read_as("fiog"), "the gates are taken to be stacked f, i, o, g. " + ORDER
)
wrong.add(
    "read_as_igfo", read_as("igfo"), "the gates are taken to be stacked i, g, f, o. " + ORDER
)
wrong.add(
    "read_as_iofg", read_as("iofg"), "the gates are taken to be stacked i, o, f, g. " + ORDER
)
wrong.add(
    "read_as_fgio",
    read_as("fgio"),
    "the gates are taken to be stacked in the order of the alphabet. " + ORDER,
)
wrong.add(
    "h_first",
    with_parts(lambda W_x, W_h: np.vstack([W_h.T, W_x.T])),
    "the rows of h stand in front of those of x. Which rows come first?",
)
wrong.add(
    "state_part_untransposed",
    with_parts(lambda W_x, W_h: np.vstack([W_x.T, W_h])),
    "the square part is not turned over: nothing complains. " + SHAPE,
)
wrong.add(
    "not_transposed",
    with_parts(lambda W_x, W_h: np.hstack([W_x, W_h])),
    "the weights are not turned over. " + SHAPE,
)
wrong.add(
    "reshaped",
    with_parts(reshaped),
    "the weights are reshaped where they should be turned over. " + SHAPE,
)
wrong.add(
    "input_part_only",
    with_parts(lambda W_x, W_h: W_x.T),
    "the state's weights are left out. W has I + H rows.",
)
wrong.add("first_bias", with_parts(bias=first_bias), "one of the two biases is left out. " + BIAS)
wrong.add(
    "second_bias", with_parts(bias=second_bias), "the first of the two biases is left out. " + BIAS
)
wrong.add(
    "mean_of_biases",
    with_parts(bias=mean_of_biases),
    "the mean of the two biases is taken. " + BIAS,
)
wrong.add(
    "difference_of_biases",
    with_parts(bias=difference),
    "one bias is taken away from the other. " + BIAS,
)
wrong.add(
    "both_biases",
    with_parts(bias=both_biases),
    "the two biases stand one behind the other. " + BIAS,
)
wrong.add(
    "bias_as_column",
    with_parts(bias=bias_as_column),
    "each bias is a column. A bias has one axis.",
)
wrong.add(
    "weights_only",
    but(from_torch_lstm, returns=weights_only),
    "the biases are missing from the result. Eight arrays are asked for.",
)
wrong.add(
    "candidate_called_c",
    but(from_torch_lstm, returns=candidate_called_c),
    "one gate carries another name than asked for. Compare your keys with the statement.",
)
wrong.add("edits_bias", edits_bias, "the sum is written into the caller's bias. " + EDITS)
wrong.add("edits_weights", edits_weights, "the caller's weights are overwritten. " + EDITS)
wrong.add(
    "always_float64",
    but(from_torch_lstm, returns=as_float64),
    "the params are float64 whatever came in. Look at where your code names a dtype.",
)


EXERCISE = Exercise(
    reference=from_torch_lstm,
    inputs=inputs,
    points=8,
    axes={"I": 2, "H": 4},
    shapes={**{f"W_{q}": "I+H H" for q in "figo"}, **{f"b_{q}": "H" for q in "figo"}},
    without=frozenset({"integer inputs"}),
    mistakes=wrong,
    also_right=(with_parts(), transposed_first, four_blocks, written_into_buffers),
    look="Take one gate: find its H rows in all four arrays, then make W and b from them.",
)
