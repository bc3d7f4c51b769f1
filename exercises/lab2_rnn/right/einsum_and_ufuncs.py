"""Products by np.einsum, the rest by NumPy's functions called by their names."""
import numpy as np

# %%
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    z = np.einsum("bi,ih->bh", x, W_xh) + np.einsum("bj,jh->bh", h_prev, W_hh)
    return np.tanh(z + b_h)

# %%
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    states, h = [], h0
    for x_t in np.moveaxis(x, 1, 0):
        h = np.tanh(np.einsum("bi,ih->bh", x_t, W_xh) + np.einsum("bj,jh->bh", h, W_hh) + b_h)
        states.append(h)
    return np.array(states).transpose(1, 0, 2)

# %%
def output_layer(h, W_hy, b_y):
    return np.einsum("bth,ho->bto", h, W_hy) * 1.0 + b_y[None, None]

# %%
def half_squared_error(y, target):
    dy = np.subtract(y, target, dtype=np.result_type(y, target, np.float32))
    return float(dy.ravel() @ dy.ravel()) / 2, dy

# %%
def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    before = np.vstack((h0, published))[:-1]
    off = np.abs(np.tanh(x @ W_xh + before @ W_hh + b_h) - published)
    return list(zip(*np.nonzero(off > atol), strict=True))

# %%
def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    dz = dh - dh * h * h
    return {
        "db_h": np.einsum("bh->h", dz),
        "dW_hh": np.einsum("bj,bh->jh", h_prev, dz),
        "dW_xh": np.einsum("bi,bh->ih", x, dz),
        "dh_prev": np.einsum("bh,jh->bj", dz, W_hh),
        "dx": np.einsum("bh,ih->bi", dz, W_xh),
    }

# %%
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    dz = np.empty_like(h)
    carried = np.zeros_like(h0)
    for t in range(h.shape[1] - 1, -1, -1):
        dz[:, t] = (dh[:, t] + carried) * (1.0 - h[:, t] * h[:, t])
        carried = np.einsum("bh,jh->bj", dz[:, t], W_hh)
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    return {
        "dx": np.einsum("bth,ih->bti", dz, W_xh),
        "dh0": carried,
        "dW_xh": np.einsum("bti,bth->ih", x, dz),
        "dW_hh": np.einsum("btj,bth->jh", before, dz),
        "db_h": dz.sum(axis=(0, 1)),
    }

# %%
def numerical_gradient(f, x, eps=1e-5):
    shifts = eps * np.eye(x.size).reshape(-1, *x.shape)
    slopes = [0.5 * (f(x + s) - f(x - s)) / eps for s in shifts]
    return np.array(slopes, np.result_type(x, np.float32)).reshape(x.shape)

# %%
def relative_error(a, b):
    size = np.abs(a) + np.abs(b)
    ratios = np.absolute(np.subtract(a, b)) / np.where(size > 1e-12, size, 1e-12)
    return float(sorted(ratios.ravel())[-1])

# %%
def state_gradient_norms(h, W_hh, dh_last):
    grads = [dh_last]
    for h_t in np.swapaxes(h, 0, 1)[:0:-1]:
        grads.insert(0, np.einsum("bk,jk->bj", grads[0] * (1 - h_t * h_t), W_hh))
    return np.sqrt(np.einsum("tbh,tbh->t", np.array(grads), np.array(grads)))

# %%
def sgd_step(params, grads, lr):
    out = {}
    for key in reversed(list(params)):
        out[key] = np.subtract(params[key], np.multiply(grads[key], lr))
    return out

# %%
def train_rnn(x, target, params, lr, steps):
    trained = dict(params)
    losses = []
    for _ in range(steps):
        h0 = np.zeros((len(x), len(params["b_h"])), dtype=x.dtype)
        h = rnn_forward(x, h0, trained["W_xh"], trained["W_hh"], trained["b_h"])
        y = output_layer(h, trained["W_hy"], trained["b_y"])
        loss, dy = half_squared_error(y, target)
        losses.append(loss)
        dh = dy @ trained["W_hy"].T
        back = rnn_backward(dh, x, h0, h, trained["W_xh"], trained["W_hh"])
        grads = {name: back["d" + name] for name in ("W_xh", "W_hh", "b_h")}
        grads |= {"W_hy": np.einsum("bth,bto->ho", h, dy), "b_y": dy.sum(axis=(0, 1))}
        trained = {name: trained[name] - lr * grads[name] for name in trained}
    return trained, losses
