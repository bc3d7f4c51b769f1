# %% the loop over time is kept short: what can wait is done for all steps at once
import numpy as np


# %%
def sigmoid(z):
    zero = z.dtype.type(0)
    return np.asarray(np.exp(-np.logaddexp(zero, -z)))


# %%
def lstm_forward(x, h0, c0, params):
    h, c, hs, cs = h0, c0, [], []
    for t in range(x.shape[1]):
        xh = np.concatenate([x[:, t], h], axis=1)
        f, i, g, o = (xh @ params[f"W_{q}"] + params[f"b_{q}"] for q in "figo")
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        hs.append(h)
        cs.append(c)
    return np.stack(hs, axis=1), np.stack(cs, axis=1)


# %%
def lstm_backward(dh, x, h0, c0, params):
    """Gathers the gradients of all sums first and multiplies once at the end."""
    h, c = lstm_forward(x, h0, c0, params)
    h_before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    c_before = np.concatenate([c0[:, None], c[:, :-1]], axis=1)
    xh = np.concatenate([x, h_before], axis=2)
    z = {q: xh @ params[f"W_{q}"] + params[f"b_{q}"] for q in "figo"}
    f, i, g, o = sigmoid(z["f"]), sigmoid(z["i"]), np.tanh(z["g"]), sigmoid(z["o"])
    n = x.shape[2]
    dz = {q: [] for q in "figo"}
    dh_next = np.zeros_like(h0)
    dc_next = np.zeros_like(c0)
    for t in range(x.shape[1] - 1, -1, -1):
        d, s = dh[:, t] + dh_next, np.tanh(c[:, t])
        dc = dc_next + d * o[:, t] * (1 - s * s)
        dz["f"].insert(0, dc * c_before[:, t] * f[:, t] * (1 - f[:, t]))
        dz["i"].insert(0, dc * g[:, t] * i[:, t] * (1 - i[:, t]))
        dz["g"].insert(0, dc * i[:, t] * (1 - g[:, t] ** 2))
        dz["o"].insert(0, d * s * o[:, t] * (1 - o[:, t]))
        dh_next = sum(dz[q][0] @ params[f"W_{q}"][n:].T for q in "figo")
        dc_next = dc * f[:, t]
    all_dz = {q: np.stack(parts, axis=1) for q, parts in dz.items()}
    out = {"dh0": dh_next, "dc0": dc_next}
    out["dx"] = sum(all_dz[q] @ params[f"W_{q}"][:n].T for q in "figo")
    for q in "figo":
        out[f"dW_{q}"] = np.tensordot(xh, all_dz[q], axes=([0, 1], [0, 1]))
        out[f"db_{q}"] = all_dz[q].sum((0, 1))
    return out


# %%
def from_torch_lstm(state):
    H = state["weight_hh_l0"].shape[1]
    out = {}
    for k, q in enumerate("ifgo"):
        rows = slice(k * H, (k + 1) * H)
        out[f"W_{q}"] = np.vstack([state["weight_ih_l0"][rows].T, state["weight_hh_l0"][rows].T])
        out[f"b_{q}"] = np.add(state["bias_ih_l0"][rows], state["bias_hh_l0"][rows])
    return out
