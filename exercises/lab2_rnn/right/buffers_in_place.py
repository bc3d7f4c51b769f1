import numpy as np


def _kind(*arrays):
    return np.result_type(np.float32, *arrays)


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    out = np.empty((x.shape[0], W_hh.shape[1]), dtype=_kind(x, h_prev, W_xh, W_hh, b_h))
    np.matmul(x, W_xh, out=out, casting="unsafe")
    out += h_prev @ W_hh
    out += b_h
    np.tanh(out, out=out)
    return out


def rnn_forward(x, h0, W_xh, W_hh, b_h):
    B, T, _ = x.shape
    buffer = np.zeros((B, T + 1, h0.shape[1]), dtype=_kind(x, h0, W_xh, W_hh, b_h))
    buffer[:, 0] = h0
    for t in range(1, T + 1):
        buffer[:, t] = rnn_step(x[:, t - 1], buffer[:, t - 1], W_xh, W_hh, b_h)
    return buffer[:, 1:].copy()


def output_layer(h, W_hy, b_y):
    y = np.tile(b_y, (*h.shape[:-1], 1)).astype(_kind(h, W_hy, b_y))
    y += np.tensordot(h, W_hy, axes=1)
    return y


def half_squared_error(y, target):
    dy = np.array(y, dtype=_kind(y, target), copy=True)
    dy -= target
    return np.vdot(dy, dy).item() / 2, dy


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    result = []
    previous = h0.copy()
    for t, printed in enumerate(published):
        z = x[t] @ W_xh
        z = z + previous @ W_hh
        z = z + b_h
        result.extend((t, int(unit)) for unit in np.flatnonzero(np.abs(np.tanh(z) - printed) > atol))
        previous[...] = printed
    return result


def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    dz = np.square(h)
    np.negative(dz, out=dz)
    dz += 1
    dz *= dh
    grads = {}
    grads["dx"] = np.matmul(dz, W_xh.T)
    grads["dh_prev"] = np.matmul(dz, W_hh.T)
    grads["dW_xh"] = np.matmul(x.T, dz)
    grads["dW_hh"] = np.matmul(h_prev.T, dz)
    grads["db_h"] = np.add.reduce(dz, axis=0)
    return grads


def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    total = dh.copy()
    slope = 1 - h * h
    T = h.shape[1]
    for t in range(T - 1, 0, -1):
        total[:, t] *= slope[:, t]
        total[:, t - 1] += total[:, t] @ W_hh.T
    total[:, 0] *= slope[:, 0]
    old = np.empty_like(h)
    old[:, 1:] = h[:, :-1]
    old[:, 0] = h0
    flat = total.reshape(-1, total.shape[2])
    return {
        "dx": total @ W_xh.T,
        "dh0": total[:, 0] @ W_hh.T,
        "dW_xh": x.reshape(-1, x.shape[2]).T @ flat,
        "dW_hh": old.reshape(-1, old.shape[2]).T @ flat,
        "db_h": flat.sum(axis=0),
    }


def numerical_gradient(f, x, eps=1e-5):
    work = x.astype(np.float64, copy=True, order="C")
    view, gradient = work.reshape(-1), np.empty(x.size)
    for i, centre in enumerate(view.copy()):
        view[i] = centre + eps
        gradient[i] = f(work)
        view[i] = centre - eps
        gradient[i] -= f(work)
        view[i] = centre
    gradient /= 2 * eps
    return gradient.reshape(x.shape).astype(np.float32 if x.dtype == np.float32 else np.float64)


def relative_error(a, b):
    size = np.abs(np.array(a, dtype=np.float64))
    size = size + np.abs(b)
    size = np.maximum(size, 1e-12)
    gap = np.abs(np.subtract(a, b, dtype=np.float64))
    gap /= size
    return float(gap.max())


def state_gradient_norms(h, W_hh, dh_last):
    norms = np.empty(h.shape[1], dtype=_kind(h, W_hh, dh_last))
    d = dh_last.copy()
    for t in range(len(norms) - 1, -1, -1):
        norms[t] = np.sqrt(np.vdot(d, d))
        d *= 1 - h[:, t] ** 2
        d = d @ W_hh.T
    return norms


def sgd_step(params, grads, lr):
    new = {name: value.copy() for name, value in params.items()}
    for name, value in new.items():
        value -= lr * grads[name]
    return new


def train_rnn(x, target, params, lr, steps):
    p = {name: value.copy() for name, value in params.items()}
    losses = [0.0] * steps
    h0 = np.zeros((len(x), len(p["W_hh"])), dtype=x.dtype)
    for step in range(steps):
        h = rnn_forward(x, h0, p["W_xh"], p["W_hh"], p["b_h"])
        losses[step], dy = half_squared_error(output_layer(h, p["W_hy"], p["b_y"]), target)
        g = rnn_backward(dy @ p["W_hy"].T, x, h0, h, p["W_xh"], p["W_hh"])
        p["W_hy"] -= lr * np.tensordot(h, dy, axes=([0, 1], [0, 1]))
        p["b_y"] -= lr * dy.sum((0, 1))
        p["W_xh"] -= lr * g["dW_xh"]
        p["W_hh"] -= lr * g["dW_hh"]
        p["b_h"] -= lr * g["db_h"]
    return p, losses
