"""How large the gradient still is at each state when it enters at the last step."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but
from exercises.lab2_rnn._draws import Array, forward, recurrent, state
from solutions.lab2_rnn import state_gradient_norms


def inputs(rng: np.random.Generator, B: int, T: int, H: int) -> Mapping[str, Array]:
    params = recurrent(rng, 2, H)
    h = forward(rng.standard_normal((B, T, 2)), state(rng, B, H), params)
    return {"h": h, "W_hh": params["W_hh"], "dh_last": rng.standard_normal((B, H))}


def backwards(
    slope: Callable[[Array, int], Array] = lambda h, t: 1 - h[:, t] ** 2,
    size: Callable[[Array], Any] = lambda dh: np.sqrt((dh**2).sum()),
    back: Callable[[Array, Array, Array], Array] = lambda dh, slope, W: (dh * slope) @ W.T,
) -> Callable[..., Array]:
    """The norms with one of the pieces replaced."""

    def changed(h: Array, W_hh: Array, dh_last: Array) -> Array:
        T = h.shape[1]
        dh = dh_last
        norms = [size(dh)]
        for t in range(T - 1, 0, -1):
            dh = back(dh, slope(h, t), W_hh)
            norms.append(size(dh))
        return np.array(norms[::-1])

    return changed


wrong = Mistakes()


@wrong
def one_too_far(h: Array, W_hh: Array, dh_last: Array) -> Array:
    """every norm stands one step too late, and the last is not that of dh_last.
    Before which product should the last entry be measured?"""
    dh = (dh_last * (1 - h[:, -1] ** 2)) @ W_hh.T
    norms = []
    for t in reversed(range(h.shape[1])):
        norms.append(np.sqrt((dh**2).sum()))
        dh = (dh * (1 - h[:, t - 1] ** 2)) @ W_hh.T
    return np.array(norms[::-1])


@wrong
def sums_of_sample_norms(h: Array, W_hh: Array, dh_last: Array) -> Array:
    """the norms of the samples are added up.
    One norm over the whole batch is asked for."""
    return backwards(size=lambda dh: np.sqrt((dh**2).sum(1)).sum())(h, W_hh, dh_last)


def by_jacobians(h: Array, W_hh: Array, dh_last: Array) -> Array:
    B, T, _ = h.shape
    norms = np.empty(T, dtype=dh_last.dtype)
    grads = [dh_last[b] for b in range(B)]
    for t in range(T - 1, -1, -1):
        norms[t] = np.sqrt(sum(float(g @ g) for g in grads))
        grads = [W_hh @ (np.diag(1 - h[b, t] ** 2) @ g) for b, g in enumerate(grads)]
    return norms


def by_einsum(h: Array, W_hh: Array, dh_last: Array) -> Array:
    grads = [dh_last]
    for h_t in np.swapaxes(h, 0, 1)[:0:-1]:
        grads.insert(0, np.einsum("bk,jk->bj", grads[0] * (1 - h_t * h_t), W_hh))
    return np.sqrt(np.einsum("tbh,tbh->t", np.array(grads), np.array(grads)))


def with_linalg(h: Array, W_hh: Array, dh_last: Array) -> Array:
    out = np.zeros_like(h)
    out[:, -1] = dh_last
    for t in range(h.shape[1] - 2, -1, -1):
        out[:, t] = (out[:, t + 1] - out[:, t + 1] * h[:, t + 1] ** 2).dot(W_hh.transpose())
    return np.linalg.norm(out.transpose(1, 0, 2).reshape(h.shape[1], -1), axis=1)


wrong.add(
    "no_tanh_slope",
    backwards(slope=lambda h, t: np.ones_like(h[:, t])),
    "the derivative of tanh is missing between two states. What lies between h at one step and h at the next?",
)
wrong.add(
    "slope_of_the_step_before",
    backwards(slope=lambda h, t: 1 - h[:, t - 1] ** 2),
    "the derivative of tanh is taken at the earlier of the two states. Which state came out of the tanh that you are passing through?",
)
wrong.add(
    "tanh_twice",
    backwards(slope=lambda h, t: 1 - np.tanh(h[:, t]) ** 2),
    "tanh is applied to h once more before its derivative is taken. What is the derivative of tanh, written with its result h?",
)
wrong.add(
    "square_missing",
    backwards(slope=lambda h, t: 1 - h[:, t]),
    "the square is missing in the derivative of tanh. What is the derivative of tanh, written with its result h?",
)
wrong.add(
    "W_hh_untransposed",
    backwards(back=lambda dh, slope, W: (dh * slope) @ W),
    "W_hh is not transposed on the way back. The forward pass multiplied by W_hh from the right: what undoes that?",
)
wrong.add(
    "product_before_slope",
    backwards(back=lambda dh, slope, W: (dh @ W.T) * slope),
    "the product with W_hh comes before the derivative of tanh. In which order did the forward pass multiply and squash?",
)
wrong.add(
    "backwards_in_time",
    but(state_gradient_norms, returns=lambda n: n[::-1].copy()),
    "the norms stand in reverse order of time. Your loop runs backwards: in which order do you collect?",
)
wrong.add(
    "squared",
    but(state_gradient_norms, returns=np.square),
    "the square root is missing. A norm is the root of a sum.",
)
wrong.add(
    "sum_of_sizes",
    backwards(size=lambda dh: np.abs(dh).sum()),
    "absolute values are added up, as for the L1 norm. Which norm is asked for?",
)
wrong.add(
    "largest",
    backwards(size=lambda dh: np.abs(dh).max()),
    "the largest entry is taken. Which norm is asked for?",
)
wrong.add(
    "spectral",
    backwards(size=lambda dh: np.linalg.norm(dh, 2)),
    "the matrix norm of the whole batch is taken, its largest singular value. np.linalg.norm with a 2 means another thing for a matrix than for a vector.",
)
wrong.add(
    "mean_over_batch",
    backwards(size=lambda dh: np.sqrt((dh**2).sum(1)).mean()),
    "the norms of the samples are averaged. One norm over the whole batch is asked for.",
)
wrong.add(
    "root_mean_square",
    backwards(size=lambda dh: np.sqrt((dh**2).mean())),
    "the mean of the squares is taken in place of their sum. Which norm is asked for?",
)
wrong.add(
    "first_sample",
    backwards(size=lambda dh: np.sqrt((dh[0] ** 2).sum())),
    "only the first sample is measured. One norm over the whole batch is asked for.",
)
wrong.add(
    "without_the_last",
    but(state_gradient_norms, returns=lambda n: n[:-1]),
    "the norm of dh_last itself is missing. Count the steps and the norms.",
)
wrong.add(
    "always_float64",
    but(state_gradient_norms, returns=lambda n: n.astype(np.float64)),
    "the norms are float64 whatever came in. Look at the dtype of the array that you collect in.",
)


EXERCISE = Exercise(
    reference=state_gradient_norms,
    inputs=inputs,
    points=8,
    axes={"B": 3, "T": 5, "H": 6},
    shapes={"h": "B T H", "W_hh": "H H", "dh_last": "B H", "return": "T"},
    without=frozenset({"integer inputs"}),
    mistakes=wrong,
    also_right=(by_jacobians, by_einsum, with_linalg),
    look="Go back one step by hand: through which tanh, and then through which matrix?",
)
