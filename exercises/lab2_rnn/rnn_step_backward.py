"""The backward pass of one step."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but
from exercises.lab2_rnn._draws import Array, recurrent, state
from solutions.lab2_rnn import rnn_step, rnn_step_backward

Grads = dict[str, Any]


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Array]:
    x, h_prev = rng.standard_normal((B, I)), state(rng, B, H)
    params = recurrent(rng, I, H)
    h = rnn_step(x, h_prev, **params)
    return {
        "dh": rng.standard_normal((B, H)),
        "x": x,
        "h_prev": h_prev,
        "h": h,
        "W_xh": params["W_xh"],
        "W_hh": params["W_hh"],
    }


def _from(dz: Array, x: Array, h_prev: Array, W_xh: Array, W_hh: Array) -> Grads:
    return {
        "dx": dz @ W_xh.T,
        "dh_prev": dz @ W_hh.T,
        "dW_xh": x.T @ dz,
        "dW_hh": h_prev.T @ dz,
        "db_h": dz.sum(axis=0),
    }


def with_slope(slope: Callable[[Array], Array]) -> Callable[..., Grads]:
    """The backward pass with another derivative of the squashing function."""

    def changed(dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
        return _from(dh * slope(h), x, h_prev, W_xh, W_hh)

    return changed


def with_key(name: str, change: Callable[[Any], Any]) -> Callable[..., Grads]:
    """The right gradients with one of them changed."""
    return but(rnn_step_backward, returns=lambda grads: {**grads, name: change(grads[name])})


wrong = Mistakes()


@wrong
def dW_hh_from_new_state(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> Grads:
    """dW_hh is made with the new state in place of the old one.
    By which state was W_hh multiplied in the forward pass?"""
    right = rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh)
    return {**right, "dW_hh": h.T @ (dh * (1 - h**2))}


@wrong
def dh_prev_untransposed(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> Grads:
    """W_hh is not transposed on the way back to the old state.
    Write out one number of h as a sum over j, and derive by h_prev[j]."""
    right = rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh)
    return {**right, "dh_prev": (dh * (1 - h**2)) @ W_hh}


@wrong
def dh_prev_before_tanh(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> Grads:
    """dh_prev is made before passing back through tanh.
    Which gradient should the product for dh_prev start from?"""
    return {**rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh), "dh_prev": dh @ W_hh.T}


@wrong
def dx_before_tanh(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> Grads:
    """dx is made before passing back through tanh.
    Which gradient should the product for dx start from?"""
    return {**rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh), "dx": dh @ W_xh.T}


@wrong
def db_before_tanh(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> Grads:
    """db_h is made before passing back through tanh.
    Which gradient should the sum for db_h start from?"""
    return {**rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh), "db_h": dh.sum(axis=0)}


@wrong
def first_sample_bias(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> Grads:
    """db_h is taken from the first sample alone.
    Every sample used the same b_h: what follows for db_h?"""
    right = rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh)
    return {**right, "db_h": (dh * (1 - h**2))[0]}


@wrong
def per_sample(dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    """the gradients of the weights are divided by the size of the batch.
    dh carries every factor of the loss already."""
    right = rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh)
    shared = ("dW_xh", "dW_hh", "db_h")
    return {name: value / len(x) if name in shared else value for name, value in right.items()}


@wrong
def mean_bias(dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    """db_h is a mean over the batch.
    dh carries every factor of the loss already."""
    right = rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh)
    return {**right, "db_h": right["db_h"] / len(x)}


@wrong
def edits_dh(dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    """the caller's dh is multiplied in place.
    Look for *= on something that was handed in."""
    right = rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh)
    dh *= 1 - h**2
    return right


def einsum(dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    dz = dh - dh * h * h
    return {
        "db_h": np.einsum("bh->h", dz),
        "dW_hh": np.einsum("bj,bh->jh", h_prev, dz),
        "dW_xh": np.einsum("bi,bh->ih", x, dz),
        "dh_prev": np.einsum("bh,jh->bj", dz, W_hh),
        "dx": np.einsum("bh,ih->bi", dz, W_xh),
    }


def one_product(dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array) -> Grads:
    inputs_ = np.concatenate([x, h_prev], axis=1)
    W = np.concatenate([W_xh, W_hh])
    dz = np.multiply(dh, (1 - h) * (1 + h))
    d_in, dW = dz @ W.T, inputs_.T @ dz
    n = x.shape[1]
    return {
        "dx": d_in[:, :n],
        "dh_prev": d_in[:, n:],
        "dW_xh": dW[:n],
        "dW_hh": dW[n:],
        "db_h": np.ones(len(x), dtype=dz.dtype) @ dz,
    }


def sample_by_sample(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> Grads:
    dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh)
    db_h = np.zeros(W_hh.shape[0], dtype=W_hh.dtype)
    dx, dh_prev = [], []
    for i in range(len(x)):
        dz = dh[i] * (1 - np.square(h[i]))
        dW_xh += np.outer(x[i], dz)
        dW_hh += np.outer(h_prev[i], dz)
        db_h += dz
        dx.append(W_xh @ dz)
        dh_prev.append(W_hh @ dz)
    return {
        "dx": np.array(dx),
        "dh_prev": np.array(dh_prev),
        "dW_xh": dW_xh,
        "dW_hh": dW_hh,
        "db_h": db_h,
    }


TANH = "What is the derivative of tanh, written with its result h?"

wrong.add(
    "no_tanh_slope",
    with_slope(np.ones_like),
    "the gradient reaches the weights without passing back through tanh. Which operation of the forward pass did you not undo first?",
)
wrong.add(
    "tanh_twice",
    with_slope(lambda h: 1 - np.tanh(h) ** 2),
    "tanh is applied to h once more before its derivative is taken. " + TANH,
)
wrong.add(
    "sigmoid_slope",
    with_slope(lambda h: h * (1 - h)),
    "the derivative of the sigmoid is used. " + TANH,
)
wrong.add(
    "square_missing",
    with_slope(lambda h: 1 - h),
    "the square is missing in the derivative of tanh. " + TANH,
)
wrong.add(
    "square_outside",
    with_slope(lambda h: (1 - h) ** 2),
    "the whole difference is squared, in place of h alone. " + TANH,
)
wrong.add(
    "plus_square",
    with_slope(lambda h: 1 + h**2),
    "the square is added where it should be taken away. " + TANH,
)
wrong.add(
    "slope_of_z",
    with_slope(lambda h: 1 - np.arctanh(h) ** 2),
    "the derivative is taken with the sum before tanh in place of h. " + TANH,
)
wrong.add(
    "slope_of_h_prev",
    but(rnn_step_backward, h=lambda h: np.roll(h, 1, axis=0)),
    "the derivatives of one sample are used for the next. Look at which h stands in the derivative of tanh.",
)
wrong.add(
    "dW_hh_transposed",
    with_key("dW_hh", np.transpose),
    "dW_hh comes out transposed: it is square, so nothing complains. Entry [j, k] of W_hh leads from old unit j to new unit k.",
)
wrong.add(
    "bias_with_batch_axis",
    with_key("db_h", lambda db: db[None]),
    "db_h keeps an axis for the batch. A gradient has the shape of what it belongs to.",
)
wrong.add(
    "wrong_sign",
    but(rnn_step_backward, dh=np.negative),
    "all gradients have the wrong sign. Look for a minus sign that the forward pass does not have.",
)
wrong.add(
    "always_float64",
    but(
        rnn_step_backward,
        returns=lambda grads: {k: v.astype(np.float64) for k, v in grads.items()},
    ),
    "the gradients are float64 whatever came in. Look at where your code names a dtype.",
)


EXERCISE = Exercise(
    reference=rnn_step_backward,
    inputs=inputs,
    points=12,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={
        "dh": "B H",
        "x": "B I",
        "h_prev": "B H",
        "h": "B H",
        "W_xh": "I H",
        "W_hh": "H H",
        "dx": "B I",
        "dh_prev": "B H",
        "dW_xh": "I H",
        "dW_hh": "H H",
        "db_h": "H",
    },
    without=frozenset({"integer inputs"}),
    mistakes=wrong,
    also_right=(einsum, one_product, sample_by_sample),
    look="First dz, the gradient at the sum inside tanh; then each of the five follows from dz.",
)
