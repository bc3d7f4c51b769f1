# %% [markdown]
# My solution. I like recursion.

# %%
import numpy as np
sqrt, tanh = np.sqrt, np.tanh

# %% exercise="rnn_step"
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    if len(x) == 1:
        return tanh(x @ W_xh + h_prev @ W_hh + b_h)
    half = len(x) // 2
    return np.concatenate([
        rnn_step(x[:half], h_prev[:half], W_xh, W_hh, b_h),
        rnn_step(x[half:], h_prev[half:], W_xh, W_hh, b_h),
    ])

# %% exercise="rnn_forward"
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    first = rnn_step(x[:, 0], h0, W_xh, W_hh, b_h)[:, None]
    if x.shape[1] == 1:
        return first
    return np.concatenate([first, rnn_forward(x[:, 1:], first[:, 0], W_xh, W_hh, b_h)], axis=1)

# %% exercise="output_layer"
def output_layer(h, W_hy, b_y):
    return h @ W_hy + b_y if h.ndim == 1 else np.stack([output_layer(row, W_hy, b_y) for row in h])

# %% exercise="half_squared_error"
def half_squared_error(y, target):
    dy = np.true_divide(y - target, 1)
    def total(e):
        return float(e) ** 2 if e.ndim == 0 else sum(total(part) for part in e)
    return total(dy) / 2, dy

# %% exercise="audit_trace"
def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol, t=0):
    if len(x) == 0:
        return []
    off = abs(tanh(x[0] @ W_xh + h0 @ W_hh + b_h) - published[0]) > atol
    here = [(t, int(unit)) for unit in np.where(off)[0]]
    return here + audit_trace(x[1:], published[0], W_xh, W_hh, b_h, published[1:], atol, t + 1)

# %% exercise="rnn_step_backward"
def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    dz = (1 - h ** 2) * dh
    def through(a, W):
        return dz @ W.T, a.T @ dz
    dx, dW_xh = through(x, W_xh)
    dh_prev, dW_hh = through(h_prev, W_hh)
    return {'dx': dx, 'dh_prev': dh_prev, 'dW_xh': dW_xh, 'dW_hh': dW_hh, 'db_h': dz.sum(axis=0)}

# %% exercise="rnn_backward"
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    later = None
    d = dh[:, 0]
    if x.shape[1] > 1:
        later = rnn_backward(dh[:, 1:], x[:, 1:], h[:, 0], h[:, 1:], W_xh, W_hh)
        d = d + later['dh0']
    one = rnn_step_backward(d, x[:, 0], h0, h[:, 0], W_xh, W_hh)
    out = {'dx': one['dx'][:, None], 'dh0': one['dh_prev']}
    for name in 'dW_xh', 'dW_hh', 'db_h':
        out[name] = one[name]
    if later:
        out['dx'] = np.concatenate([out['dx'], later['dx']], axis=1)
        for name in 'dW_xh', 'dW_hh', 'db_h':
            out[name] = out[name] + later[name]
    return out

# %% exercise="numerical_gradient"
def numerical_gradient(f, x, eps=1e-5):
    def rec(index):
        if len(index) == x.ndim:
            up, down = x.astype(float), x.astype(float)
            up[index] += eps
            down[index] -= eps
            return (f(up) - f(down)) / eps / 2
        return [rec(index + (i,)) for i in range(x.shape[len(index)])]
    return np.array(rec(()), dtype=x.dtype if x.dtype == np.float32 else float)

# %% exercise="relative_error"
def relative_error(a, b):
    if np.ndim(a) == 0:
        a, b = float(a), float(b)
        return abs(a - b) / max(1e-12, abs(a) + abs(b))
    return max(relative_error(one, other) for one, other in zip(a, b))

# %% exercise="state_gradient_norms"
def state_gradient_norms(h, W_hh, dh_last):
    here = np.atleast_1d(sqrt((dh_last ** 2).sum()))
    if h.shape[1] == 1:
        return here
    before = (dh_last * (1 - h[:, -1] ** 2)) @ W_hh.T
    return np.append(state_gradient_norms(h[:, :-1], W_hh, before), here)

# %% exercise="sgd_step"
def sgd_step(params, grads, lr):
    if not params:
        return {}
    (name, value), *rest = params.items()
    return {name: value - lr * grads[name], **sgd_step(dict(rest), grads, lr)}

# %% exercise="train_rnn"
def train_rnn(x, target, params, lr, steps):
    if steps == 0:
        return dict(params), []
    h0 = np.zeros((len(x), len(params['b_h'])), x.dtype)
    h = rnn_forward(x, h0, params['W_xh'], params['W_hh'], params['b_h'])
    loss, dy = half_squared_error(output_layer(h, params['W_hy'], params['b_y']), target)
    back = rnn_backward(dy @ params['W_hy'].T, x, h0, h, params['W_xh'], params['W_hh'])
    grads = {'W_xh': back['dW_xh'], 'W_hh': back['dW_hh'], 'b_h': back['db_h'],
             'W_hy': sum(a.T @ b for a, b in zip(h, dy)), 'b_y': dy.sum(axis=1).sum(axis=0)}
    trained, losses = train_rnn(x, target, sgd_step(params, grads, lr), lr, steps - 1)
    return trained, [loss] + losses
