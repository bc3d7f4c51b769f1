# %%
import numpy as np
from numpy import einsum, tanh


# %%
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    return tanh(einsum("ni,ih->nh", x, W_xh) + einsum("nk,kh->nh", h_prev, W_hh) + b_h)


# %%
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    drive = einsum("nti,ih->tnh", x, W_xh) + b_h
    h, out = h0, []
    for z in drive:
        out.append(h := tanh(z + einsum("nk,kh->nh", h, W_hh)))
    return einsum("tnh->nth", np.array(out))


# %%
def output_layer(h, W_hy, b_y):
    return einsum("nth,ho->nto", h, W_hy) + b_y


# %%
def half_squared_error(y, target):
    dy = 1.0 * (y - target)
    return float(einsum("nto,nto->", dy, dy)) / 2, dy


# %%
def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    before = np.r_[h0[None], published][:-1]
    off = abs(tanh(einsum("ti,ih->th", x, W_xh) + einsum("tk,kh->th", before, W_hh) + b_h) - published)
    return sorted(zip(*map(np.ndarray.tolist, np.where(off > atol))))


# %%
def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    dz = einsum("nh,nh->nh", dh, 1 - h * h)
    return dict(
        dx=einsum("nh,ih->ni", dz, W_xh),
        dh_prev=einsum("nh,kh->nk", dz, W_hh),
        dW_xh=einsum("ni,nh->ih", x, dz),
        dW_hh=einsum("nk,nh->kh", h_prev, dz),
        db_h=einsum("nh->h", dz),
    )


# %%
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    T = x.shape[1]
    dz = np.zeros_like(h)
    back = h0 * 0
    for t in range(T)[::-1]:
        dz[:, t] = (dh[:, t] + back) * (1 - h[:, t] * h[:, t])
        back = einsum("nh,kh->nk", dz[:, t], W_hh)
    old = np.concatenate((h0[:, None], h), axis=1)[:, :-1]
    return dict(
        dx=einsum("nth,ih->nti", dz, W_xh),
        dh0=back,
        dW_xh=einsum("nti,nth->ih", x, dz),
        dW_hh=einsum("ntk,nth->kh", old, dz),
        db_h=einsum("nth->h", dz),
    )


# %%
def numerical_gradient(f, x, eps=1e-5):
    pushes = np.eye(x.size).reshape(x.size, *x.shape) * eps
    g = np.array([f(x + p) - f(x - p) for p in pushes]).reshape(x.shape) / (eps + eps)
    return g.astype(x.dtype) if x.dtype.kind == "f" else g


# %%
def relative_error(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    return float(np.max(abs(a - b) / np.fmax(abs(a) + abs(b), 1e-12)))


# %%
def state_gradient_norms(h, W_hh, dh_last):
    norms = [einsum("nh,nh->", dh_last, dh_last)]
    for state in h.swapaxes(0, 1)[:0:-1]:
        dh_last = einsum("nk,nk,hk->nh", dh_last, 1 - state**2, W_hh)
        norms.insert(0, einsum("nh,nh->", dh_last, dh_last))
    return np.sqrt(norms, dtype=h.dtype)


# %%
def sgd_step(params, grads, lr):
    return {k: v - grads[k] * lr for k, v in params.items()}


# %%
def train_rnn(x, target, params, lr, steps):
    losses = []
    h0 = np.zeros((x.shape[0], params["W_hh"].shape[1]), x.dtype)
    for _ in range(steps):
        h = rnn_forward(x, h0, params["W_xh"], params["W_hh"], params["b_h"])
        loss, dy = half_squared_error(output_layer(h, params["W_hy"], params["b_y"]), target)
        losses += [loss]
        g = rnn_backward(einsum("nto,ho->nth", dy, params["W_hy"]), x, h0, h, params["W_xh"], params["W_hh"])
        grads = {k[1:]: v for k, v in g.items()}
        grads |= {"W_hy": einsum("nth,nto->ho", h, dy), "b_y": einsum("nto->o", dy)}
        params = sgd_step(params, grads, lr)
    return {**params}, losses
