# %%
import numpy as np

def stacked(W_xh, W_hh):
    return np.vstack((W_xh, W_hh))

def beside(x, h):
    return np.concatenate((x, h), axis=-1)

# %%
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    W = np.vstack((W_xh, W_hh, b_h[None, :]))
    one = np.ones((len(x), 1), dtype=W.dtype)
    return np.tanh(np.hstack((x, h_prev, one)) @ W)

# %%
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    W = stacked(W_xh, W_hh)
    def run(x, h):
        for x_t in np.split(x, x.shape[1], axis=1):
            h = np.tanh(beside(x_t[:, 0], h) @ W + b_h)
            yield h
    return np.dstack(list(run(x, h0))).transpose(0, 2, 1)

# %%
def output_layer(h, W_hy, b_y):
    flat = h.reshape(-1, h.shape[-1])
    return (flat @ W_hy + b_y).reshape(h.shape[0], h.shape[1], -1)

# %%
def half_squared_error(y, target):
    dy = (y - target) / 1
    return np.linalg.norm(dy.astype(float).ravel()).item() ** 2 / 2, dy

# %%
def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    W = stacked(W_xh, W_hh)
    seen = set()
    for t in range(len(x)):
        h = np.tanh(beside(x[t], published[t - 1] if t > 0 else h0) @ W + b_h)
        bad = ~(np.abs(h - published[t]) <= atol)
        seen.update((t, int(u)) for u in bad.nonzero()[0])
    return sorted(seen)

# %%
def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    I = W_xh.shape[0]
    dz = dh - dh * h ** 2
    both = dz @ stacked(W_xh, W_hh).T
    dW = beside(x, h_prev).T @ dz
    return {"dx": both[:, :I], "dh_prev": both[:, I:], "dW_xh": dW[:I], "dW_hh": dW[I:], "db_h": dz.sum(0)}

# %%
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    I, W = W_xh.shape[0], stacked(W_xh, W_hh)
    dW, db, dh_next = np.zeros_like(W), np.zeros_like(W[0]), np.zeros_like(h0)
    dx = []
    for t in range(x.shape[1])[::-1]:
        dz = (dh[:, t] + dh_next) * (1 - h[:, t] ** 2)
        before = h[:, t - 1] if t else h0
        dW += beside(x[:, t], before).T @ dz
        db += dz.sum(0)
        back = dz @ W.T
        dx.append(back[:, :I])
        dh_next = back[:, I:]
    return {"dx": np.stack(dx, axis=1)[:, ::-1], "dh0": dh_next, "dW_xh": dW[:I], "dW_hh": dW[I:], "db_h": db}

# %%
def numerical_gradient(f, x, eps=0.00001):
    grad = np.zeros(x.shape, x.dtype if x.dtype.kind == "f" else float)
    x = np.array(x, float)
    it = np.nditer(x, flags=["multi_index"])
    while not it.finished:
        i = it.multi_index
        keep = x[i].copy()
        x[i] = keep + eps
        plus = f(x)
        x[i] = keep - eps
        minus = f(x)
        x[i] = keep
        grad[i] = (plus - minus) / (2 * eps)
        it.iternext()
    return grad

# %%
def relative_error(a, b):
    top, bottom = np.abs(a - b), np.abs(a) + np.abs(b)
    bottom = bottom * (bottom >= 1e-12) + 1e-12 * (bottom < 1e-12)
    return (top / bottom).max().astype("float64").tolist()

# %%
def state_gradient_norms(h, W_hh, dh_last):
    grads = [dh_last]
    for t in range(h.shape[1] - 1, 0, -1):
        grads.append(np.matmul(grads[-1] * (1 - h[:, t] ** 2), np.transpose(W_hh)))
    return np.linalg.norm(np.array(grads[::-1]).reshape(h.shape[1], -1), axis=-1)

# %%
def sgd_step(params, grads, lr):
    try:
        return {name: params[name] + (-lr) * grads[name] for name in params}
    except KeyError as error:
        raise KeyError(f"missing gradient: {error.args[0]}") from None

# %%
def train_rnn(x, target, params, lr, steps):
    names = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
    W_xh, W_hh, b_h, W_hy, b_y = (params[name] for name in names)
    losses = []
    while len(losses) != steps:
        h0 = np.zeros((len(x), len(b_h)), dtype=b_h.dtype)
        h = rnn_forward(x, h0, W_xh, W_hh, b_h)
        loss, dy = half_squared_error(output_layer(h, W_hy, b_y), target)
        losses.append(loss)
        g = rnn_backward(dy @ W_hy.T, x, h0, h, W_xh, W_hh)
        H, O = W_hy.shape
        dW_hy = h.reshape(-1, H).T @ dy.reshape(-1, O)
        W_xh, W_hh, b_h = W_xh - lr * g["dW_xh"], W_hh - lr * g["dW_hh"], b_h - lr * g["db_h"]
        W_hy, b_y = W_hy - lr * dW_hy, b_y - lr * dy.sum(axis=(0, 1))
    return dict(zip(names, (W_xh, W_hh, b_h, W_hy, b_y))), losses
