"""Backpropagation through time in an LSTM."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from solutions.lab3_lstm import (
    lstm_backward,
    lstm_forward,
    lstm_gates,
    lstm_step_backward,
    sigmoid,
)

Grads = dict[str, Any]
PARAMETERS = tuple(f"d{name}_{q}" for name in "Wb" for q in "figo")


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int) -> Mapping[str, Any]:
    h0, c0 = states(rng, B, H)
    return {
        "dh": rng.standard_normal((B, T, H)),
        "x": rng.standard_normal((B, T, I)),
        "h0": h0,
        "c0": c0,
        "params": lstm_params(rng, I, H),
    }


@dataclass
class Turn:
    """What one turn of the loop has at hand."""

    t: int
    T: int
    dh: Array
    h: Array
    c: Array
    h0: Array
    c0: Array
    dh_next: Any
    dc_next: Any

    @property
    def before(self) -> tuple[Array, Array]:
        """The states before this step."""
        if self.t == 0:
            return self.h0, self.c0
        return self.h[:, self.t - 1], self.c[:, self.t - 1]


Choice = Callable[[Turn], Any]
Carry = Callable[[Turn, Grads], tuple[Any, Any]]


def into_h(turn: Turn) -> Any:
    return turn.dh[:, turn.t] + turn.dh_next


def into_c(turn: Turn) -> Any:
    return turn.dc_next


def before(turn: Turn) -> Any:
    return turn.before


def carry_both(turn: Turn, step: Grads) -> tuple[Any, Any]:
    return step["dh_prev"], step["dc_prev"]


def loop(
    dh_in: Choice = into_h,
    dc_in: Choice = into_c,
    previous: Choice = before,
    carry: Carry = carry_both,
    forwards: bool = False,
) -> Callable[..., Grads]:
    """The backward loop with some of its choices made differently."""

    def changed(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> Grads:
        h, c = lstm_forward(x, h0, c0, params)
        T = x.shape[1]
        back: tuple[Any, Any] = (np.zeros_like(h0), np.zeros_like(c0))
        steps: dict[int, Grads] = {}
        for t in range(T) if forwards else reversed(range(T)):
            turn = Turn(t, T, dh, h, c, h0, c0, *back)
            h_prev, c_prev = previous(turn)
            steps[t] = lstm_step_backward(
                dh_in(turn), dc_in(turn), x[:, t], h_prev, c_prev, params
            )
            back = carry(turn, steps[t])
        grads: Grads = {name: sum(step[name] for step in steps.values()) for name in PARAMETERS}
        grads["dx"] = np.stack([steps[t]["dx"] for t in range(T)], axis=1)
        return {**grads, "dh0": back[0], "dc0": back[1]}

    return changed


def last_only(turn: Turn) -> Any:
    return turn.dh[:, turn.t] if turn.t == turn.T - 1 else turn.dh_next


def last_gradient_again(turn: Turn) -> Any:
    return turn.dh[:, -1] + turn.dh_next


def dh_into_c(turn: Turn) -> Any:
    return turn.dh[:, turn.t] + turn.dc_next


def wrapped(turn: Turn) -> Any:
    return turn.h[:, turn.t - 1], turn.c[:, turn.t - 1]


def wrapped_state(turn: Turn) -> Any:
    return turn.h[:, turn.t - 1], turn.before[1]


def wrapped_cell(turn: Turn) -> Any:
    return turn.before[0], turn.c[:, turn.t - 1]


def zero_start(turn: Turn) -> Any:
    if turn.t > 0:
        return turn.before
    return np.zeros_like(turn.h0), np.zeros_like(turn.c0)


def zero_state(turn: Turn) -> Any:
    return (turn.before[0] if turn.t > 0 else np.zeros_like(turn.h0)), turn.before[1]


def zero_cell(turn: Turn) -> Any:
    return turn.before[0], (turn.before[1] if turn.t > 0 else np.zeros_like(turn.c0))


def new_states(turn: Turn) -> Any:
    return turn.h[:, turn.t], turn.c[:, turn.t]


def new_cell(turn: Turn) -> Any:
    return turn.before[0], turn.c[:, turn.t]


def new_state(turn: Turn) -> Any:
    return turn.h[:, turn.t], turn.before[1]


def always_start(turn: Turn) -> Any:
    return turn.h0, turn.c0


def gathering(turn: Turn, step: Grads) -> tuple[Any, Any]:
    return turn.dh_next + step["dh_prev"], step["dc_prev"]


def gathering_cell(turn: Turn, step: Grads) -> tuple[Any, Any]:
    return step["dh_prev"], turn.dc_next + step["dc_prev"]


def crossing(turn: Turn, step: Grads) -> tuple[Any, Any]:
    return step["dc_prev"], step["dh_prev"]


def every_other(turn: Turn, step: Grads) -> tuple[Any, Any]:
    keep = turn.t % 2
    return keep * step["dh_prev"], keep * step["dc_prev"]


def first_step_only(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> Grads:
    """Weights of the step that the loop comes to last: assigned, not added."""
    grads = lstm_backward(dh, x, h0, c0, params)
    h, c = lstm_forward(x, h0, c0, params)
    rest = dh[:, 1:]
    back_h, back_c = np.zeros_like(h0), np.zeros_like(c0)
    if rest.shape[1]:
        later = lstm_backward(rest, x[:, 1:], h[:, 0], c[:, 0], params)
        back_h, back_c = later["dh0"], later["dc0"]
    first = lstm_step_backward(dh[:, 0] + back_h, back_c, x[:, 0], h0, c0, params)
    return {**grads, **{name: first[name] for name in PARAMETERS}}


def scaled(by: Callable[[Array], float]) -> Callable[..., Grads]:
    """The parameters' gradients divided by something."""

    def changed(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> Grads:
        grads = lstm_backward(dh, x, h0, c0, params)
        return {
            name: (grad / by(dh)).astype(grad.dtype) if name in PARAMETERS else grad
            for name, grad in grads.items()
        }

    return changed


wrong = Mistakes()


@wrong
def dx_like_x(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> Grads:
    """dx is kept in an array of the dtype of x.
    What can an array of integers hold?"""
    grads = lstm_backward(dh, x, h0, c0, params)
    return {**grads, "dx": grads["dx"].astype(x.dtype)}


def dx_backwards(grads: Grads) -> Grads:
    return {**grads, "dx": grads["dx"][:, ::-1]}


def dx_time_first(grads: Grads) -> Grads:
    return {**grads, "dx": grads["dx"].swapaxes(0, 1)}


def dx_first_only(grads: Grads) -> Grads:
    return {**grads, "dx": grads["dx"][:, 0]}


def starts_zero(grads: Grads) -> Grads:
    return {**grads, "dh0": 0 * grads["dh0"], "dc0": 0 * grads["dc0"]}


def cell_start_zero(grads: Grads) -> Grads:
    return {**grads, "dc0": 0 * grads["dc0"]}


def starts_exchanged(grads: Grads) -> Grads:
    return {**grads, "dh0": grads["dc0"], "dc0": grads["dh0"]}


@wrong
def dh0_with_its_output(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> Grads:
    """the first output's gradient is added to dh0.
    Does h0 have an output of its own?"""
    grads = lstm_backward(dh, x, h0, c0, params)
    return {**grads, "dh0": grads["dh0"] + dh[:, 0]}


def starts_called_prev(grads: Grads) -> Grads:
    names = {"dh0": "dh_prev", "dc0": "dc_prev"}
    return {names.get(name, name): grad for name, grad in grads.items()}


@wrong
def edits_dh(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> Grads:
    """the caller's dh is changed.
    Look for += on something that was handed in."""
    right = lstm_backward(dh, x, h0, c0, params)
    dh += 0.5
    return right


def with_tape(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> Grads:
    _, T, I = x.shape
    H = h0.shape[1]
    W = np.concatenate([params[f"W_{q}"] for q in "figo"], axis=1)
    h, c = h0, c0
    tape = []
    for t in range(T):
        gate = lstm_gates(x[:, t], h, params)
        new_c = gate["f"] * c + gate["i"] * gate["g"]
        tape.append((np.concatenate([x[:, t], h], axis=1), c, new_c, gate))
        h, c = gate["o"] * np.tanh(new_c), new_c
    dtype = np.result_type(x, np.float32)
    dx, dW, db = np.empty(x.shape, dtype), np.zeros(W.shape, dtype), np.zeros(4 * H, dtype)
    dh_next, dc_next = 0.0 * h0, 0.0 * c0
    for t in range(T - 1, -1, -1):
        xh, c_prev, c, gate = tape[t]
        f, i, g, o = gate["f"], gate["i"], gate["g"], gate["o"]
        d = dh[:, t] + dh_next
        s = np.tanh(c)
        dc = dc_next + d * o * (1 - s**2)
        dz = np.concatenate(
            [
                dc * c_prev * f * (1 - f),
                dc * g * i * (1 - i),
                dc * i * (1 - g**2),
                d * s * o * (1 - o),
            ],
            axis=1,
        )
        dW += xh.T @ dz
        db += dz.sum(axis=0)
        dxh = dz @ W.T
        dx[:, t], dh_next, dc_next = dxh[:, :I], dxh[:, I:], dc * f
    out = {"dx": dx, "dh0": dh_next, "dc0": dc_next}
    for k, q in enumerate("figo"):
        out |= {f"dW_{q}": dW[:, k * H : (k + 1) * H], f"db_{q}": db[k * H : (k + 1) * H]}
    return out


def accumulators(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> Grads:
    h, c = lstm_forward(x, h0, c0, params)
    h_before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    c_before = np.concatenate([c0[:, None], c[:, :-1]], axis=1)
    grads: Grads = {f"d{name}": np.zeros_like(p, dtype=h.dtype) for name, p in params.items()}
    grads["dx"] = np.zeros_like(x, dtype=h.dtype)
    back = {"dh_prev": np.zeros_like(h0), "dc_prev": np.zeros_like(c0)}
    for t in reversed(range(x.shape[1])):
        back = lstm_step_backward(
            dh[:, t] + back["dh_prev"],
            back["dc_prev"],
            x[:, t],
            h_before[:, t],
            c_before[:, t],
            params,
        )
        for name in params:
            grads[f"d{name}"] += back[f"d{name}"]
        grads["dx"][:, t] = back["dx"]
    grads["dh0"], grads["dc0"] = back["dh_prev"], back["dc_prev"]
    return grads


def recursive(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> Grads:
    n = x.shape[1]
    h, c = lstm_forward(x[:, :1], h0, c0, params)
    if n == 1:
        last = lstm_step_backward(dh[:, 0], 0 * c0, x[:, 0], h0, c0, params)
        last["dx"] = last["dx"][:, None]
        return {{"dh_prev": "dh0", "dc_prev": "dc0"}.get(k, k): v for k, v in last.items()}
    later = recursive(dh[:, 1:], x[:, 1:], h[:, 0], c[:, 0], params)
    step = lstm_step_backward(dh[:, 0] + later["dh0"], later["dc0"], x[:, 0], h0, c0, params)
    out = {name: step[name] + later[name] for name in PARAMETERS}
    out["dx"] = np.concatenate([step["dx"][:, None], later["dx"]], axis=1)
    return {**out, "dh0": step["dh_prev"], "dc0": step["dc_prev"]}


def parallel_weights(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> Grads:
    """Gathers the gradients of all sums first and multiplies once at the end."""
    h, c = lstm_forward(x, h0, c0, params)
    h_before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    c_before = np.concatenate([c0[:, None], c[:, :-1]], axis=1)
    xh = np.concatenate([x, h_before], axis=2)
    z = {q: xh @ params[f"W_{q}"] + params[f"b_{q}"] for q in "figo"}
    f, i, g, o = sigmoid(z["f"]), sigmoid(z["i"]), np.tanh(z["g"]), sigmoid(z["o"])
    n = x.shape[2]
    dz: dict[str, list[Array]] = {q: [] for q in "figo"}
    dh_next: Any = np.zeros_like(h0)
    dc_next = np.zeros_like(c0)
    for t in range(x.shape[1] - 1, -1, -1):
        d, s = dh[:, t] + dh_next, np.tanh(c[:, t])
        dc = dc_next + d * o[:, t] * (1 - s * s)
        dz["f"].insert(0, dc * c_before[:, t] * f[:, t] * (1 - f[:, t]))
        dz["i"].insert(0, dc * g[:, t] * i[:, t] * (1 - i[:, t]))
        dz["g"].insert(0, dc * i[:, t] * (1 - g[:, t] ** 2))
        dz["o"].insert(0, d * s * o[:, t] * (1 - o[:, t]))
        dh_next = sum(dz[q][0] @ params[f"W_{q}"][n:].T for q in "figo")
        dc_next = dc * f[:, t]
    all_dz = {q: np.stack(parts, axis=1) for q, parts in dz.items()}
    out: Grads = {"dh0": dh_next, "dc0": dc_next}
    out["dx"] = sum(all_dz[q] @ params[f"W_{q}"][:n].T for q in "figo")
    for q in "figo":
        out[f"dW_{q}"] = np.tensordot(xh, all_dz[q], axes=([0, 1], [0, 1]))
        out[f"db_{q}"] = all_dz[q].sum((0, 1))
    return out


ROADS = "Two gradients leave each step for the one before it. Where does each of them arrive?"
SIDES = "h_t is used twice: by its own output and by the next step."
BEFORE = "Which h and which c did this step start from, at t = 0 and later?"
SHARED = "The same weights are used at every step: what follows for their gradients?"
STARTS = "What is left over when the loop has come to its end?"

wrong.add(
    "no_dh_next",
    loop(dh_in=lambda turn: turn.dh[:, turn.t]),
    "what comes back through h from the next step is left out. " + SIDES,
)
wrong.add(
    "no_dc_next",
    loop(dc_in=lambda turn: 0 * turn.dc_next),
    "what comes back through the cell from the next step is left out. " + ROADS,
)
wrong.add(
    "nothing_back",
    loop(dh_in=lambda turn: turn.dh[:, turn.t], dc_in=lambda turn: 0 * turn.dc_next),
    "each step is treated as if nothing came after it. " + ROADS,
)
wrong.add(
    "own_outputs_lost",
    loop(dh_in=last_only),
    "only the last step's output sends a gradient. " + SIDES,
)
wrong.add(
    "last_output_everywhere",
    loop(dh_in=last_gradient_again),
    "every step gets the gradient of the last output. " + SIDES,
)
wrong.add(
    "outputs_into_cell",
    loop(dc_in=dh_into_c),
    "the gradient of each output also goes straight into the cell. " + SIDES,
)
wrong.add(
    "gathering",
    loop(carry=gathering),
    "what travels back through h is added up from step to step. Is dh_next replaced at each step, or does it grow?",
)
wrong.add(
    "gathering_cell",
    loop(carry=gathering_cell),
    "what travels back through the cell is added up from step to step. Is dc_next replaced at each step, or does it grow?",
)
wrong.add(
    "crossing", loop(carry=crossing), "the two gradients change places on their way back. " + ROADS
)
wrong.add(
    "cut_at_every_other_step",
    loop(carry=every_other),
    "the gradient is cut off at every second step. Full backpropagation is asked for.",
)
wrong.add(
    "forwards_in_time",
    loop(forwards=True),
    "the loop goes from the first step to the last. Which step's gradient is known first?",
)
wrong.add(
    "wraps_round", loop(previous=wrapped), "index -1 at step 0 takes the last states. " + BEFORE
)
wrong.add(
    "state_wraps_round",
    loop(previous=wrapped_state),
    "index -1 at step 0 takes the last h. " + BEFORE,
)
wrong.add(
    "cell_wraps_round",
    loop(previous=wrapped_cell),
    "index -1 at step 0 takes the last cell. " + BEFORE,
)
wrong.add(
    "zero_start",
    loop(previous=zero_start),
    "step 0 is taken to have started from zeros. " + BEFORE,
)
wrong.add(
    "zero_state",
    loop(previous=zero_state),
    "step 0 is taken to have started from an h of zeros. " + BEFORE,
)
wrong.add(
    "zero_cell",
    loop(previous=zero_cell),
    "step 0 is taken to have started from a cell of zeros. " + BEFORE,
)
wrong.add(
    "new_states",
    loop(previous=new_states),
    "each step is given its own new states as its old ones. " + BEFORE,
)
wrong.add(
    "new_cell",
    loop(previous=new_cell),
    "each step is given its own new cell as its old one. " + BEFORE,
)
wrong.add(
    "new_state",
    loop(previous=new_state),
    "each step is given its own new h as its old one. " + BEFORE,
)
wrong.add(
    "always_start",
    loop(previous=always_start),
    "every step is taken to have started from h0 and c0. " + BEFORE,
)
wrong.add(
    "runs_from_zeros",
    but(lstm_backward, h0=np.zeros_like, c0=np.zeros_like),
    "h0 and c0 are replaced by zeros all through. " + BEFORE,
)
wrong.add(
    "starts_swapped_on_entry",
    lambda dh, x, h0, c0, params: lstm_backward(dh, x, c0, h0, params),
    "h0 and c0 are exchanged on the way in. In which order does lstm_forward take its arguments?",
)
wrong.add(
    "first_step_only",
    first_step_only,
    "the parameters' gradients come from the step that the loop reaches last. " + SHARED,
)
wrong.add(
    "mean_over_time",
    scaled(lambda dh: dh.shape[1]),
    "the parameters' gradients are means over time. " + SHARED,
)
wrong.add(
    "mean_over_batch",
    scaled(lambda dh: dh.shape[0]),
    "the parameters' gradients are divided by the size of the batch. dh carries every factor of the loss already.",
)
wrong.add(
    "starts_zero", but(lstm_backward, returns=starts_zero), "dh0 and dc0 are zero. " + STARTS
)
wrong.add("cell_start_zero", but(lstm_backward, returns=cell_start_zero), "dc0 is zero. " + STARTS)
wrong.add(
    "starts_exchanged",
    but(lstm_backward, returns=starts_exchanged),
    "dh0 and dc0 carry each other's names. " + STARTS,
)
wrong.add(
    "dx_backwards",
    but(lstm_backward, returns=dx_backwards),
    "dx stands in the order in which the loop made it. Which step should stand at index 0 of dx?",
)
wrong.add(
    "dx_time_first",
    but(lstm_backward, returns=dx_time_first),
    "time is the first axis of dx. A gradient has the shape of its array.",
)
wrong.add(
    "dx_first_only",
    but(lstm_backward, returns=dx_first_only),
    "only one step of dx is kept. A gradient has the shape of its array.",
)
wrong.add(
    "starts_called_prev",
    but(lstm_backward, returns=starts_called_prev),
    "the gradients of the two starts keep the names that a step gives them. Compare your keys with the statement.",
)
wrong.add(
    "always_float64",
    but(lstm_backward, returns=as_float64),
    "the gradients are float64 whatever came in. Which dtype does a new array of zeros have?",
)


EXERCISE = Exercise(
    reference=lstm_backward,
    inputs=inputs,
    points=15,
    axes={"B": 3, "T": 5, "I": 2, "H": 4},
    shapes={
        "dh": "B T H",
        "x": "B T I",
        "h0": "B H",
        "c0": "B H",
        "dx": "B T I",
        "dh0": "B H",
        "dc0": "B H",
        **GRADIENT_SHAPES,
    },
    mistakes=wrong,
    also_right=(with_tape, accumulators, recursive, parallel_weights),
    look="Write down for the last step and the one before it what goes in as dh and as dc.",
)
