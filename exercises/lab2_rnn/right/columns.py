"""For those who learnt it with columns: everything is turned over, and back at the end."""
import numpy as np

# %%
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    a = W_xh.T @ x.T + W_hh.T @ h_prev.T + b_h.reshape(-1, 1)
    return np.ascontiguousarray(np.tanh(a).T)

# %%
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    U, V, b = W_xh.T, W_hh.T, b_h[:, np.newaxis]
    s = h0.T
    collected = []
    for xt in x.transpose(1, 2, 0):
        s = np.tanh(np.dot(U, xt) + np.dot(V, s) + b)
        collected.append(s)
    return np.array(collected).transpose(2, 0, 1)

# %%
def output_layer(h, W_hy, b_y):
    return np.swapaxes(W_hy.T @ h.swapaxes(1, 2), 1, 2) + b_y

# %%
def half_squared_error(y, target):
    e = np.subtract(y, target, dtype=np.result_type(y, np.float32)).reshape(-1, 1)
    return float((e.T @ e)[0, 0] / 2), e.reshape(y.shape)

# %%
def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    before = np.column_stack([h0, published[:-1].T])
    here = np.tanh(W_xh.T @ x.T + W_hh.T @ before + b_h[:, None])
    units, times = np.nonzero(np.abs(here - published.T) > atol)
    return sorted((int(t), int(u)) for u, t in zip(units, times))

# %%
def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    delta = (dh * (1 - h) * (1 + h)).T
    return {
        "db_h": delta.sum(axis=1),
        "dW_hh": (delta @ h_prev).T,
        "dW_xh": (delta @ x).T,
        "dh_prev": (W_hh @ delta).T,
        "dx": (W_xh @ delta).T,
    }

# %%
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    xs, hs, ds = x.transpose(1, 2, 0), h.transpose(1, 2, 0), dh.transpose(1, 2, 0)
    befores = np.concatenate([h0.T[None], hs[:-1]])
    gW_xh, gW_hh, gb = 0.0 * W_xh, 0.0 * W_hh, 0.0 * W_hh[0]
    down = np.zeros_like(h0.T)
    gx = np.zeros_like(xs, dtype=dh.dtype)
    for t in range(len(xs) - 1, -1, -1):
        delta = (ds[t] + down) * (1 - hs[t] ** 2)
        gW_xh += (delta @ xs[t].T).T
        gW_hh += (delta @ befores[t].T).T
        gb += delta.sum(axis=1)
        gx[t] = W_xh @ delta
        down = W_hh @ delta
    return {"dx": gx.transpose(2, 0, 1), "dh0": down.T, "dW_xh": gW_xh, "dW_hh": gW_hh, "db_h": gb}

# %%
def numerical_gradient(f, x, eps=1e-5):
    flat = x.reshape(-1, 1)
    g = np.zeros(flat.shape)
    for i in range(flat.shape[0]):
        e = np.zeros(flat.shape)
        e[i, 0] = eps
        g[i, 0] = (f((flat + e).reshape(x.shape)) - f((flat - e).reshape(x.shape))) / (2 * eps)
    return g.reshape(x.shape).astype((x * 1.0).dtype)

# %%
def relative_error(a, b):
    a, b = np.ravel(a).astype(np.float64), np.ravel(b).astype(np.float64)
    return float(np.linalg.norm(np.abs(a - b) / np.clip(np.abs(a) + np.abs(b), 1e-12, np.inf), np.inf))

# %%
def state_gradient_norms(h, W_hh, dh_last):
    d = dh_last.T
    sizes = [np.linalg.norm(d, "fro")]
    for t in range(1, h.shape[1]):
        d = W_hh @ (d * (1 - h[:, -t].T ** 2))
        sizes.append(np.linalg.norm(d, "fro"))
    return np.flip(sizes)

# %%
def sgd_step(params, grads, lr):
    return dict(map(lambda item: (item[0], (item[1].T - lr * grads[item[0]].T).T), params.items()))

# %%
def train_rnn(x, target, params, lr, steps):
    p = {k: v + 0 for k, v in params.items()}
    losses = []
    zero = np.zeros_like(x[:, 0, :1]) @ p["b_h"][None]
    for _ in range(steps):
        h = rnn_forward(x, zero, p["W_xh"], p["W_hh"], p["b_h"])
        loss, dy = half_squared_error(output_layer(h, p["W_hy"], p["b_y"]), target)
        losses.append(loss)
        back = rnn_backward((p["W_hy"] @ dy.swapaxes(1, 2)).swapaxes(1, 2), x, zero, h, p["W_xh"], p["W_hh"])
        g = {k: back["d" + k] for k in ("W_xh", "W_hh", "b_h")}
        g["W_hy"] = sum(h[:, t].T @ dy[:, t] for t in range(x.shape[1]))
        g["b_y"] = dy.sum(0).sum(0)
        for k in p:
            p[k] = p[k] - lr * g[k]
    return p, losses
