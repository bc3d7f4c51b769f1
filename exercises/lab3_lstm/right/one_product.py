# %% all gates side by side in one matrix
import copy
import math

import numpy as np


# %%
def sigmoid(z):
    out = np.empty(z.shape, dtype=np.float32 if z.dtype == np.float32 else np.float64)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    e = np.exp(z[~positive])
    out[~positive] = e / (1 + e)
    return out


# %%
def lstm_gates(x, h_prev, params):
    W = np.hstack([params[f"W_{q}"] for q in "fiog"])
    b = np.hstack([params[f"b_{q}"] for q in "fiog"])
    z = np.hstack([x, h_prev]) @ W + b
    H = h_prev.shape[-1]
    return {
        "f": sigmoid(z[:, :H]),
        "i": sigmoid(z[:, H : 2 * H]),
        "o": sigmoid(z[:, 2 * H : 3 * H]),
        "g": np.tanh(z[:, 3 * H :]),
    }


# %%
def plain_sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_step(x, h_prev, c_prev, params):
    W = np.concatenate([params["W_" + q] for q in "ifog"], axis=1)
    b = np.concatenate([params["b_" + q] for q in "ifog"])
    z = np.concatenate([x, h_prev], axis=-1) @ W + b
    H = len(params["b_f"])
    i, f, o = (plain_sigmoid(z[:, k * H : (k + 1) * H]) for k in range(3))
    c = np.tanh(z[:, 3 * H :]) * i + c_prev * f
    return np.tanh(c) * o, c


# %% what comes from x, for all steps at once
def lstm_forward(x, h0, c0, params):
    n = x.shape[-1]
    z_x = {q: x @ params[f"W_{q}"][:n] + params[f"b_{q}"] for q in "figo"}
    h, c = h0, c0
    out = [[], []]
    for t in range(x.shape[1]):
        z = {q: z_x[q][:, t] + h @ params[f"W_{q}"][n:] for q in "figo"}
        c = c * plain_sigmoid(z["f"]) + plain_sigmoid(z["i"]) * np.tanh(z["g"])
        h = plain_sigmoid(z["o"]) * np.tanh(c)
        out[0].append(h)
        out[1].append(c)
    return [np.stack(part, axis=1) for part in out]


# %%
def lstm_step_backward(dh, dc, x, h_prev, c_prev, params):
    xh = np.hstack([x, h_prev])
    W = np.hstack([params["W_" + q] for q in "ifog"])
    z = xh @ W + np.hstack([params["b_" + q] for q in "ifog"])
    zi, zf, zo, zg = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(zi), sigmoid(zf), sigmoid(zo), np.tanh(zg)
    c = f * c_prev + i * g
    squashed = np.tanh(c)
    d_cell = dc + o * dh * (1 - squashed) * (1 + squashed)
    dz = np.hstack(
        [
            d_cell * g * i * (1 - i),
            d_cell * c_prev * f * (1 - f),
            dh * squashed * o * (1 - o),
            d_cell * i * (1 - g * g),
        ]
    )
    dxh, dW, db = dz @ W.T, xh.T @ dz, dz.sum(0)
    out = {"dx": dxh[:, : x.shape[1]], "dh_prev": dxh[:, x.shape[1] :], "dc_prev": d_cell * f}
    for q, dW_q, db_q in zip("ifog", np.split(dW, 4, axis=1), np.split(db, 4)):
        out |= {"dW_" + q: dW_q, "db_" + q: db_q}
    return out


# %% the forward pass leaves a tape
def lstm_backward(dh, x, h0, c0, params):
    _, T, I = x.shape
    H = h0.shape[1]
    W = np.concatenate([params[f"W_{q}"] for q in "figo"], axis=1)
    h, c = h0, c0
    tape = []
    for t in range(T):
        gate = lstm_gates(x[:, t], h, params)
        new_c = gate["f"] * c + gate["i"] * gate["g"]
        tape.append((np.concatenate([x[:, t], h], axis=1), c, new_c, gate))
        h, c = gate["o"] * np.tanh(new_c), new_c
    dtype = np.result_type(x, np.float32)
    dx, dW, db = np.empty(x.shape, dtype), np.zeros(W.shape, dtype), np.zeros(4 * H, dtype)
    dh_next, dc_next = 0.0 * h0, 0.0 * c0
    for t in range(T - 1, -1, -1):
        xh, c_prev, c, gate = tape[t]
        f, i, g, o = gate["f"], gate["i"], gate["g"], gate["o"]
        d = dh[:, t] + dh_next
        s = np.tanh(c)
        dc = dc_next + d * o * (1 - s**2)
        dz = np.concatenate(
            [
                dc * c_prev * f * (1 - f),
                dc * g * i * (1 - i),
                dc * i * (1 - g**2),
                d * s * o * (1 - o),
            ],
            axis=1,
        )
        dW += xh.T @ dz
        db += dz.sum(axis=0)
        dxh = dz @ W.T
        dx[:, t], dh_next, dc_next = dxh[:, :I], dxh[:, I:], dc * f
    out = {"dx": dx, "dh0": dh_next, "dc0": dc_next}
    for k, q in enumerate("figo"):
        out |= {f"dW_{q}": dW[:, k * H : (k + 1) * H], f"db_{q}": db[k * H : (k + 1) * H]}
    return out


# %%
def gru_step(x, h_prev, params):
    from_x = x @ np.hstack([params[f"W_x{q}"] for q in "rzn"])
    from_x = from_x + np.hstack([params[f"b_x{q}"] for q in "rzn"])
    from_h = h_prev @ np.hstack([params[f"W_h{q}"] for q in "rzn"])
    from_h = from_h + np.hstack([params[f"b_h{q}"] for q in "rzn"])
    x_r, x_z, x_n = np.split(from_x, 3, axis=-1)
    h_r, h_z, h_n = np.split(from_h, 3, axis=-1)
    z = plain_sigmoid(x_z + h_z)
    return z * h_prev + (1 - z) * np.tanh(x_n + plain_sigmoid(x_r + h_r) * h_n)


# %%
def gru_forward(x, h0, params):
    from_x = {q: np.einsum("bti,ih->tbh", x, params[f"W_x{q}"]) for q in "rzn"}
    h, states = h0, []
    for t in range(x.shape[1]):
        a = {q: from_x[q][t] + params[f"b_x{q}"] for q in "rzn"}
        b = {q: h @ params[f"W_h{q}"] + params[f"b_h{q}"] for q in "rzn"}
        z = plain_sigmoid(a["z"] + b["z"])
        h = z * h + (1 - z) * np.tanh(a["n"] + plain_sigmoid(a["r"] + b["r"]) * b["n"])
        states.append(h)
    return np.array(states).transpose(1, 0, 2)


# %%
def from_torch_lstm(state):
    W = np.vstack([state["weight_ih_l0"].T, state["weight_hh_l0"].T])
    b = state["bias_hh_l0"] + state["bias_ih_l0"]
    H = W.shape[1] // 4
    out = {}
    for k, q in enumerate("ifgo"):
        out["b_" + q] = b[k * H : (k + 1) * H].copy()
        out["W_" + q] = np.ascontiguousarray(W[:, k * H : (k + 1) * H])
    return out


# %%
def set_forget_bias(params, value):
    new = copy.deepcopy(dict(params))
    new["b_f"].fill(value)
    return new


# %%
def memory_half_life(f):
    if math.isnan(f) or f <= 0 or f >= 1:
        raise ValueError(f"forget gate out of range: f = {f}")
    return -1 / math.log2(f)
