"""Loops over samples, steps and entries; sums are collected on the way."""
import itertools

import numpy as np

# %%
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    rows = [W_xh.T @ one + W_hh.T @ old + b_h for one, old in zip(x, h_prev, strict=True)]
    return np.tanh(np.array(rows))

# %%
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    W = np.vstack([W_xh, W_hh])
    out = []
    for sample, h in zip(x, h0, strict=True):
        row = []
        for one in sample:
            h = np.tanh(np.concatenate([one, h]) @ W + b_h)
            row.append(h)
        out.append(row)
    return np.array(out)

# %%
def output_layer(h, W_hy, b_y):
    return np.stack([h[:, t] @ W_hy + b_y for t in range(h.shape[1])], axis=1) * 1.0

# %%
def half_squared_error(y, target):
    dy = 1.0 * (y - target)
    return sum(float(one) ** 2 for one in dy.flat) / 2, dy

# %%
def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    found = []
    for t in range(len(x)):
        h_prev = published[t - 1] if t > 0 else h0
        h = np.tanh(x[t] @ W_xh + h_prev @ W_hh + b_h)
        for unit in range(len(h)):
            if abs(h[unit] - published[t, unit]) > atol:
                found.append((t, unit))
    return found

# %%
def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
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

# %%
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    dh_next, dx = np.zeros_like(h0), np.zeros_like(x, dtype=dh.dtype)
    dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh)
    db_h = np.zeros_like(W_hh[0])
    for t in reversed(range(x.shape[1])):
        d = dh[:, t] + dh_next
        dz = d * (1 - h[:, t] ** 2)
        dx[:, t] = dz @ W_xh.T
        before = h[:, t - 1] if t else h0
        dW_xh = dW_xh + x[:, t].T @ dz
        dW_hh = dW_hh + before.T @ dz
        db_h = db_h + dz.sum(axis=0)
        dh_next = dz @ W_hh.T
    return {"dx": dx, "dh0": dh_next, "dW_xh": dW_xh, "dW_hh": dW_hh, "db_h": db_h}

# %%
def numerical_gradient(f, x, eps=1e-5):
    gradient = np.zeros(x.shape, "f4" if x.dtype == "f4" else "f8")
    x = x.astype("f8")
    for i in itertools.product(*map(range, x.shape)):
        old = x[i]
        x[i] = old + eps
        above = f(x)
        x[i] = old - eps
        below = f(x)
        x[i] = old
        gradient[i] = (above - below) / (2 * eps)
    return gradient

# %%
def relative_error(a, b):
    worst = 0.0
    for one, other in zip(np.ravel(a), np.ravel(b), strict=True):
        size = max(1e-12, abs(float(one)) + abs(float(other)))
        worst = max(worst, abs(float(one) - float(other)) / size)
    return worst

# %%
def state_gradient_norms(h, W_hh, dh_last):
    B, T, _ = h.shape
    norms = np.empty(T, dtype=dh_last.dtype)
    grads = [dh_last[b] for b in range(B)]
    for t in range(T - 1, -1, -1):
        norms[t] = np.sqrt(sum(float(g @ g) for g in grads))
        grads = [W_hh @ (np.diag(1 - h[b, t] ** 2) @ g) for b, g in enumerate(grads)]
    return norms

# %%
def sgd_step(params, grads, lr):
    new = {name: np.array(value, copy=True) for name, value in params.items()}
    for name in new:
        new[name] -= lr * grads[name]
    return new

# %%
def train_rnn(x, target, params, lr, steps):
    p = {name: value.copy() for name, value in params.items()}
    B, T, _ = x.shape
    H = p["W_hh"].shape[0]
    losses = []
    while len(losses) < steps:
        h = np.zeros((B, T + 1, H), dtype=p["W_hh"].dtype)
        for t in range(T):
            h[:, t + 1] = np.tanh(x[:, t] @ p["W_xh"] + h[:, t] @ p["W_hh"] + p["b_h"])
        error = h[:, 1:] @ p["W_hy"] + p["b_y"] - target
        losses.append(float((error * error).sum() / 2))
        g = {name: np.zeros_like(value) for name, value in p.items()}
        carried = np.zeros((B, H), dtype=x.dtype)
        for t in range(T - 1, -1, -1):
            g["W_hy"] += h[:, t + 1].T @ error[:, t]
            g["b_y"] += error[:, t].sum(0)
            dz = (error[:, t] @ p["W_hy"].T + carried) * (1 - h[:, t + 1] ** 2)
            g["W_xh"] += x[:, t].T @ dz
            g["W_hh"] += h[:, t].T @ dz
            g["b_h"] += dz.sum(0)
            carried = dz @ p["W_hh"].T
        for name in p:
            p[name] -= lr * g[name]
    return p, losses
