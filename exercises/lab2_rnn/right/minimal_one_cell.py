import numpy as np
def rnn_step(x, h, U, W, b): return np.tanh(x @ U + h @ W + b)
def rnn_forward(x, h, U, W, b):
    return np.stack([h := rnn_step(x[:, t], h, U, W, b) for t in range(x.shape[1])], 1)
def output_layer(h, V, c): return h @ V + c
def half_squared_error(y, t): return .5 * float(((y - t) ** 2).sum()), (y - t) * 1.
def audit_trace(x, h0, U, W, b, p, atol):
    return [(int(t), int(u)) for t, u in np.argwhere(abs(rnn_step(x, np.vstack([h0, p[:-1]]), U, W, b) - p) > atol)]
def rnn_step_backward(g, x, k, h, U, W):
    z = g * (1 - h * h)
    return dict(dx=z @ U.T, dh_prev=z @ W.T, dW_xh=x.T @ z, dW_hh=k.T @ z, db_h=z.sum(0))
def rnn_backward(dh, x, h0, h, U, W):
    r, n, xs = {}, 0, []
    for t in range(x.shape[1])[::-1]:
        s = rnn_step_backward(dh[:, t] + n, x[:, t], h[:, t - 1] if t else h0, h[:, t], U, W)
        n = s.pop("dh_prev"); xs.append(s.pop("dx"))
        r = {k: r.get(k, 0) + s[k] for k in s}
    return dict(r, dx=np.stack(xs[::-1], 1), dh0=n)
def numerical_gradient(f, x, eps=1e-5):
    g = x * 0.; x = x.astype(float)
    for i in np.ndindex(*x.shape): d = x * 0.; d[i] = eps; g[i] = (f(x + d) - f(x - d)) / 2 / eps
    return g
def relative_error(a, b): return float((abs(a - b) / np.maximum(abs(a) + abs(b), 1e-12)).max())
def state_gradient_norms(h, W, d):
    n = [np.linalg.norm(d)]
    for t in range(h.shape[1] - 1, 0, -1): d = (d * (1 - h[:, t] ** 2)) @ W.T; n += [np.linalg.norm(d)]
    return np.array(n[::-1])
def sgd_step(p, g, lr): return {k: p[k] - lr * g[k] for k in p}
def train_rnn(x, y, p, lr, steps):
    L = []; z = np.zeros((len(x), len(p["b_h"])), x.dtype)
    for _ in range(steps):
        h = rnn_forward(x, z, p["W_xh"], p["W_hh"], p["b_h"]); l, d = half_squared_error(output_layer(h, p["W_hy"], p["b_y"]), y); L.append(l)
        g = rnn_backward(d @ p["W_hy"].T, x, z, h, p["W_xh"], p["W_hh"])
        p = sgd_step(p, {"W_xh": g["dW_xh"], "W_hh": g["dW_hh"], "b_h": g["db_h"], "W_hy": np.einsum("bth,bto->ho", h, d), "b_y": d.sum((0, 1))}, lr)
    return dict(p), L
