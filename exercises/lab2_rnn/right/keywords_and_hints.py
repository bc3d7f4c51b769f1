"""Typed, checked, documented, and called by keyword throughout."""
from collections.abc import Callable, Mapping
import logging
import numpy as np
import numpy.typing as npt
import torch  # I compared with it while I worked; nothing below uses it.

log = logging.getLogger(__name__)
Array = npt.NDArray[np.floating]
Params = dict[str, Array]


def _check(name: str, array: Array, ndim: int) -> None:
    if array.ndim != ndim:
        raise ValueError(f"{name} has {array.ndim} axes, expected {ndim}")


def rnn_step(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """One step."""
    _check("x", x, 2)
    _check("h_prev", h_prev, 2)
    assert x.shape[0] == h_prev.shape[0], "batch sizes differ"
    summed: Array = np.matmul(x, W_xh) + np.matmul(h_prev, W_hh) + b_h
    return np.tanh(summed)


def rnn_forward(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """All steps."""
    _check("x", x, 3)
    states: list[Array] = []
    for t in range(x.shape[1]):
        before = states[-1] if states else h0
        states.append(rnn_step(x=x[:, t], h_prev=before, W_xh=W_xh, W_hh=W_hh, b_h=b_h))
    return np.stack(arrays=states, axis=1)


def output_layer(h: Array, W_hy: Array, b_y: Array) -> Array:
    return np.add(np.matmul(h, W_hy), b_y)


def half_squared_error(y: Array, target: Array) -> tuple[float, Array]:
    dy = np.subtract(y, target) * 1.0
    loss: float = 0.5 * np.sum(np.square(dy), dtype=np.float64).item()
    log.debug("loss %s", loss)
    return (loss, dy)


def audit_trace(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> list[tuple[int, int]]:
    before = np.insert(arr=published, obj=0, values=h0, axis=0)[:-1]
    expected = rnn_step(x=x, h_prev=before, W_xh=W_xh, W_hh=W_hh, b_h=b_h)
    slips = np.abs(published - expected) > atol
    return [(t, unit) for t in range(slips.shape[0]) for unit in range(slips.shape[1]) if slips[t, unit]]


def rnn_step_backward(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> dict[str, Array]:
    dz = np.multiply(dh, np.subtract(1, np.power(h, 2)))
    return {
        "dx": dz.dot(W_xh.T), "dh_prev": dz.dot(W_hh.T),
        "dW_xh": x.T.dot(dz), "dW_hh": h_prev.T.dot(dz), "db_h": np.sum(dz, axis=0),
    }


def rnn_backward(
    dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array
) -> dict[str, Array]:
    grads: dict[str, Array] = {}
    dx: list[Array] = []
    arriving: Array | None = None
    for t in reversed(range(x.shape[1])):
        upstream = dh[:, t] if arriving is None else dh[:, t] + arriving
        h_prev = h0 if t == 0 else h[:, t - 1]
        step = rnn_step_backward(
            dh=upstream, x=x[:, t], h_prev=h_prev, h=h[:, t], W_xh=W_xh, W_hh=W_hh
        )
        arriving = step.pop("dh_prev")
        dx = [step.pop("dx"), *dx]
        grads = {key: grads.get(key, 0) + value for key, value in step.items()}
    assert arriving is not None
    return grads | {"dx": np.stack(dx, axis=1), "dh0": arriving}


def numerical_gradient(f: Callable[[Array], float], x: Array, eps: float = 1e-5) -> Array:
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    gradient = np.full(shape=x.shape, fill_value=np.nan, dtype=dtype)
    with np.nditer(gradient, flags=["multi_index"], op_flags=["writeonly"]) as it:
        for out in it:
            delta = np.zeros(x.shape)
            delta[it.multi_index] = eps
            out[...] = (f(x + delta) - f(x - delta)) / (2 * eps)
    return gradient


def relative_error(a: Array | float, b: Array | float) -> float:
    left, right = np.atleast_1d(a), np.atleast_1d(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(left - right) / np.maximum(np.abs(left) + np.abs(right), 1e-12)
    return float(np.amax(ratio))


def state_gradient_norms(h: Array, W_hh: Array, dh_last: Array) -> Array:
    T: int = h.shape[1]
    grads: dict[int, Array] = {T - 1: dh_last}
    for t in range(T - 1, 0, -1):
        grads[t - 1] = np.matmul(grads[t] * (1 - h[:, t] ** 2), W_hh.T)
    return np.stack([np.sqrt(np.sum(grads[t] ** 2)) for t in range(T)])


def sgd_step(params: Mapping[str, Array], grads: Mapping[str, Array], lr: float) -> Params:
    absent = sorted(params.keys() - grads.keys())
    if absent:
        raise KeyError(f"no gradient for {', '.join(absent)}")
    return {name: params[name] - lr * grads[name] for name in params}


def train_rnn(
    x: Array, target: Array, params: Mapping[str, Array], lr: float, steps: int
) -> tuple[Params, list[float]]:
    trained: Params = dict(params)
    h0 = np.zeros(shape=(x.shape[0], params["W_hh"].shape[0]), dtype=x.dtype)
    losses: list[float] = []
    for _ in range(steps):
        h = rnn_forward(x=x, h0=h0, W_xh=trained["W_xh"], W_hh=trained["W_hh"], b_h=trained["b_h"])
        y = output_layer(h=h, W_hy=trained["W_hy"], b_y=trained["b_y"])
        loss, dy = half_squared_error(y=y, target=target)
        losses.append(loss)
        back = rnn_backward(
            dh=dy @ trained["W_hy"].T, x=x, h0=h0, h=h, W_xh=trained["W_xh"], W_hh=trained["W_hh"]
        )
        grads = {
            "W_xh": back["dW_xh"], "W_hh": back["dW_hh"], "b_h": back["db_h"],
            "W_hy": np.einsum("bth,bto->ho", h, dy), "b_y": np.sum(dy, axis=(0, 1)),
        }
        trained = sgd_step(params=trained, grads=grads, lr=lr)
    return trained, losses


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    print(train_rnn(np.ones((1, 2, 1)), np.ones((1, 2, 1)), {}, 0.1, 1))
