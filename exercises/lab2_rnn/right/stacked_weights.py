"""Inputs and states side by side, their weights on top of each other: one product for both."""
import numpy as np

# %%
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    W = np.concatenate([W_xh, W_hh], axis=0)
    return np.tanh(np.hstack([x, h_prev]).dot(W) + b_h)

# %%
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    driven = x @ W_xh + b_h
    states = np.empty(driven.shape, dtype=np.result_type(driven, np.float32))
    for t in range(x.shape[1]):
        previous = states[:, t - 1] if t else h0
        states[:, t] = np.tanh(driven[:, t] + previous @ W_hh)
    return states

# %%
def output_layer(h, W_hy, b_y):
    B, T, H = h.shape
    y = np.dot(h.reshape(B * T, H), W_hy).reshape(B, T, -1) + b_y
    return y.astype(np.float32 if h.dtype == np.float32 else np.float64)

# %%
def half_squared_error(y, target):
    dy = y - 1.0 * target
    return [np.float64(np.linalg.norm(dy)) ** 2 * 0.5, dy]

# %%
def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    found = set()
    for t, new in enumerate(published):
        h = rnn_step(x[t : t + 1], (published[t - 1] if t else h0)[None], W_xh, W_hh, b_h)[0]
        found |= {(t, int(unit)) for unit in np.flatnonzero(~(np.abs(new - h) <= atol))}
    return sorted(found)

# %%
def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
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

# %%
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    x_t, dh_t, h_t = (np.swapaxes(a, 0, 1) for a in (x, dh, h))
    states = [h0, *h_t]
    W = np.vstack([W_xh, W_hh])
    total = np.zeros_like(W)
    bias = np.zeros(W.shape[1], dtype=W.dtype)
    back = 0 * h0
    dx = []
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

# %%
def numerical_gradient(f, x, eps=1e-5):
    slopes = []
    for place in range(x.size):
        flat_step = np.zeros(x.size)
        flat_step[place] = eps
        step = flat_step.reshape(x.shape)
        slopes.append((f(x + step) - f(x - step)) / 2 / eps)
    return np.array(slopes).reshape(x.shape).astype(np.result_type(x, np.float32))

# %%
def relative_error(a, b):
    return (np.abs(b - a) / np.clip(np.abs(b) + np.abs(a), 1e-12, None)).max().item()

# %%
def state_gradient_norms(h, W_hh, dh_last):
    out = np.zeros_like(h)
    out[:, -1] = dh_last
    for t in range(h.shape[1] - 2, -1, -1):
        out[:, t] = (out[:, t + 1] - out[:, t + 1] * h[:, t + 1] ** 2).dot(W_hh.transpose())
    return np.linalg.norm(out.transpose(1, 0, 2).reshape(h.shape[1], -1), axis=1)

# %%
def sgd_step(params, grads, lr):
    missing = [name for name in params if name not in grads]
    if missing:
        raise KeyError(f"no gradient for the parameter {missing[0]!r}")
    return dict(zip(params, (params[n] + grads[n] * (-lr) for n in params), strict=True))

# %%
def one_update(x, target, p, lr):
    h0 = np.zeros((len(x), len(p["b_h"])), dtype=x.dtype)
    h = rnn_forward(x, h0, p["W_xh"], p["W_hh"], p["b_h"])
    loss, dy = half_squared_error(output_layer(h, p["W_hy"], p["b_y"]), target)
    back = rnn_backward(dy @ p["W_hy"].T, x, h0, h, p["W_xh"], p["W_hh"])
    grads = {"W_xh": back["dW_xh"], "W_hh": back["dW_hh"], "b_h": back["db_h"]}
    grads["W_hy"] = h.reshape(-1, h.shape[2]).T @ dy.reshape(-1, dy.shape[2])
    grads["b_y"] = dy.sum(axis=(0, 1))
    return sgd_step(p, grads, lr), [float(loss)]

def train_rnn(x, target, params, lr, steps):
    losses = []
    for _ in range(steps):
        params, new = one_update(x, target, params, lr)
        losses += new
    return [dict(params), tuple(losses)]
