from typing import Iterator
import contextlib
import numpy as np

np.set_printoptions(precision=3)
rng = np.random.default_rng(0)
x, h, t = rng.normal(size=(2, 3)), None, 0  # names that functions below use for themselves


def over_time(*arrays: np.ndarray, backwards: bool = False) -> Iterator[tuple]:
    order = range(arrays[0].shape[1])
    for t in reversed(order) if backwards else order:
        yield t, *(a[:, t] for a in arrays)


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    terms = (x @ W_xh, h_prev @ W_hh, np.broadcast_to(b_h, h_prev.shape))
    return np.tanh(sum(terms))


def unrolled(x, h, *weights):
    for _, x_t in over_time(x):
        h = rnn_step(x_t, h, *weights)
        yield h


def rnn_forward(x, h0, W_xh, W_hh, b_h):
    return np.moveaxis(np.array(list(unrolled(x, h0, W_xh, W_hh, b_h))), 0, 1)


def output_layer(h, W_hy, b_y):
    return np.stack([h_t @ W_hy + b_y for _, h_t in over_time(h)], axis=1)


def half_squared_error(y, target):
    gap = (y - target) * 1.0
    return 0.5 * sum(float(np.sum(part**2)) for _, part in over_time(gap)), gap


def slips(x, h0, W_xh, W_hh, b_h, published, atol):
    before = h0
    for t, (x_t, printed) in enumerate(zip(x, published, strict=True)):
        h = rnn_step(x_t[None], before[None], W_xh, W_hh, b_h)[0]
        yield from ((t, u) for u, (a, b) in enumerate(zip(h, printed)) if abs(a - b) > atol)
        before = printed


def audit_trace(*args):
    return list(slips(*args))


def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    dz = dh * (1 - h * h)
    def parts():
        yield "dx", dz @ W_xh.T
        yield "dh_prev", dz @ W_hh.T
        yield "dW_xh", x.T @ dz
        yield "dW_hh", h_prev.T @ dz
        yield "db_h", dz.sum(axis=0)
    return dict(parts())


def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    shifted = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    carried, dx, sums = np.zeros_like(h0), {}, {}
    for t, d, x_t, old, new in over_time(dh, x, shifted, h, backwards=True):
        match rnn_step_backward(d + carried, x_t, old, new, W_xh, W_hh):
            case {"dx": here, "dh_prev": carried, **rest}:
                dx[t] = here
                for name, value in rest.items():
                    sums[name] = sums.get(name, 0) + value
    sums["dx"] = np.stack([dx[t] for t in sorted(dx)], axis=1)
    sums["dh0"] = carried
    return sums


@contextlib.contextmanager
def pushed(x, index, by):
    old = x[index]
    x[index] += by
    try:
        yield x
    finally:
        x[index] = old


def numerical_gradient(f, x, eps=1e-5):
    def at(index, by):
        with pushed(work, index, by) as moved:
            return f(moved)
    work = x.astype(float)
    slopes = ((at(i, eps) - at(i, -eps)) / (2 * eps) for i in np.ndindex(x.shape))
    return np.fromiter(slopes, dtype=np.result_type(x, np.float32), count=x.size).reshape(x.shape)


def relative_error(a, b):
    pairs = np.broadcast(a, b)
    return max(abs(float(p) - float(q)) / max(1e-12, abs(float(p)) + abs(float(q))) for p, q in pairs)


def state_gradient_norms(h, W_hh, dh_last):
    def backwards(d):
        for t, h_t in over_time(h, backwards=True):
            yield (d**2).sum() ** 0.5
            d = (d * (1 - h_t**2)) @ W_hh.T
    return np.array(list(backwards(dh_last))[::-1], dtype=dh_last.dtype)


def sgd_step(params, grads, lr):
    def new():
        for name, value in params.items():
            yield name, value - lr * grads[name]
    return dict(new())


def training(x, target, params, lr):
    h0 = np.zeros((len(x), len(params["b_h"])), dtype=x.dtype)
    while True:
        h = rnn_forward(x, h0, params["W_xh"], params["W_hh"], params["b_h"])
        loss, dy = half_squared_error(output_layer(h, params["W_hy"], params["b_y"]), target)
        back = rnn_backward(dy @ params["W_hy"].T, x, h0, h, params["W_xh"], params["W_hh"])
        grads = {k[1:]: v for k, v in back.items()}
        grads["W_hy"] = sum(h_t.T @ d for _, h_t, d in over_time(h, dy))
        grads["b_y"] = sum(d.sum(0) for _, d in over_time(dy))
        params = sgd_step(params, grads, lr)
        yield params, loss


def train_rnn(x, target, params, lr, steps):
    losses, trained = [], dict(params)
    for (trained, loss), _ in zip(training(x, target, trained, lr), range(steps)):
        losses.append(loss)
    return trained, losses[:steps]


print("states:", rnn_forward(np.ones((1, 2, 1)), np.zeros((1, 2)), np.ones((1, 2)), np.eye(2), np.ones(2)))
