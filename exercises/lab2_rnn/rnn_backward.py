"""Backpropagation through time."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but
from exercises.lab2_rnn._draws import Array, forward, recurrent, state
from solutions.lab2_rnn import rnn_backward

Grads = dict[str, Any]


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int) -> Mapping[str, Array]:
    x, h0 = rng.standard_normal((B, T, I)), state(rng, B, H)
    params = recurrent(rng, I, H)
    return {
        "dh": rng.standard_normal((B, T, H)),
        "x": x,
        "h0": h0,
        "h": forward(x, h0, params),
        "W_xh": params["W_xh"],
        "W_hh": params["W_hh"],
    }


def bptt(
    carry: Callable[..., Array] = lambda dz, back, d, t: back,
    slope: Callable[[Array], Array] = lambda h: 1 - h**2,
    before: Callable[..., Array] = lambda h0, h, t: h[:, t - 1] if t else h0,
    local: Callable[..., Array] = lambda dh, dh_next, t: dh[:, t] + dh_next,
    back: Callable[..., Array] = lambda dz, W_hh, d: dz @ W_hh.T,
    order: Callable[[int], Any] = lambda T: reversed(range(T)),
    add: Callable[..., Array] = lambda total, new: total + new,
) -> Callable[..., Grads]:
    """Backpropagation through time with one of its pieces replaced."""

    def changed(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
        dh_next, dx = np.zeros_like(h0), np.zeros_like(x)
        dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh)
        db_h = np.zeros_like(W_hh[0])
        for t in order(x.shape[1]):
            d = local(dh, dh_next, t)
            dz = d * slope(h[:, t])
            dx[:, t] = dz @ W_xh.T
            dW_xh = add(dW_xh, x[:, t].T @ dz)
            dW_hh = add(dW_hh, before(h0, h, t).T @ dz)
            db_h = add(db_h, dz.sum(axis=0))
            dh_next = carry(dz, back(dz, W_hh, d), dh_next, t)
        return {"dx": dx, "dh0": dh_next, "dW_xh": dW_xh, "dW_hh": dW_hh, "db_h": db_h}

    return changed


def with_key(name: str, change: Callable[[Any], Any]) -> Callable[..., Grads]:
    """The right gradients with one of them changed."""
    return but(rnn_backward, returns=lambda grads: {**grads, name: change(grads[name])})


def only_the_last_step(dh: Array) -> Array:
    last = np.zeros_like(dh)
    last[:, -1] = dh[:, -1]
    return last


def scaled(axis: int) -> Callable[..., Grads]:
    """The shared gradients divided by the size of an axis of x."""

    def changed(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
        right = rnn_backward(dh, x, h0, h, W_xh, W_hh)
        shared = ("dW_xh", "dW_hh", "db_h")
        return {k: v / x.shape[axis] if k in shared else v for k, v in right.items()}

    return changed


wrong = Mistakes()


@wrong
def mean_bias(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    """db_h is a mean over the batch.
    dh carries every factor of the loss already."""
    right = rnn_backward(dh, x, h0, h, W_xh, W_hh)
    return {**right, "db_h": right["db_h"] / len(x)}


@wrong
def dh0_is_dh_0(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    """dh0 is the gradient that reaches the first state from its output.
    h0 is the state before step 0, and not the state after it."""
    return {**rnn_backward(dh, x, h0, h, W_xh, W_hh), "dh0": dh[:, 0].copy()}


@wrong
def dh0_one_step_short(
    dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array
) -> Grads:
    """dh0 stops at the state after step 0.
    h0 is the state before step 0, and not the state after it."""
    short = (
        rnn_backward(dh[:, 1:], x[:, 1:], h[:, 0], h[:, 1:], W_xh, W_hh) if x.shape[1] > 1 else {}
    )
    right = rnn_backward(dh, x, h0, h, W_xh, W_hh)
    return {**right, "dh0": dh[:, 0] + short.get("dh0", 0)}


@wrong
def edits_dh(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    """the caller's dh is changed.
    Look for += on something that was handed in."""
    right = rnn_backward(dh, x, h0, h, W_xh, W_hh)
    dh[:, 0] += right["dx"].sum()
    return right


def by_einsum(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    dz = np.empty_like(h)
    carried = np.zeros_like(h0)
    for t in range(h.shape[1] - 1, -1, -1):
        dz[:, t] = (dh[:, t] + carried) * (1.0 - h[:, t] * h[:, t])
        carried = np.einsum("bh,jh->bj", dz[:, t], W_hh)
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    return {
        "dx": np.einsum("bth,ih->bti", dz, W_xh),
        "dh0": carried,
        "dW_xh": np.einsum("bti,bth->ih", x, dz),
        "dW_hh": np.einsum("btj,bth->jh", before, dz),
        "db_h": dz.sum(axis=(0, 1)),
    }


def time_first(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    x_t, dh_t, h_t = (np.swapaxes(a, 0, 1) for a in (x, dh, h))
    states = [h0, *h_t]
    W = np.vstack([W_xh, W_hh])
    total = np.zeros_like(W)
    bias = np.zeros(W.shape[1], dtype=W.dtype)
    back = 0 * h0
    dx: list[Array] = []
    for t in range(len(x_t) - 1, -1, -1):
        dz = (1 - states[t + 1] ** 2) * (dh_t[t] + back)
        total += np.hstack([x_t[t], states[t]]).T @ dz
        bias += dz.sum(0)
        both = dz @ W.T
        dx.insert(0, both[:, : x.shape[2]])
        back = both[:, x.shape[2] :]
    n = x.shape[2]
    return {
        "db_h": bias,
        "dW_hh": total[n:],
        "dW_xh": total[:n],
        "dh0": back,
        "dx": np.array(dx).swapaxes(0, 1),
    }


def recursive(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    T = x.shape[1]

    def from_step(t: int) -> tuple[Array, list[Array]]:
        """The gradient at the state before step t, and dz of the steps t to T-1."""
        if t == T:
            return h0 * 0, []
        later, rest = from_step(t + 1)
        dz = (dh[:, t] + later) * (1 - h[:, t] ** 2)
        return dz @ W_hh.T, [dz, *rest]

    dh0, steps = from_step(0)
    dz = np.stack(steps, axis=1)
    flat = dz.reshape(-1, dz.shape[-1])
    old = np.concatenate([h0[:, None], h], axis=1)[:, :T]
    return {
        "dx": dz @ W_xh.T,
        "dh0": dh0,
        "dW_xh": x.reshape(len(flat), -1).T @ flat,
        "dW_hh": old.reshape(len(flat), -1).T @ flat,
        "db_h": flat.sum(axis=0),
    }


FUTURE = (
    "A state is read twice: by its own output and by the next step. What follows for its gradient?"
)

wrong.add(
    "no_future",
    bptt(local=lambda dh, dh_next, t: dh[:, t]),
    "nothing comes back from the next step. " + FUTURE,
)
wrong.add(
    "only_the_last_step",
    but(rnn_backward, dh=only_the_last_step),
    "only the gradient at the last step enters. Each step's output has a gradient of its own: look at how you use dh.",
)
wrong.add(
    "no_tanh_slope",
    bptt(slope=np.ones_like),
    "the derivative of tanh is missing. Go back through the operations of one step in their order.",
)
wrong.add(
    "tanh_twice",
    bptt(slope=lambda h: 1 - np.tanh(h) ** 2),
    "tanh is applied to h once more before its derivative is taken. What is the derivative of tanh, written with its result h?",
)
wrong.add(
    "sigmoid_slope",
    bptt(slope=lambda h: h * (1 - h)),
    "the derivative of the sigmoid is used. What is the derivative of tanh, written with its result h?",
)
wrong.add(
    "square_missing",
    bptt(slope=lambda h: 1 - h),
    "the square is missing in the derivative of tanh. What is the derivative of tanh, written with its result h?",
)
wrong.add(
    "dW_hh_from_new_state",
    bptt(before=lambda h0, h, t: h[:, t]),
    "dW_hh is made with the new state of each step in place of the old one. By which state was W_hh multiplied in the forward pass?",
)
wrong.add(
    "zero_before_the_first",
    bptt(before=lambda h0, h, t: h[:, t - 1] if t else np.zeros_like(h0)),
    "the state before the first step is taken to be zero. Which state went into step 0?",
)
wrong.add(
    "wraps_round",
    bptt(before=lambda h0, h, t: h[:, t - 1]),
    "the state before step 0 is read at index -1, which is the last state. Which state went into step 0, and which one does your index read?",
)
wrong.add(
    "overwrites",
    bptt(add=lambda total, new: new),
    "the gradients of the weights are those of the first step alone. Every step used the same weights: what follows for their gradient?",
)
wrong.add(
    "W_hh_untransposed",
    bptt(back=lambda dz, W_hh, d: dz @ W_hh),
    "W_hh is not transposed on the way back. The forward pass multiplied by W_hh from the right: what undoes that?",
)
wrong.add(
    "carries_before_tanh",
    bptt(back=lambda dz, W_hh, d: d @ W_hh.T),
    "what goes back to the step before skips the derivative of tanh. Which gradient should the product with W_hh start from?",
)
wrong.add(
    "piles_up",
    bptt(carry=lambda dz, back, old, t: old + back),
    "what goes back from step to step piles up. What should be added up over time, and what handed on?",
)
wrong.add(
    "truncated_to_two",
    bptt(carry=lambda dz, back, old, t: back if t % 2 else np.zeros_like(back)),
    "the chain back through time is cut every second step. The whole sequence is asked for: where does your chain stop?",
)
wrong.add(
    "forwards",
    bptt(order=range),
    "the loop runs from the first step to the last. When is everything known that a step needs from its right?",
)
wrong.add(
    "dh0_zero",
    with_key("dh0", np.zeros_like),
    "dh0 is left at zero. What is left in your hands after step 0?",
)
wrong.add(
    "over_batch",
    scaled(0),
    "the gradients of the weights are divided by the size of the batch. dh carries every factor of the loss already.",
)
wrong.add(
    "over_time",
    scaled(1),
    "the gradients of the weights are divided by the number of steps. dh carries every factor of the loss already.",
)
wrong.add(
    "dW_hh_transposed",
    with_key("dW_hh", np.transpose),
    "dW_hh comes out transposed. Entry [j, k] of W_hh leads from old unit j to new unit k.",
)
wrong.add(
    "dx_backwards",
    with_key("dx", lambda dx: dx[:, ::-1]),
    "dx comes out in reverse order of time. Your loop runs backwards: in which order do you collect dx?",
)
wrong.add(
    "always_float64",
    but(rnn_backward, returns=lambda grads: {k: v.astype(np.float64) for k, v in grads.items()}),
    "the gradients are float64 whatever came in. Look at the dtype of the buffers that you make.",
)


EXERCISE = Exercise(
    reference=rnn_backward,
    inputs=inputs,
    points=16,
    axes={"B": 3, "T": 5, "I": 4, "H": 6},
    shapes={
        "dh": "B T H",
        "x": "B T I",
        "h0": "B H",
        "h": "B T H",
        "W_xh": "I H",
        "W_hh": "H H",
        "dx": "B T I",
        "dh0": "B H",
        "dW_xh": "I H",
        "dW_hh": "H H",
        "db_h": "H",
    },
    without=frozenset({"integer inputs"}),
    mistakes=wrong,
    also_right=(by_einsum, time_first, recursive, bptt()),
    look="Take T = 2 on paper: which paths lead from the loss back to W_hh?",
)
