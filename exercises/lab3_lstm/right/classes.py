# %%
import numpy as np
from dataclasses import dataclass, field
import collections, math

class Gate:
    def __init__(self, squash, slope):
        self.squash, self.slope = squash, slope

def sigmoid(z):
    z = np.asarray(z)
    z = z if z.dtype == np.float32 else z.astype("float64")
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))

LOGISTIC = Gate(lambda z: sigmoid(z), lambda s: s * (1 - s))
TANH = Gate(np.tanh, lambda g: 1 - np.square(g))
GATES = collections.OrderedDict(f=LOGISTIC, i=LOGISTIC, g=TANH, o=LOGISTIC)

# %%
class Lstm:
    def __init__(self, params):
        self.W = {q: np.asarray(params["W_" + q]) for q in GATES}
        self.b = {q: np.asarray(params["b_" + q]) for q in GATES}

    def gates(self, x, h):
        xh = np.hstack([x, h])
        return collections.OrderedDict((q, gate.squash(xh.dot(self.W[q]) + self.b[q])) for q, gate in GATES.items())

    def step(self, x, h, c):
        f, i, g, o = self.gates(x, h).values()
        c = f * c + i * g
        return o * np.tanh(c), c

    def run(self, x, h, c):
        for t in range(x.shape[1]):
            h, c = self.step(x[:, t, :], h, c)
            yield h, c

@dataclass
class Tape:
    net: Lstm
    grads: dict = field(default_factory=dict)

    def add(self, name, value):
        self.grads[name] = self.grads[name] + value if name in self.grads else value

    def back(self, dh, dc, x, h, c):
        a = self.net.gates(x, h)
        _, new = self.net.step(x, h, c)
        t = np.tanh(new)
        dc = dc + dh * a["o"] * (1 - t) * (1 + t)
        came = {"o": dh * t, "f": dc * c, "i": dc * a["g"], "g": dc * a["i"]}
        xh = np.hstack([x, h])
        dxh = 0
        for q in "ogif":
            dz = GATES[q].slope(a[q]) * came[q]
            self.add("dW_" + q, xh.T.dot(dz))
            self.add("db_" + q, np.add.reduce(dz, axis=0))
            dxh = dxh + dz.dot(self.net.W[q].T)
        dx, dh = np.split(dxh, [x.shape[1]], axis=1)
        return dx, dh, dc * a["f"]

# %%
def lstm_gates(x, h_prev, params): return dict(Lstm(params).gates(x, h_prev))
def lstm_step(x, h_prev, c_prev, params): return Lstm(params).step(x, h_prev, c_prev)
def lstm_forward(x, h0, c0, params): return tuple(np.stack(part, 1) for part in zip(*Lstm(params).run(x, h0, c0)))

# %%
def lstm_step_backward(dh, dc, x, h_prev, c_prev, params):
    tape = Tape(Lstm(params))
    dx, dh_prev, dc_prev = tape.back(dh, dc, x, h_prev, c_prev)
    return dict(dx=dx, dh_prev=dh_prev, dc_prev=dc_prev, **tape.grads)

# %%
def lstm_backward(dh, x, h0, c0, params):
    net = Lstm(params)
    befores = [(h0, c0), *net.run(x, h0, c0)][:-1]
    tape = Tape(net)
    dh_next = dc_next = np.zeros(h0.shape, dtype=np.float32)
    dxs = []
    for t, (h, c) in reversed(list(enumerate(befores))):
        dx, dh_next, dc_next = tape.back(dh[:, t] + dh_next, dc_next, x[:, t], h, c)
        dxs.append(dx)
    return {"dx": np.stack(dxs[::-1], 1), "dh0": dh_next, "dc0": dc_next} | tape.grads

# %%
class Gru:
    def __init__(self, params):
        self.__dict__.update(params)
    def __call__(self, x, h):
        gx = [x @ getattr(self, f"W_x{q}") + getattr(self, f"b_x{q}") for q in "rzn"]
        gh = [h @ getattr(self, f"W_h{q}") + getattr(self, f"b_h{q}") for q in "rzn"]
        r, z = (sigmoid(gx[k] + gh[k]) for k in (0, 1))
        n = np.tanh(gx[2] + r * gh[2])
        return z * h + (1 - z) * n

def gru_step(x, h_prev, params): return Gru(params)(x, h_prev)

def gru_forward(x, h0, params):
    cell, h = Gru(params), h0
    return np.stack([h := cell(x[:, t], h) for t in range(x.shape[1])], axis=1)

# %%
class Torch(dict):
    def gate(self, q):
        H = len(self["bias_ih_l0"]) // 4
        rows = slice("ifgo".index(q) * H, ("ifgo".index(q) + 1) * H)
        W = np.r_[self["weight_ih_l0"][rows].T, self["weight_hh_l0"][rows].T]
        return W, self["bias_ih_l0"][rows] + self["bias_hh_l0"][rows]

def from_torch_lstm(state):
    float_ = lambda a: a if a.dtype == "float32" else a.astype(float)
    state = Torch({k: float_(v) for k, v in state.items()})
    return {f"{name}_{q}": part for q in GATES for name, part in zip("Wb", state.gate(q))}

# %%
def set_forget_bias(params, value):
    float_ = lambda a: a.copy() if a.dtype == "float32" else a.astype(float)
    new = {k: float_(v) for k, v in params.items()}
    new["b_f"].fill(value)
    return new

# %%
class HalfLife:
    def __call__(self, f):
        if math.isnan(f) or not 0.0 < f < 1.0:
            raise ValueError("the forget gate f must lie strictly between 0 and 1")
        return math.log(0.5, f)
memory_half_life = HalfLife()
