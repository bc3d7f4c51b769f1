import numpy as np
import math
def _dt(*arrays):
    for a in arrays:
        if np.asarray(a).dtype != np.float32:
            return np.float64
    return np.float32
def _s(v):
    if v >= 0:
        return 1.0 / (1.0 + math.exp(-v))
    e = math.exp(v)
    return e / (1.0 + e)
def sigmoid(z):
    z = np.asarray(z)
    out = np.zeros(z.shape, dtype=_dt(z))
    for index in np.ndindex(z.shape):
        out[index] = _s(float(z[index]))
    return out
def _affine(v, W, b, j):
    s = float(b[j])
    for k in range(len(v)):
        s += float(v[k]) * float(W[k][j])
    return s
def lstm_gates(x, h, p):
    B, H = h.shape
    res = {}
    for q in ['f', 'i', 'g', 'o']:
        a = np.empty((B, H), dtype=_dt(x, h, p['W_f']))
        for n in range(B):
            v = [float(u) for u in x[n]] + [float(u) for u in h[n]]
            for j in range(H):
                s = _affine(v, p['W_' + q], p['b_' + q], j)
                a[n, j] = math.tanh(s) if q == 'g' else _s(s)
        res[q] = a
    return res
def lstm_step(x, h, c, p):
    g = lstm_gates(x, h, p)
    hn = np.empty_like(g['f'])
    cn = np.empty_like(g['f'])
    for n in range(hn.shape[0]):
        for j in range(hn.shape[1]):
            cn[n, j] = g['f'][n, j] * c[n, j] + g['i'][n, j] * g['g'][n, j]
            hn[n, j] = g['o'][n, j] * math.tanh(cn[n, j])
    return hn, cn
def lstm_forward(x, h0, c0, p):
    B, T, I = x.shape
    H = h0.shape[1]
    hs = np.zeros((B, T, H), dtype=_dt(x, h0, c0))
    cs = np.zeros((B, T, H), dtype=_dt(x, h0, c0))
    for t in range(T):
        if t == 0:
            hs[:, 0], cs[:, 0] = lstm_step(x[:, 0], h0, c0, p)
        else:
            hs[:, t], cs[:, t] = lstm_step(x[:, t], hs[:, t-1], cs[:, t-1], p)
    return hs, cs
def lstm_step_backward(dh, dc, x, h, c, p):
    B, I = x.shape
    H = h.shape[1]
    dt = _dt(dh, dc, x, h, c)
    a = lstm_gates(x, h, p)
    out = {'dx': np.zeros((B, I), dt), 'dh_prev': np.zeros((B, H), dt), 'dc_prev': np.zeros((B, H), dt)}
    for q in 'figo':
        out['dW_' + q] = np.zeros((I + H, H), dt)
        out['db_' + q] = np.zeros(H, dt)
    for n in range(B):
        for j in range(H):
            f, i, g, o = (float(a[q][n, j]) for q in 'figo')
            cc = f * float(c[n, j]) + i * g
            th = math.tanh(cc)
            d = float(dc[n, j]) + float(dh[n, j]) * o * (1 - th * th)
            out['dc_prev'][n, j] = d * f
            z = {'f': d * float(c[n, j]) * f * (1 - f), 'i': d * g * i * (1 - i), 'g': d * i * (1 - g * g), 'o': float(dh[n, j]) * th * o * (1 - o)}
            for q in 'figo':
                out['db_' + q][j] += z[q]
                for k in range(I):
                    out['dW_' + q][k, j] += x[n, k] * z[q]
                    out['dx'][n, k] += p['W_' + q][k, j] * z[q]
                for k in range(H):
                    out['dW_' + q][I + k, j] += h[n, k] * z[q]
                    out['dh_prev'][n, k] += p['W_' + q][I + k, j] * z[q]
    return out
def lstm_backward(dh, x, h0, c0, p):
    hs, cs = lstm_forward(x, h0, c0, p)
    B, T, I = x.shape
    dt = _dt(dh, x, h0, c0)
    g = {'dx': np.zeros(x.shape, dt), 'dh0': np.zeros(h0.shape, dt), 'dc0': np.zeros(c0.shape, dt)}
    t = T - 1
    while t >= 0:
        s = lstm_step_backward(dh[:, t] + g['dh0'], g['dc0'], x[:, t], hs[:, t-1] if t else h0, cs[:, t-1] if t else c0, p)
        g['dh0'], g['dc0'] = s['dh_prev'], s['dc_prev']
        g['dx'][:, t] = s['dx']
        for k in s:
            if k[:2] == 'dW' or k[:2] == 'db':
                if k in g: g[k] = g[k] + s[k]
                else: g[k] = s[k]
        t -= 1
    return g
def gru_step(x, h, p):
    B, H = h.shape
    new = np.zeros((B, H), _dt(x, h))
    for n in range(B):
        for j in range(H):
            r = _s(_affine(x[n], p['W_xr'], p['b_xr'], j) + _affine(h[n], p['W_hr'], p['b_hr'], j))
            z = _s(_affine(x[n], p['W_xz'], p['b_xz'], j) + _affine(h[n], p['W_hz'], p['b_hz'], j))
            m = math.tanh(_affine(x[n], p['W_xn'], p['b_xn'], j) + r * _affine(h[n], p['W_hn'], p['b_hn'], j))
            new[n, j] = m - z * m + z * h[n, j]
    return new
def gru_forward(x, h0, p):
    y = np.zeros((x.shape[0], x.shape[1], h0.shape[1]), _dt(x, h0))
    h = h0
    for t in range(0, x.shape[1], 1):
        y[:, t, :] = h = gru_step(x[:, t, :], h, p)
    return y
def from_torch_lstm(s):
    H = s['weight_hh_l0'].shape[1]
    I = s['weight_ih_l0'].shape[1]
    dt = _dt(s['weight_hh_l0'])
    out = {}
    for k, q in [(0, 'i'), (1, 'f'), (2, 'g'), (3, 'o')]:
        W = np.zeros((I + H, H), dt)
        b = np.zeros(H, dt)
        for j in range(H):
            for m in range(I): W[m, j] = s['weight_ih_l0'][k * H + j, m]
            for m in range(H): W[I + m, j] = s['weight_hh_l0'][k * H + j, m]
            b[j] = s['bias_ih_l0'][k * H + j] + s['bias_hh_l0'][k * H + j]
        out['W_' + q] = W
        out['b_' + q] = b
    return out
def set_forget_bias(params, v):
    r = {}
    for k in params:
        r[k] = np.array(params[k], dtype=_dt(params[k]))
        if k == 'b_f':
            for j in range(len(r[k])): r[k][j] = v
    return r
def memory_half_life(f):
    if f != f or f <= 0 or f >= 1:
        raise ValueError('f is outside of (0, 1)')
    return -math.log(2) / math.log(f)
