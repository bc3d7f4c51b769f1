# %% results go into arrays made beforehand
import math

import numpy as np


# %%
def sigmoid(z):
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))


# %%
def lstm_gates(x, h_prev, params):
    xh = np.c_[x, h_prev]
    gates = {}
    for q in ("g", "o", "f", "i"):
        z = np.einsum("bk,kh->bh", xh, params[f"W_{q}"]) + params[f"b_{q}"][None, :]
        gates[q] = np.tanh(z) if q == "g" else 0.5 + 0.5 * np.tanh(z / 2)
    return gates


# %%
def lstm_step(x, h_prev, c_prev, params):
    gate = lstm_gates(x, h_prev, params)
    c = np.array(c_prev, dtype=gate["f"].dtype)
    c *= gate["f"]
    c += np.multiply(gate["i"], gate["g"])
    h = np.tanh(c)
    h *= gate["o"]
    return h, c


# %%
def lstm_forward(x, h0, c0, params):
    B, T, _ = x.shape
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    h = np.empty((B, T + 1, h0.shape[1]), dtype=dtype)
    c = np.empty_like(h)
    h[:, 0], c[:, 0] = h0, c0
    for t in range(T):
        h[:, t + 1], c[:, t + 1] = lstm_step(x[:, t], h[:, t], c[:, t], params)
    return h[:, 1:], c[:, 1:]


# %%
def lstm_step_backward(dh, dc, x, h_prev, c_prev, params):
    n = x.shape[1]
    s = lstm_gates(x, h_prev, params)
    c = s["f"] * c_prev + s["i"] * s["g"]
    into_c = dh * s["o"] / np.cosh(c) ** 2 + dc
    upstream = {
        "f": into_c * c_prev,
        "i": into_c * s["g"],
        "g": into_c * s["i"],
        "o": dh * np.tanh(c),
    }
    out = {"dc_prev": into_c * s["f"], "dx": 0, "dh_prev": 0}
    for q in ("o", "g", "i", "f"):
        slope = 1 - s[q] ** 2 if q == "g" else s[q] - s[q] ** 2
        dz = upstream[q] * slope
        W = params[f"W_{q}"]
        out["dx"] = out["dx"] + np.einsum("bh,ih->bi", dz, W[:n])
        out["dh_prev"] = out["dh_prev"] + np.einsum("bh,jh->bj", dz, W[n:])
        out[f"dW_{q}"] = np.vstack(
            [np.einsum("bi,bh->ih", x, dz), np.einsum("bj,bh->jh", h_prev, dz)]
        )
        out[f"db_{q}"] = np.einsum("bh->h", dz)
    return out


# %%
def lstm_backward(dh, x, h0, c0, params):
    h, c = lstm_forward(x, h0, c0, params)
    h_before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    c_before = np.concatenate([c0[:, None], c[:, :-1]], axis=1)
    grads = {f"d{name}": np.zeros_like(p, dtype=h.dtype) for name, p in params.items()}
    grads["dx"] = np.zeros_like(x, dtype=h.dtype)
    back = {"dh_prev": np.zeros_like(h0), "dc_prev": np.zeros_like(c0)}
    for t in reversed(range(x.shape[1])):
        back = lstm_step_backward(
            dh[:, t] + back["dh_prev"],
            back["dc_prev"],
            x[:, t],
            h_before[:, t],
            c_before[:, t],
            params,
        )
        for name in params:
            grads[f"d{name}"] += back[f"d{name}"]
        grads["dx"][:, t] = back["dx"]
    grads["dh0"], grads["dc0"] = back["dh_prev"], back["dc_prev"]
    return grads


# %%
def plain_sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gru_step(x, h_prev, params):
    W = {k: params[k] for k in params}
    r = plain_sigmoid(x @ W["W_xr"] + h_prev @ W["W_hr"] + (W["b_xr"] + W["b_hr"]))
    z = plain_sigmoid(x @ W["W_xz"] + h_prev @ W["W_hz"] + (W["b_xz"] + W["b_hz"]))
    n = np.tanh(x @ W["W_xn"] + W["b_xn"] + r * (h_prev @ W["W_hn"]) + r * W["b_hn"])
    return n + z * (h_prev - n)


# %%
def gru_forward(x, h0, params):
    dtype = np.result_type(x.dtype, np.float32)
    h = np.zeros((x.shape[0], x.shape[1] + 1, h0.shape[-1]), dtype=dtype)
    h[:, 0] = h0
    for t in range(x.shape[1]):
        h[:, t + 1] = gru_step(x[:, t], h[:, t], params)
    return h[:, 1:]


# %%
def from_torch_lstm(state):
    H = state["bias_ih_l0"].size // 4
    W_x = state["weight_ih_l0"].reshape(4, H, -1)
    W_h = state["weight_hh_l0"].reshape(4, H, H)
    b = (state["bias_ih_l0"] + state["bias_hh_l0"]).reshape(4, H)
    W = np.concatenate([W_x, W_h], axis=2).transpose(0, 2, 1)
    i, f, g, o = range(4)
    return {
        "W_f": W[f],
        "W_i": W[i],
        "W_g": W[g],
        "W_o": W[o],
        "b_f": b[f],
        "b_i": b[i],
        "b_g": b[g],
        "b_o": b[o],
    }


# %%
def set_forget_bias(params, value):
    new = {}
    for name in params:
        filled = np.zeros_like(params[name]) + params[name].dtype.type(value)
        new[name] = filled if name == "b_f" else np.copy(params[name])
    return new


# %%
def memory_half_life(f):
    if 0.0 < f < 1.0:
        return -math.log(2) / math.log1p(f - 1) if f > 0.1 else math.log(0.5, f)
    raise ValueError("f: the forget gate must lie between 0 and 1, both excluded")
