# %% one sample, one step, one unit after the other; later steps by recursion
import numpy as np


# %%
def sigmoid(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


# %%
def lstm_gates(x, h_prev, params):
    n = x.shape[1]

    def layer(q):
        W, b = params["W_" + q], params["b_" + q]
        return b + np.dot(h_prev, W[n:]) + np.dot(x, W[:n])

    return {
        "o": sigmoid(layer("o")),
        "g": np.tanh(layer("g")),
        "i": sigmoid(layer("i")),
        "f": sigmoid(layer("f")),
    }


# %%
def lstm_step(x, h_prev, c_prev, params):
    states, cells = [], []
    for x_b, h_b, c_b in zip(x, h_prev, c_prev):
        v = np.append(x_b, h_b)
        f, i, o = (sigmoid(v @ params[f"W_{q}"] + params[f"b_{q}"]) for q in "fio")
        cells.append(f * c_b + i * np.tanh(v @ params["W_g"] + params["b_g"]))
        states.append(o * np.tanh(cells[-1]))
    return [np.array(states), np.array(cells)]


# %%
def lstm_forward(x, h0, c0, params):
    pairs = []
    h, c = h0.copy(), c0.copy()
    for x_t in np.swapaxes(x, 0, 1):
        h, c = lstm_step(x_t, h, c, params)
        pairs.append((h, c))
    both = np.array(pairs).transpose(1, 2, 0, 3)
    return both[0], both[1]


# %%
def one_row(dh, dc, x, h_prev, c_prev, params):
    gate = lstm_gates(x, h_prev, params)
    f, i, g, o = (gate[q] for q in "figo")
    tanh_c = np.tanh(f * c_prev + i * g)
    dc = dc + dh * o * (1 - tanh_c**2)
    dz = {
        "f": dc * c_prev * f * (1 - f),
        "i": dc * g * i * (1 - i),
        "g": dc * i * (1 - g**2),
        "o": dh * tanh_c * o * (1 - o),
    }
    dxh = sum(dz[q] @ params[f"W_{q}"].T for q in "figo")
    n = x.shape[1]
    grads = {"dx": dxh[:, :n], "dh_prev": dxh[:, n:], "dc_prev": dc * f}
    for q in "figo":
        grads[f"dW_{q}"] = np.concatenate([x, h_prev], axis=1).T @ dz[q]
        grads[f"db_{q}"] = dz[q][0]
    return grads


def lstm_step_backward(dh, dc, x, h_prev, c_prev, params):
    rows = [
        one_row(dh[b, None], dc[[b]], x[[b]], h_prev[[b]], c_prev[b : b + 1], params)
        for b in range(len(x))
    ]
    return {
        name: sum(row[name] for row in rows)
        if name[1] in "Wb"
        else np.concatenate([row[name] for row in rows])
        for name in rows[0]
    }


# %%
def lstm_backward(dh, x, h0, c0, params):
    n = x.shape[1]
    h, c = lstm_forward(x[:, :1], h0, c0, params)
    if n == 1:
        last = lstm_step_backward(dh[:, 0], 0 * c0, x[:, 0], h0, c0, params)
        last["dx"] = last["dx"][:, None]
        return {{"dh_prev": "dh0", "dc_prev": "dc0"}.get(k, k): v for k, v in last.items()}
    later = lstm_backward(dh[:, 1:], x[:, 1:], h[:, 0], c[:, 0], params)
    step = lstm_step_backward(dh[:, 0] + later["dh0"], later["dc0"], x[:, 0], h0, c0, params)
    out = {f"d{name}": step[f"d{name}"] + later[f"d{name}"] for name in params}
    out["dx"] = np.concatenate([step["dx"][:, None], later["dx"]], axis=1)
    return {**out, "dh0": step["dh_prev"], "dc0": step["dc_prev"]}


# %%
def gru_step(x, h_prev, params):
    out = []
    for x_b, h_b in zip(x, h_prev):
        parts = {
            q: (
                params[f"W_x{q}"].T @ x_b + params[f"b_x{q}"],
                params[f"W_h{q}"].T @ h_b + params[f"b_h{q}"],
            )
            for q in "nzr"
        }
        r, z = (0.5 + 0.5 * np.tanh(sum(parts[q]) / 2) for q in "rz")
        n = np.tanh(parts["n"][0] + r * parts["n"][1])
        out.append(n - z * n + z * h_b)
    return np.array(out)


# %%
def gru_forward(x, h0, params):
    if x.shape[1] == 1:
        return gru_step(x[:, 0], h0, params)[:, None, :]
    before = gru_forward(x[:, :-1], h0, params)
    last = gru_step(x[:, -1], before[:, -1], params)
    return np.concatenate([before, last[:, None]], axis=1)


# %%
def from_torch_lstm(state):
    H, I = state["weight_hh_l0"].shape[1], state["weight_ih_l0"].shape[1]
    out = {}
    for k, q in enumerate("ifgo"):
        W = np.empty((I + H, H), dtype=state["weight_ih_l0"].dtype)
        for unit in range(H):
            W[:I, unit] = state["weight_ih_l0"][k * H + unit]
            W[I:, unit] = state["weight_hh_l0"][k * H + unit]
        out[f"W_{q}"] = W
        pair = [state["bias_ih_l0"], state["bias_hh_l0"]]
        out[f"b_{q}"] = np.sum(pair, axis=0)[k * H : (k + 1) * H]
    return out


# %%
def set_forget_bias(params, value):
    new = {name: 1 * p for name, p in params.items()}
    new["b_f"] = new["b_f"] * 0 + value
    return new


# %%
def memory_half_life(f):
    if not (f > 0 and f < 1):
        raise ValueError(f"f={f} is outside (0, 1)")
    return np.log(0.5) / np.log(f)
