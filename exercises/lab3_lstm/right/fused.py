# %%
# one big matrix product for all the gates
import numpy as np
from functools import reduce

# %%
def sigmoid(z):
    z = np.asarray(z) * np.float32(1.0)
    return np.exp(-np.logaddexp(0, -z)).astype(z.dtype)

# %%
ORDER = "figo"

def _stack(params):
    return np.concatenate([params["W_" + q] for q in ORDER], axis=1), np.concatenate([params["b_" + q] for q in ORDER])

def lstm_gates(x, h_prev, params):
    W, b = _stack(params)
    z = np.c_[x, h_prev] @ W + b
    f, i, g, o = np.split(z, 4, axis=-1)
    return {"o": sigmoid(o), "g": np.tanh(g), "i": sigmoid(i), "f": sigmoid(f)}

# %%
def lstm_step(x, h_prev, c_prev, params):
    a = lstm_gates(h_prev=h_prev, x=x, params=params)
    c = a["i"] * a["g"] + c_prev * a["f"]
    h = np.tanh(c) * a["o"]
    return (h, c)

# %%
def lstm_forward(x, h0, c0, params):
    states = reduce(lambda done, xt: done + [lstm_step(xt, *done[-1], params)], np.moveaxis(x, 1, 0), [(h0, c0)])
    h, c = zip(*states[1:])
    return np.array(h).transpose(1, 0, 2), np.array(c).transpose(1, 0, 2)

# %%
def lstm_step_backward(dh, dc, x, h_prev, c_prev, params):
    W, _ = _stack(params)
    a = lstm_gates(x, h_prev, params)
    f, i, g, o = (a[q] for q in ORDER)
    th = np.tanh(f * c_prev + i * g)
    dc = dc + dh * o * (1 - th ** 2)
    dz = np.concatenate([dc * c_prev * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g * g), dh * th * o * (1 - o)], axis=1)
    xh = np.block([x, h_prev])
    dW = np.split(np.matmul(xh.T, dz), 4, axis=1)
    db = np.split(np.sum(dz, axis=0), 4)
    dxh = np.matmul(dz, W.T)
    cut = W.shape[0] - W.shape[1] // 4
    return {
        **{"dW_" + q: dW[k] for k, q in enumerate(ORDER)},
        **{"db_" + q: db[k] for k, q in enumerate(ORDER)},
        "dx": dxh[:, :cut], "dh_prev": dxh[:, cut:], "dc_prev": dc * f,
    }

# %%
def lstm_backward(dh, x, h0, c0, params):
    # backward through time without calling the step: all gates kept
    h, c = h0, c0
    tape = []
    for t in range(x.shape[1]):
        a = lstm_gates(x[:, t], h, params)
        new = a["f"] * c + a["i"] * a["g"]
        tape.append((x[:, t], h, c, a, np.tanh(new)))
        h, c = a["o"] * np.tanh(new), new
    W, b = _stack(params)
    dW, db = 0, 0
    dh_in, dc = 0, 0
    dx = []
    for (xt, hp, cp, a, th), up in zip(tape[::-1], np.moveaxis(dh, 1, 0)[::-1]):
        d = up + dh_in
        dc = dc + d * a["o"] * (1 - th * th)
        dz = np.concatenate([
            dc * cp * a["f"] * (1 - a["f"]),
            dc * a["g"] * a["i"] * (1 - a["i"]),
            dc * a["i"] * (1 - a["g"] ** 2),
            d * th * a["o"] * (1 - a["o"]),
        ], axis=1)
        dW = dW + np.concatenate([xt, hp], 1).T @ dz
        db = db + dz.sum(0)
        back = dz @ W.T
        dx.append(back[:, :xt.shape[1]])
        dh_in = back[:, xt.shape[1]:]
        dc = dc * a["f"]
    H = h0.shape[1]
    out = {"dx": np.stack(dx[::-1], axis=1), "dh0": dh_in, "dc0": dc}
    for k, q in enumerate(ORDER):
        out["dW_" + q] = dW[:, k * H:(k + 1) * H]
        out["db_" + q] = db[k * H:(k + 1) * H]
    return out

# %%
def gru_step(x, h_prev, params):
    Wx = np.hstack([params["W_xr"], params["W_xz"], params["W_xn"]])
    Wh = np.hstack([params["W_hr"], params["W_hz"], params["W_hn"]])
    bx = np.hstack([params["b_xr"], params["b_xz"], params["b_xn"]])
    bh = np.hstack([params["b_hr"], params["b_hz"], params["b_hn"]])
    ax, ah = x @ Wx + bx, h_prev @ Wh + bh
    H = h_prev.shape[1]
    rz = sigmoid(ax[:, :2 * H] + ah[:, :2 * H])
    r, z = rz[:, :H], rz[:, H:]
    n = np.tanh(ax[:, 2 * H:] + r * ah[:, 2 * H:])
    return n * (1 - z) + h_prev * z

# %%
def gru_forward(x, h0, params):
    from itertools import accumulate
    states = list(accumulate(range(x.shape[1]), lambda h, t: gru_step(x[:, t], h, params), initial=h0))
    return np.stack(states[1:], axis=-2)

# %%
def from_torch_lstm(state):
    W = np.hstack((state["weight_ih_l0"], state["weight_hh_l0"])).T * np.float32(1)
    b = (state["bias_ih_l0"] + state["bias_hh_l0"]) * np.float32(1)
    Wi, Wf, Wg, Wo = np.hsplit(W, 4)
    bi, bf, bg, bo = np.split(b, 4)
    return dict(W_f=Wf, W_i=Wi, W_g=Wg, W_o=Wo, b_f=bf, b_i=bi, b_g=bg, b_o=bo)

# %%
import copy
def set_forget_bias(params, value):
    new = copy.deepcopy(dict(params))
    new = {k: v * np.float32(1) for k, v in new.items()}
    new["b_f"][...] = value
    return new

# %%
def memory_half_life(f):
    if 0 < f < 1:
        return 1 / -np.log2(f).item()
    raise ValueError("`f` must be a number above 0 and below 1")
