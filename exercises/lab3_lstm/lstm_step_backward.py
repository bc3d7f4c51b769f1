"""The backward pass of one LSTM step."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but
from exercises.lab3_lstm._draws import (
    GRADIENT_SHAPES,
    Array,
    Params,
    as_float64,
    lstm_params,
    states,
)
from solutions.lab3_lstm import lstm_gates, lstm_step, lstm_step_backward, sigmoid

Grads = dict[str, Any]
Line = Callable[[Any], Any]


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Any]:
    h_prev, c_prev = states(rng, B, H)
    return {
        "dh": rng.standard_normal((B, H)),
        "dc": rng.standard_normal((B, H)),
        "x": rng.standard_normal((B, I)),
        "h_prev": h_prev,
        "c_prev": c_prev,
        "params": lstm_params(rng, I, H),
    }


LINES: dict[str, Line] = {
    "total": lambda s: s.dc + s.dh * s.o * (1 - s.tanh_c**2),
    "f": lambda s: s.total * s.c_prev * s.f * (1 - s.f),
    "i": lambda s: s.total * s.g * s.i * (1 - s.i),
    "g": lambda s: s.total * s.i * (1 - s.g**2),
    "o": lambda s: s.dh * s.tanh_c * s.o * (1 - s.o),
    "dc_prev": lambda s: s.total * s.f,
    "xh": lambda s: np.concatenate([s.x, s.h_prev], axis=1),
    "dxh": lambda s: sum(s.dz[q] @ s.params[f"W_{q}"].T for q in "figo"),
}


def with_lines(**changes: Line) -> Callable[..., Grads]:
    """The backward pass with some lines replaced."""
    line = {**LINES, **changes}

    def changed(
        dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, params: Params
    ) -> Grads:
        s = SimpleNamespace(dh=dh, dc=dc, x=x, h_prev=h_prev, c_prev=c_prev, params=params)
        vars(s).update(lstm_gates(x, h_prev, params))
        s.h, s.c = lstm_step(x, h_prev, c_prev, params)
        s.tanh_c = np.tanh(s.c)
        s.total = line["total"](s)
        s.dz = {q: line[q](s) for q in "figo"}
        xh, dxh = line["xh"](s), line["dxh"](s)
        n = x.shape[1]
        grads = {"dx": dxh[:, :n], "dh_prev": dxh[:, n:], "dc_prev": line["dc_prev"](s)}
        for q in "figo":
            grads |= {f"dW_{q}": xh.T @ s.dz[q], f"db_{q}": s.dz[q].sum(axis=0)}
        return grads

    return changed


def untransposed_state_part(s: Any) -> Array:
    n = s.x.shape[1]
    dx = sum(s.dz[q] @ s.params[f"W_{q}"][:n].T for q in "figo")
    dh_prev = sum(s.dz[q] @ s.params[f"W_{q}"][n:] for q in "figo")
    return np.concatenate([dx, dh_prev], axis=1)


def split_at_the_wrong_end(s: Any) -> Array:
    dxh = LINES["dxh"](s)
    n = s.x.shape[1]
    return np.concatenate([dxh[:, -n:], dxh[:, :-n]], axis=1)


def last_gate_only(s: Any) -> Array:
    return np.asarray(s.dz["o"] @ s.params["W_o"].T)


def without_gate(missing: str) -> Line:
    return lambda s: sum(s.dz[q] @ s.params[f"W_{q}"].T for q in "figo" if q != missing)


def shared(grads: Grads, change: Callable[[Any], Any], prefixes: tuple[str, ...]) -> Grads:
    """The gradients with those of some parameters changed."""
    return {
        name: change(grad) if name.startswith(prefixes) else grad for name, grad in grads.items()
    }


def mean_over_batch(*args: Any) -> Grads:
    B = len(args[0])
    return shared(lstm_step_backward(*args), lambda grad: grad / B, ("dW_", "db_"))


def mean_bias(*args: Any) -> Grads:
    B = len(args[0])
    return shared(lstm_step_backward(*args), lambda grad: grad / B, ("db_",))


wrong = Mistakes()


@wrong
def bias_with_batch_axis(*args: Any) -> Grads:
    """the biases' gradients keep an axis for the batch.
    A gradient has the shape of what it belongs to."""
    return shared(lstm_step_backward(*args), lambda grad: grad[None], ("db_",))


@wrong
def weights_transposed(*args: Any) -> Grads:
    """the weights' gradients come out transposed.
    A gradient has the shape of what it belongs to."""
    return shared(lstm_step_backward(*args), np.transpose, ("dW_",))


def per_sample_bias(
    dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, params: Params
) -> Grads:
    first = lstm_step_backward(dh[:1], dc[:1], x[:1], h_prev[:1], c_prev[:1], params)
    grads = lstm_step_backward(dh, dc, x, h_prev, c_prev, params)
    return {name: first[name] if name.startswith("db_") else grads[name] for name in grads}


def exchanged_results(first: str, second: str) -> Callable[[Grads], Grads]:
    def change(grads: Grads) -> Grads:
        swap = {first: second, second: first}
        return {name: grads[name[:-1] + swap.get(name[-1], name[-1])] for name in grads}

    return change


def edits_dc(
    dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, params: Params
) -> Grads:
    right = lstm_step_backward(dh, dc, x, h_prev, c_prev, params)
    gate = lstm_gates(x, h_prev, params)
    dc += dh * gate["o"] * (1 - np.tanh(gate["f"] * c_prev + gate["i"] * gate["g"]) ** 2)
    return right


def edits_dh(
    dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, params: Params
) -> Grads:
    right = lstm_step_backward(dh, dc, x, h_prev, c_prev, params)
    dh *= lstm_gates(x, h_prev, params)["o"]
    return right


@wrong
def dx_like_x(
    dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, params: Params
) -> Grads:
    """dx and dh_prev are kept in arrays of the dtype of x and h_prev.
    What can an array of integers hold?"""
    grads = lstm_step_backward(dh, dc, x, h_prev, c_prev, params)
    return {
        **grads,
        "dx": grads["dx"].astype(x.dtype),
        "dh_prev": grads["dh_prev"].astype(h_prev.dtype),
    }


def per_parameter_names(grads: Grads) -> Grads:
    """Without the d in front of the parameters' names."""
    return {name[1:] if name[1] in "Wb" else name: grad for name, grad in grads.items()}


