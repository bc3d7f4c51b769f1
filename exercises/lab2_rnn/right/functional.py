from functools import partial, reduce
from itertools import accumulate, chain, pairwise
from operator import add, itemgetter, mul

from numpy import *
import numpy as np

rnn_step = lambda x, h_prev, W_xh, W_hh, b_h: tanh(reduce(add, (x @ W_xh, h_prev @ W_hh, b_h)))


def rnn_forward(x, h0, W_xh, W_hh, b_h):
    step = lambda h, x_t: rnn_step(x_t, h, W_xh, W_hh, b_h)
    _, *states = accumulate(swapaxes(x, 0, 1), step, initial=h0)
    return stack(states, axis=1)


output_layer = lambda h, W_hy, b_y: add(h @ W_hy, b_y)


def half_squared_error(y, target):
    return (lambda e: (float(sum(e * e)) / 2, e))(1.0 * (y - target))


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    judge = lambda item: abs(tanh(item[1] @ W_xh + item[2] @ W_hh + b_h) - item[3]) > atol
    rows = zip(range(len(x)), x, chain([h0], published), published)
    return [(t, u) for t, bad in enumerate(map(judge, rows)) for u, b in enumerate(bad) if b]


def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    dz = mul(dh, 1 - h**2)
    ways = {
        "dx": lambda: dz @ W_xh.T, "dh_prev": lambda: dz @ W_hh.T, "dW_xh": lambda: x.T @ dz,
        "dW_hh": lambda: h_prev.T @ dz, "db_h": partial(np.sum, dz, axis=0),
    }
    return {name: way() for name, way in ways.items()}


def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    states = [h0, *swapaxes(h, 0, 1)]
    work = list(zip(swapaxes(dh, 0, 1), swapaxes(x, 0, 1), pairwise(states)))[::-1]

    def one(last, item):
        d, x_t, (old, new) = item
        return rnn_step_backward(d + last["dh_prev"], x_t, old, new, W_xh, W_hh)

    _, *steps = accumulate(work, one, initial={"dh_prev": zeros_like(h0)})
    sums = {k: reduce(add, map(itemgetter(k), steps)) for k in ("dW_xh", "dW_hh", "db_h")}
    return sums | {"dx": stack([s["dx"] for s in steps[::-1]], 1), "dh0": steps[-1]["dh_prev"]}


def numerical_gradient(f, x, eps=1e-5):
    def slope(index):
        pushed = lambda sign: f(where(arange(x.size).reshape(x.shape) == index, x + sign * eps, x))
        return (pushed(1) - pushed(-1)) / (2 * eps)

    dtype, x = result_type(x, float32), x.astype(float64)
    return array([*map(slope, range(x.size))], dtype).reshape(x.shape)


def relative_error(a, b):
    ratio = lambda p, q: abs(p - q) / max(1e-12, abs(p) + abs(q))
    return float(reduce(max, map(ratio, ravel(a).tolist(), ravel(b).tolist()), 0.0))


# numpy's own max and sum came with the star; these are Python's.
from builtins import abs, max  # noqa: E402


def state_gradient_norms(h, W_hh, dh_last):
    back = lambda d, h_t: (d * (1 - h_t**2)) @ W_hh.T
    grads = accumulate(swapaxes(h, 0, 1)[:0:-1], back, initial=dh_last)
    return array([linalg.norm(d) for d in grads])[::-1]


def sgd_step(params, grads, lr):
    names = list(params)
    return dict(zip(names, (params[n] - lr * grads[n] for n in names)))


def train_rnn(x, target, params, lr, steps):
    h0 = zeros((len(x), len(params["b_h"])), x.dtype)

    def update(state, _):
        p, losses = state
        h = rnn_forward(x, h0, *itemgetter("W_xh", "W_hh", "b_h")(p))
        loss, dy = half_squared_error(output_layer(h, p["W_hy"], p["b_y"]), target)
        back = rnn_backward(dy @ p["W_hy"].T, x, h0, h, p["W_xh"], p["W_hh"])
        grads = {k.removeprefix("d"): v for k, v in back.items()}
        grads["W_hy"], grads["b_y"] = tensordot(h, dy, [(0, 1), (0, 1)]), dy.sum((0, 1))
        return sgd_step(p, grads, lr), [*losses, loss]

    return reduce(update, range(steps), (dict(params), []))
