import math

import numpy as np


# %%
def to_float(a):
    a = np.asarray(a)
    return a if a.dtype == np.float32 else a.astype(np.float64)


# %%
def sigmoid(z):
    z = to_float(z)
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


# %%
def lstm_gates(x, h_prev, params):
    xh = np.concatenate([to_float(x), to_float(h_prev)], axis=1)
    f = sigmoid(xh @ params["W_f"] + params["b_f"])
    i = sigmoid(xh @ params["W_i"] + params["b_i"])
    g = np.tanh(xh @ params["W_g"] + params["b_g"])
    o = sigmoid(xh @ params["W_o"] + params["b_o"])
    return {"f": f, "i": i, "g": g, "o": o}


# %%
def lstm_step(x, h_prev, c_prev, params):
    gates = lstm_gates(x, h_prev, params)
    c = gates["f"] * c_prev + gates["i"] * gates["g"]
    h = gates["o"] * np.tanh(c)
    return h, c


# %%
def lstm_forward(x, h0, c0, params):
    h, c = h0, c0
    hs, cs = [], []
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], h, c, params)
        hs.append(h)
        cs.append(c)
    return np.stack(hs, axis=1), np.stack(cs, axis=1)


# %%
def lstm_step_backward(dh, dc, x, h_prev, c_prev, params):
    gates = lstm_gates(x, h_prev, params)
    f, i, g, o = gates["f"], gates["i"], gates["g"], gates["o"]
    c = f * c_prev + i * g
    tanh_c = np.tanh(c)
    dc_all = dc + dh * o * (1 - tanh_c**2)
    do = dh * tanh_c
    df = dc_all * c_prev
    di = dc_all * g
    dg = dc_all * i
    dz = {
        "f": df * f * (1 - f),
        "i": di * i * (1 - i),
        "g": dg * (1 - g**2),
        "o": do * o * (1 - o),
    }
    xh = np.concatenate([to_float(x), to_float(h_prev)], axis=1)
    dxh = np.zeros_like(xh)
    grads = {}
    for q in "figo":
        grads["dW_" + q] = xh.T @ dz[q]
        grads["db_" + q] = dz[q].sum(axis=0)
        dxh += dz[q] @ params["W_" + q].T
    n = x.shape[1]
    grads["dx"] = dxh[:, :n]
    grads["dh_prev"] = dxh[:, n:]
    grads["dc_prev"] = dc_all * f
    return grads


# %%
def lstm_backward(dh, x, h0, c0, params):
    T = x.shape[1]
    h, c = lstm_forward(x, h0, c0, params)
    dh_next = np.zeros_like(to_float(h0))
    dc_next = np.zeros_like(to_float(c0))
    dx = np.zeros_like(to_float(x))
    total = {}
    for t in reversed(range(T)):
        h_prev = h[:, t - 1] if t > 0 else h0
        c_prev = c[:, t - 1] if t > 0 else c0
        step = lstm_step_backward(dh[:, t] + dh_next, dc_next, x[:, t], h_prev, c_prev, params)
        dx[:, t] = step.pop("dx")
        dh_next = step.pop("dh_prev")
        dc_next = step.pop("dc_prev")
        for name, grad in step.items():
            total[name] = total.get(name, 0) + grad
    return {"dx": dx, "dh0": dh_next, "dc0": dc_next, **total}


# %%
def gru_step(x, h_prev, params):
    r = sigmoid(x @ params["W_xr"] + params["b_xr"] + h_prev @ params["W_hr"] + params["b_hr"])
    z = sigmoid(x @ params["W_xz"] + params["b_xz"] + h_prev @ params["W_hz"] + params["b_hz"])
    hidden = h_prev @ params["W_hn"] + params["b_hn"]
    n = np.tanh(x @ params["W_xn"] + params["b_xn"] + r * hidden)
    return (1 - z) * n + z * h_prev


# %%
def gru_forward(x, h0, params):
    h = h0
    out = []
    for t in range(x.shape[1]):
        h = gru_step(x[:, t], h, params)
        out.append(h)
    return np.stack(out, axis=1)


# %%
def from_torch_lstm(state):
    W = np.concatenate([to_float(state["weight_ih_l0"]), to_float(state["weight_hh_l0"])], axis=1)
    b = to_float(state["bias_ih_l0"]) + to_float(state["bias_hh_l0"])
    H = W.shape[0] // 4
    params = {}
    for k, q in enumerate("ifgo"):
        params["W_" + q] = W[k * H : (k + 1) * H].T
        params["b_" + q] = b[k * H : (k + 1) * H]
    return params


# %%
def set_forget_bias(params, value):
    new = {}
    for name, array in params.items():
        new[name] = np.array(to_float(array), copy=True)
    new["b_f"][:] = value
    return new


# %%
def memory_half_life(f):
    if not 0 < f < 1:
        raise ValueError(f"f must be between 0 and 1, not {f}")
    return math.log(0.5) / math.log(f)
