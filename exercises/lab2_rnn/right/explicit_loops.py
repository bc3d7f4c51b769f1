"""Everything number by number, as one would on paper."""
import math

import numpy as np


def dtype_of(*arrays):
    return np.float32 if all(np.asarray(a).dtype == np.float32 for a in arrays) else np.float64


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    B, I = x.shape
    H = W_hh.shape[0]
    h = np.empty((B, H), dtype=dtype_of(x, h_prev, W_xh, W_hh, b_h))
    for b in range(B):
        for k in range(H):
            total = float(b_h[k])
            for i in range(I):
                total += float(x[b, i]) * float(W_xh[i, k])
            for j in range(H):
                total += float(h_prev[b, j]) * float(W_hh[j, k])
            h[b, k] = math.tanh(total)
    return h


def rnn_forward(x, h0, W_xh, W_hh, b_h):
    B, T, I = x.shape
    H = h0.shape[1]
    states = np.empty((B, T, H), dtype=dtype_of(x, h0, W_xh, W_hh, b_h))
    h = h0
    t = 0
    while t < T:
        h = rnn_step(x[:, t, :], h, W_xh, W_hh, b_h)
        states[:, t, :] = h
        t += 1
    return states


def output_layer(h, W_hy, b_y):
    B, T, H = h.shape
    O = W_hy.shape[1]
    y = np.zeros((B, T, O), dtype=dtype_of(h, W_hy, b_y))
    for b in range(B):
        for t in range(T):
            for o in range(O):
                y[b, t, o] = b_y[o] + sum(h[b, t, k] * W_hy[k, o] for k in range(H))
    return y


def half_squared_error(y, target):
    loss = 0.0
    dy = np.zeros(y.shape, dtype=dtype_of(y, target))
    for index in np.ndindex(y.shape):
        difference = y[index] - target[index]
        loss += 0.5 * float(difference) ** 2
        dy[index] = difference
    return loss, dy


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    slips = []
    before = h0
    for t in range(len(published)):
        right = rnn_step(x[t : t + 1], np.array([before]), W_xh, W_hh, b_h)
        for unit in range(len(h0)):
            if abs(right[0, unit] - published[t, unit]) > atol:
                slips.append((t, unit))
        before = published[t]
    return slips


def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    B, I = x.shape
    H = h.shape[1]
    kind = dtype_of(dh, x, h_prev, h, W_xh, W_hh)
    dx, dh_prev = np.zeros((B, I), kind), np.zeros((B, H), kind)
    dW_xh, dW_hh, db_h = np.zeros((I, H), kind), np.zeros((H, H), kind), np.zeros(H, kind)
    for b in range(B):
        for k in range(H):
            dz = dh[b, k] * (1 - h[b, k] * h[b, k])
            db_h[k] += dz
            for i in range(I):
                dx[b, i] += dz * W_xh[i, k]
                dW_xh[i, k] += x[b, i] * dz
            for j in range(H):
                dh_prev[b, j] += dz * W_hh[j, k]
                dW_hh[j, k] += h_prev[b, j] * dz
    return {"dx": dx, "dh_prev": dh_prev, "dW_xh": dW_xh, "dW_hh": dW_hh, "db_h": db_h}


def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    B, T, I = x.shape
    kind = dtype_of(dh, x, h0, h, W_xh, W_hh)
    out = {
        "dx": np.zeros((B, T, I), kind),
        "dW_xh": np.zeros(W_xh.shape, kind),
        "dW_hh": np.zeros(W_hh.shape, kind),
        "db_h": np.zeros(W_hh.shape[0], kind),
    }
    coming_back = np.zeros(h0.shape, kind)
    for t in range(T - 1, -1, -1):
        if t == 0:
            previous = h0
        else:
            previous = h[:, t - 1, :]
        arriving = dh[:, t, :] + coming_back
        one = rnn_step_backward(arriving, x[:, t, :], previous, h[:, t, :], W_xh, W_hh)
        out["dx"][:, t, :] = one["dx"]
        for name in ("dW_xh", "dW_hh", "db_h"):
            out[name] += one[name]
        coming_back = one["dh_prev"]
    out["dh0"] = coming_back
    return out


def numerical_gradient(f, x, eps=1e-5):
    gradient = np.zeros(x.shape, dtype=np.float32 if x.dtype == np.float32 else np.float64)
    for index in np.ndindex(x.shape):
        up = np.array(x, dtype=float)
        up[index] = up[index] + eps
        down = np.array(x, dtype=float)
        down[index] = down[index] - eps
        gradient[index] = (f(up) - f(down)) / (2.0 * eps)
    return gradient


def relative_error(a, b):
    worst = 0.0
    for one, other in zip(np.ravel(a), np.ravel(b)):
        one, other = float(one), float(other)
        size = abs(one) + abs(other)
        if size < 1e-12:
            size = 1e-12
        error = abs(one - other) / size
        if error > worst:
            worst = error
    return worst


def state_gradient_norms(h, W_hh, dh_last):
    B, T, H = h.shape
    norms = [0.0] * T
    d = np.array(dh_last)
    for t in range(T - 1, -1, -1):
        norms[t] = math.sqrt(sum(float(v) ** 2 for v in d.ravel()))
        new = np.zeros((B, H))
        for b in range(B):
            for j in range(H):
                for k in range(H):
                    new[b, j] += d[b, k] * (1 - h[b, t, k] ** 2) * W_hh[j, k]
        d = new
    return np.array(norms, dtype=dtype_of(h, W_hh, dh_last))


def sgd_step(params, grads, lr):
    new = {}
    for name in params:
        if name not in grads:
            raise KeyError(f"there is no gradient for {name}")
        new[name] = params[name] - lr * grads[name]
    return new


def train_rnn(x, target, params, lr, steps):
    current = {name: np.array(params[name]) for name in params}
    losses = []
    B, T, _ = x.shape
    h0 = np.zeros((B, params["W_hh"].shape[0]), dtype=x.dtype)
    for _ in range(steps):
        states, h = [], h0
        for t in range(T):
            h = np.tanh(x[:, t] @ current["W_xh"] + h @ current["W_hh"] + current["b_h"])
            states.append(h)
        states = np.stack(states, axis=1)
        dy = states @ current["W_hy"] + current["b_y"] - target
        losses.append(float(0.5 * (dy**2).sum()))
        grads = {"W_hy": 0, "b_y": 0, "W_xh": 0, "W_hh": 0, "b_h": 0}
        back = np.zeros_like(h0)
        for t in reversed(range(T)):
            previous = states[:, t - 1] if t else h0
            grads["W_hy"] = grads["W_hy"] + states[:, t].T @ dy[:, t]
            grads["b_y"] = grads["b_y"] + dy[:, t].sum(axis=0)
            dz = (dy[:, t] @ current["W_hy"].T + back) * (1 - states[:, t] ** 2)
            grads["W_xh"] = grads["W_xh"] + x[:, t].T @ dz
            grads["W_hh"] = grads["W_hh"] + previous.T @ dz
            grads["b_h"] = grads["b_h"] + dz.sum(axis=0)
            back = dz @ current["W_hh"].T
        current = {name: current[name] - lr * grads[name] for name in current}
    return current, losses