def stacked(dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, params: Params) -> Grads:
    xh = np.hstack([x, h_prev])
    W = np.hstack([params["W_" + q] for q in "ifog"])
    z = xh @ W + np.hstack([params["b_" + q] for q in "ifog"])
    zi, zf, zo, zg = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(zi), sigmoid(zf), sigmoid(zo), np.tanh(zg)
    c = f * c_prev + i * g
    squashed = np.tanh(c)
    d_cell = dc + o * dh * (1 - squashed) * (1 + squashed)
    dz = np.hstack(
        [
            d_cell * g * i * (1 - i),
            d_cell * c_prev * f * (1 - f),
            dh * squashed * o * (1 - o),
            d_cell * i * (1 - g * g),
        ]
    )
    dxh, dW, db = dz @ W.T, xh.T @ dz, dz.sum(0)
    out = {"dx": dxh[:, : x.shape[1]], "dh_prev": dxh[:, x.shape[1] :], "dc_prev": d_cell * f}
    for q, dW_q, db_q in zip("ifog", np.split(dW, 4, axis=1), np.split(db, 4), strict=True):
        out |= {"dW_" + q: dW_q, "db_" + q: db_q}
    return out


def einsum(dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, params: Params) -> Grads:
    n = x.shape[1]
    s = lstm_gates(x, h_prev, params)
    c = s["f"] * c_prev + s["i"] * s["g"]
    into_c = dh * s["o"] / np.cosh(c) ** 2 + dc
    upstream = {
        "f": into_c * c_prev,
        "i": into_c * s["g"],
        "g": into_c * s["i"],
        "o": dh * np.tanh(c),
    }
    out: Grads = {"dc_prev": into_c * s["f"], "dx": 0, "dh_prev": 0}
    for q in ("o", "g", "i", "f"):
        slope = 1 - s[q] ** 2 if q == "g" else s[q] - s[q] ** 2
        dz = upstream[q] * slope
        W = params[f"W_{q}"]
        out["dx"] = out["dx"] + np.einsum("bh,ih->bi", dz, W[:n])
        out["dh_prev"] = out["dh_prev"] + np.einsum("bh,jh->bj", dz, W[n:])
        out[f"dW_{q}"] = np.vstack(
            [np.einsum("bi,bh->ih", x, dz), np.einsum("bj,bh->jh", h_prev, dz)]
        )
        out[f"db_{q}"] = np.einsum("bh->h", dz)
    return out


