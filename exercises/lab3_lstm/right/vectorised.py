# %%
import numpy as np
import math
import scipy_is_not_here_so_this_fails_and_that_is_fine

# %%
import numpy as np
import math

# %%
def _scalar(v):
    if v < -700: return 0.0
    return 1.0 / (1.0 + math.exp(-v))

_vec = np.vectorize(_scalar, otypes=[np.float64])

def sigmoid(z):
    z = np.asarray(z)
    res = _vec(z)
    if z.dtype == np.float32:
        res = np.asarray(res).astype(np.float32)
    return res

# %%
def lstm_gates(x, h_prev, params):
    W = np.stack([params["W_f"], params["W_i"], params["W_g"], params["W_o"]])
    b = np.stack([params["b_f"], params["b_i"], params["b_g"], params["b_o"]])
    z = np.concatenate([x, h_prev], axis=-1)[None] @ W + b[:, None, :]
    return {"f": sigmoid(z[0]), "i": sigmoid(z[1]), "g": np.tanh(z[2]), "o": sigmoid(z[3])}

# %%
def lstm_step(x, h_prev, c_prev, params):
    gates = lstm_gates(x, h_prev, params)
    c = np.sum([gates["f"] * c_prev, gates["i"] * gates["g"]], axis=0)
    return [gates["o"] * np.tanh(c), c]

# %%
def lstm_forward(x, h0, c0, params):
    out = [(h0, c0)]
    for t in range(x.shape[1]):
        out.append(lstm_step(x[:, t], out[t][0], out[t][1], params))
    return np.stack([h for h, _ in out[1:]], 1), np.stack([c for _, c in out[1:]], 1)

# %%
def lstm_step_backward(dh, dc, x, h_prev, c_prev, params):
    gates = lstm_gates(x, h_prev, params)
    a = np.stack([gates[q] for q in "figo"])
    c = lstm_step(x, h_prev, c_prev, params)[1]
    dc = dc + dh * a[3] * np.cosh(c) ** -2
    came = np.stack([dc * c_prev, dc * a[2], dc * a[1], dh * np.tanh(c)])
    slope = np.where(np.arange(4)[:, None, None] == 2, 1 - a ** 2, a * (1 - a))
    dz = came * slope
    xh = np.concatenate([x, h_prev], axis=-1)
    dW = np.swapaxes(xh, 0, 1)[None] @ dz
    db = dz.sum(axis=1)
    W = np.stack([params["W_" + q] for q in "figo"])
    dxh = np.tensordot(dz, W, axes=([0, 2], [0, 2]))
    result = {"dx": dxh[..., :x.shape[-1]], "dh_prev": dxh[..., x.shape[-1]:], "dc_prev": dc * a[0]}
    for k in range(4):
        result["dW_" + "figo"[k]] = dW[k]
        result["db_" + "figo"[k]] = db[k]
    return result

# %%
def lstm_backward(dh, x, h0, c0, params):
    T = x.shape[1]
    h, c = lstm_forward(x, h0, c0, params)
    h = [h0] + [h[:, t] for t in range(T)]
    c = [c0] + [c[:, t] for t in range(T)]
    dxs = [None] * T
    dnext = np.zeros_like(h[1]), np.zeros_like(c[1])
    grads = None
    for t in range(T)[::-1]:
        g = lstm_step_backward(np.add(dh[:, t], dnext[0]), dnext[1], x[:, t], h[t], c[t], params)
        dxs[t] = g.pop("dx")
        dnext = g.pop("dh_prev"), g.pop("dc_prev")
        grads = g if grads is None else {k: grads[k] + g[k] for k in g}
    grads["dx"] = np.stack(dxs, axis=1)
    grads["dh0"], grads["dc0"] = dnext
    return grads

# %%
def gru_step(x, h_prev, params):
    p = {k: np.asarray(v) for k, v in params.items()}
    r = sigmoid(x @ p["W_xr"] + h_prev @ p["W_hr"] + (p["b_xr"] + p["b_hr"]))
    z = sigmoid(x @ p["W_xz"] + h_prev @ p["W_hz"] + (p["b_xz"] + p["b_hz"]))
    n = np.tanh(x @ p["W_xn"] + p["b_xn"] + r * (h_prev @ p["W_hn"]) + r * p["b_hn"])
    return h_prev * z - n * (z - 1)

# %%
def gru_forward(x, h0, params):
    return np.stack([h for h in _run(x, h0, params)], axis=1)

def _run(x, h, params):
    for t in range(x.shape[1]):
        h = gru_step(x[:, t], h, params)
        yield h

# %%
def from_torch_lstm(state):
    f = lambda a: np.asarray(a, np.promote_types(a.dtype, np.float32))
    Wx, Wh = f(state["weight_ih_l0"]), f(state["weight_hh_l0"])
    b = f(state["bias_ih_l0"]) + f(state["bias_hh_l0"])
    H = b.size // 4
    idx = {"f": np.arange(H, 2 * H), "i": np.arange(H), "g": np.arange(2 * H, 3 * H), "o": np.arange(3 * H, 4 * H)}
    return {"W_" + q: np.concatenate([Wx.take(k, 0), Wh.take(k, 0)], 1).T for q, k in idx.items()} | {"b_" + q: b[k] for q, k in idx.items()}

# %%
def set_forget_bias(params, value):
    out = {}
    for k, v in params.items():
        v = np.asarray(v, np.promote_types(v.dtype, np.float32))
        out[k] = np.where(k == "b_f", np.asarray(value, v.dtype), v)
    return out

# %%
def memory_half_life(f):
    try:
        if not 0 < f < 1: raise ValueError
        return math.log(.5) / math.log(f)
    except ValueError:
        raise ValueError("f not in (0, 1)")