def sample_by_sample(
    dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, params: Params
) -> Grads:
    rows = [
        lstm_step_backward(dh[b, None], dc[[b]], x[[b]], h_prev[[b]], c_prev[b : b + 1], params)
        for b in range(len(x))
    ]
    return {
        name: sum(row[name] for row in rows)
        if name[1] in "Wb"
        else np.concatenate([row[name] for row in rows])
        for name in rows[0]
    }


INTO_C = "Two things reach the cell. Derive h = o tanh(c) by c, and think of what dc stands for."
FACTORS = "In c = f * c_prev + i * g: what is the derivative by each of the four?"
SLOPES = "What is the slope of each squashing, written with its own result?"
WEIGHTS = "Each layer is [x, h_prev] @ W + b: go back through it as in lab 2, for each gate."
BATCH = "dh and dc carry every factor of the loss already."
EDITS = "Look for += or *= on something that was handed in."

wrong.add(
    "dc_overwritten",
    with_lines(total=lambda s: s.dh * s.o * (1 - s.tanh_c**2)),
    "what arrives in dc is thrown away. " + INTO_C,
)
wrong.add(
    "dc_only",
    with_lines(total=lambda s: s.dc),
    "what reaches the cell through h is left out. " + INTO_C,
)
wrong.add(
    "no_o_into_c",
    with_lines(total=lambda s: s.dc + s.dh * (1 - s.tanh_c**2)),
    "the way from h to the cell goes past the output gate. " + INTO_C,
)
wrong.add(
    "no_tanh_into_c",
    with_lines(total=lambda s: s.dc + s.dh * s.o),
    "the way from h to the cell goes past tanh. " + INTO_C,
)
wrong.add(
    "slope_of_raw_c",
    with_lines(total=lambda s: s.dc + s.dh * s.o * (1 - s.c**2)),
    "the slope of tanh is taken from the cell before it was squashed. " + SLOPES,
)
wrong.add(
    "slope_of_h",
    with_lines(total=lambda s: s.dc + s.dh * s.o * (1 - s.h**2)),
    "the slope of tanh(c) is taken from h. " + SLOPES,
)
wrong.add(
    "tanh_twice",
    with_lines(total=lambda s: s.dc + s.dh * s.o * (1 - np.tanh(s.tanh_c) ** 2)),
    "the cell is squashed twice before the slope is taken. " + SLOPES,
)
wrong.add(
    "square_missing",
    with_lines(total=lambda s: s.dc + s.dh * s.o * (1 - s.tanh_c)),
    "the slope of tanh(c) lacks a square. " + SLOPES,
)
wrong.add(
    "dc_through_h",
    with_lines(total=lambda s: (s.dc + s.dh) * s.o * (1 - s.tanh_c**2)),
    "dc is treated as if it came in through h. " + INTO_C,
)
wrong.add(
    "dc_minus",
    with_lines(total=lambda s: s.dc - s.dh * s.o * (1 - s.tanh_c**2)),
    "the two gradients that reach the cell are subtracted. " + INTO_C,
)
wrong.add(
    "dc_prev_without_f",
    with_lines(dc_prev=lambda s: s.total),
    "the gradient goes past the forget gate on its way to c_prev. " + FACTORS,
)
wrong.add(
    "dc_prev_from_dc",
    with_lines(dc_prev=lambda s: s.dc * s.f),
    "dc_prev leaves out what reached the cell through h. " + INTO_C,
)
wrong.add(
    "dc_prev_times_i",
    with_lines(dc_prev=lambda s: s.total * s.i),
    "another gate than the one in the forward pass scales dc_prev. " + FACTORS,
)
wrong.add(
    "dc_prev_zero",
    with_lines(dc_prev=lambda s: 0 * s.total),
    "nothing goes back to the old cell. " + FACTORS,
)
wrong.add(
    "df_from_new_cell",
    with_lines(f=lambda s: s.total * s.c * s.f * (1 - s.f)),
    "the forget gate's gradient is made with the new cell. " + FACTORS,
)
wrong.add(
    "df_from_old_state",
    with_lines(f=lambda s: s.total * s.h_prev * s.f * (1 - s.f)),
    "the forget gate's gradient is made with the old state. " + FACTORS,
)
wrong.add(
    "i_and_g_crossed",
    with_lines(
        i=lambda s: s.total * s.i * s.i * (1 - s.i), g=lambda s: s.total * s.g * (1 - s.g**2)
    ),
    "input gate and candidate are each multiplied by themselves. " + FACTORS,
)
wrong.add(
    "di_from_c_prev",
    with_lines(i=lambda s: s.total * s.c_prev * s.i * (1 - s.i)),
    "the input gate's gradient is made with the old cell. " + FACTORS,
)
wrong.add(
    "g_with_gate_slope",
    with_lines(g=lambda s: s.total * s.i * s.g * (1 - s.g)),
    "the candidate gets the slope of a gate. " + SLOPES,
)
wrong.add(
    "g_square_missing",
    with_lines(g=lambda s: s.total * s.i * (1 - s.g)),
    "the candidate's slope lacks a square. " + SLOPES,
)
wrong.add(
    "gates_with_tanh_slope",
    with_lines(
        f=lambda s: s.total * s.c_prev * (1 - s.f**2),
        i=lambda s: s.total * s.g * (1 - s.i**2),
        o=lambda s: s.dh * s.tanh_c * (1 - s.o**2),
    ),
    "the gates get the candidate's slope. " + SLOPES,
)
wrong.add(
    "no_slopes",
    with_lines(
        f=lambda s: s.total * s.c_prev,
        i=lambda s: s.total * s.g,
        g=lambda s: s.total * s.i,
        o=lambda s: s.dh * s.tanh_c,
    ),
    "no gradient passes back through the squashings. " + SLOPES,
)
wrong.add(
    "no_f_slope",
    with_lines(f=lambda s: s.total * s.c_prev),
    "the slope of the forget gate is left out. " + SLOPES,
)
wrong.add(
    "no_i_slope",
    with_lines(i=lambda s: s.total * s.g),
    "the slope of the input gate is left out. " + SLOPES,
)
wrong.add(
    "no_g_slope",
    with_lines(g=lambda s: s.total * s.i),
    "the slope of the candidate is left out. " + SLOPES,
)
wrong.add(
    "no_o_slope",
    with_lines(o=lambda s: s.dh * s.tanh_c),
    "the slope of the output gate is left out. " + SLOPES,
)
wrong.add(
    "do_from_raw_cell",
    with_lines(o=lambda s: s.dh * s.c * s.o * (1 - s.o)),
    "the output gate's gradient is made with the cell before it was squashed. What was o multiplied by in the forward pass?",
)
wrong.add(
    "do_from_total",
    with_lines(o=lambda s: s.total * s.tanh_c * s.o * (1 - s.o)),
    "the output gate gets the gradient of the cell. Which of the two results did o take part in?",
)
wrong.add(
    "state_part_untransposed",
    with_lines(dxh=untransposed_state_part),
    "the square part of each W is not transposed on the way to h_prev. Write out one number of the sum, and derive it by h_prev[j].",
)
wrong.add(
    "split_at_the_wrong_end",
    with_lines(dxh=split_at_the_wrong_end),
    "the last I columns are taken for x. Which rows of W belong to x?",
)
wrong.add(
    "last_gate_only",
    with_lines(dxh=last_gate_only),
    "only one gate sends its gradient back to x and h_prev. How many of the four layers read x?",
)
wrong.add(
    "candidate_left_out",
    with_lines(dxh=without_gate("g")),
    "the candidate sends nothing back to x and h_prev. How many of the four layers read x?",
)
wrong.add(
    "output_left_out",
    with_lines(dxh=without_gate("o")),
    "the output gate sends nothing back to x and h_prev. How many of the four layers read x?",
)
wrong.add(
    "dW_with_h_first",
    with_lines(xh=lambda s: np.concatenate([s.h_prev, s.x], axis=1)),
    "the rows of the weights' gradients stand in the wrong order. Which rows of W belong to x?",
)
wrong.add(
    "dW_from_new_state",
    with_lines(xh=lambda s: np.concatenate([s.x, s.h], axis=1)),
    "the weights' gradients are made with the new state. " + WEIGHTS,
)
wrong.add(
    "g_and_o_named_wrongly",
    but(lstm_step_backward, returns=exchanged_results("g", "o")),
    "the gradients of candidate and output gate carry each other's names. Compare the names with the numbers, gate by gate.",
)
wrong.add(
    "f_and_i_named_wrongly",
    but(lstm_step_backward, returns=exchanged_results("f", "i")),
    "the gradients of forget and input gate carry each other's names. Compare the names with the numbers, gate by gate.",
)
wrong.add(
    "mean_over_batch",
    mean_over_batch,
    "the gradients of the parameters are divided by the size of the batch. " + BATCH,
)
wrong.add("mean_bias", mean_bias, "the biases' gradients are means over the batch. " + BATCH)
wrong.add(
    "first_sample_bias",
    per_sample_bias,
    "the biases' gradients come from the first sample alone. Every sample used the same bias: what follows for its gradient?",
)
wrong.add(
    "wrong_sign",
    but(lstm_step_backward, dh=np.negative, dc=np.negative),
    "all gradients have the wrong sign. Look for a minus sign that the forward pass does not have.",
)
wrong.add(
    "parameters_without_d",
    but(lstm_step_backward, returns=per_parameter_names),
    "the parameters' gradients carry the names of the parameters. Compare your keys with the statement.",
)
wrong.add("edits_dc", edits_dc, "the caller's dc is added to in place. " + EDITS)
wrong.add("edits_dh", edits_dh, "the caller's dh is multiplied in place. " + EDITS)
wrong.add(
    "always_float64",
    but(lstm_step_backward, returns=as_float64),
    "the gradients are float64 whatever came in. Look at where your code names a dtype.",
)


EXERCISE = Exercise(
    reference=lstm_step_backward,
    inputs=inputs,
    points=20,
    axes={"B": 3, "I": 2, "H": 4},
    shapes={
        "dh": "B H",
        "dc": "B H",
        "x": "B I",
        "h_prev": "B H",
        "c_prev": "B H",
        "dx": "B I",
        "dh_prev": "B H",
        "dc_prev": "B H",
        **GRADIENT_SHAPES,
    },
    mistakes=wrong,
    also_right=(stacked, einsum, sample_by_sample),
    look="Go line by line: into the cell, into the four gates, through the squashing, and then "
    "into the weights and what went in.",
)
