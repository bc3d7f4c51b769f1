"""A cell and a network as objects; the functions of the lab only wrap them."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np


class Weights(NamedTuple):
    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray | float = 0.0


class Cell:
    squash = staticmethod(np.tanh)

    def __init__(self, weights: Weights) -> None:
        self.w = weights

    def __call__(self, x, h):
        return self.squash(np.add(x @ self.w.W_xh, h @ self.w.W_hh) + self.w.b_h)

    @staticmethod
    def slope(h):
        return np.subtract(1, np.square(h), dtype=h.dtype)

    def back(self, dh, x, h_prev, h):
        dz = dh * self.slope(h)
        return Gradient(dz @ self.w.W_xh.T, dz @ self.w.W_hh.T, x.T @ dz, h_prev.T @ dz, dz.sum(0))


@dataclass
class Gradient:
    dx: np.ndarray
    dh_prev: np.ndarray
    dW_xh: np.ndarray
    dW_hh: np.ndarray
    db_h: np.ndarray

    def shared(self) -> dict[str, np.ndarray]:
        return {"dW_xh": self.dW_xh, "dW_hh": self.dW_hh, "db_h": self.db_h}


class Network:
    def __init__(self, *weights):
        self.cell = Cell(Weights(*weights))

    def states(self, x, h):
        for step in np.moveaxis(x, 1, 0):
            h = self.cell(step, h)
            yield h

    def forward(self, x, h0):
        return np.stack([*self.states(x, h0)], axis=1)

    def backward(self, dh, x, h0, h):
        total, dx = Total(), []
        carried = np.zeros_like(h0)
        befores = [h0, *np.moveaxis(h, 1, 0)]
        for t in reversed(range(x.shape[1])):
            one = self.cell.back(dh[:, t] + carried, x[:, t], befores[t], h[:, t])
            total.add(one.shared())
            dx.append(one.dx)
            carried = one.dh_prev
        return {**total.sums, "dx": np.stack(dx[::-1], axis=1), "dh0": carried}


@dataclass
class Total:
    sums: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, parts: dict[str, np.ndarray]) -> None:
        for name, value in parts.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    return Cell(Weights(W_xh, W_hh, b_h))(x, h_prev)


def rnn_forward(x, h0, W_xh, W_hh, b_h):
    return Network(W_xh, W_hh, b_h).forward(x, h0)


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def __matmul__(self, h):
        return h @ self.W + self.b


def output_layer(h, W_hy, b_y):
    return Affine(W_hy, b_y) @ h


class Loss:
    def __init__(self, y, target):
        self.difference = np.subtract(y, target, dtype=np.result_type(y, target, np.float32))

    @property
    def value(self) -> float:
        return float(np.sum(self.difference * self.difference)) * 0.5

    @property
    def gradient(self):
        return self.difference


def half_squared_error(y, target):
    loss = Loss(y, target)
    return loss.value, loss.gradient


class Auditor:
    def __init__(self, cell, atol):
        self.cell, self.atol, self.slips = cell, atol, []

    def look(self, t, x, before, printed):
        for unit, gap in enumerate(np.abs(self.cell(x, before) - printed)):
            if gap > self.atol:
                self.slips.append((t, unit))


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    auditor = Auditor(Cell(Weights(W_xh, W_hh, b_h)), atol)
    for t, (now, before, printed) in enumerate(zip(x, [h0, *published], published)):
        auditor.look(t, now, before, printed)
    return auditor.slips


def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    return vars(Cell(Weights(W_xh, W_hh)).back(dh, x, h_prev, h))


def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    return Network(W_xh, W_hh).backward(dh, x, h0, h)


class Probe:
    """One entry pushed for a while."""

    def __init__(self, x, index):
        self.x, self.index, self.old = x, index, x[index]

    def at(self, f, shift):
        self.x[self.index] = self.old + shift
        try:
            return f(self.x)
        finally:
            self.x[self.index] = self.old


def numerical_gradient(f, x, eps=1e-5):
    moved = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape, dtype=np.result_type(x, np.float32))
    for index in np.ndindex(*x.shape):
        probe = Probe(moved, index)
        gradient[index] = (probe.at(f, eps) - probe.at(f, -eps)) / (2 * eps)
    return gradient


class RelativeError:
    floor = 1e-12

    def __call__(self, a, b):
        return (np.abs(a - b) / np.maximum(self.floor, np.abs(a) + np.abs(b))).max().astype(float).item()


relative_error = RelativeError()


def state_gradient_norms(h, W_hh, dh_last):
    def norms():
        d = dh_last
        yield np.linalg.norm(d)
        for t in range(h.shape[1] - 1, 0, -1):
            d = (d * Cell.slope(h[:, t])) @ W_hh.T
            yield np.linalg.norm(d)

    return np.array([*norms()][::-1])


class Descent:
    def __init__(self, lr):
        self.lr = lr

    def __call__(self, params, grads):
        return {name: value - self.lr * grads[name] for name, value in params.items()}


def sgd_step(params, grads, lr):
    return Descent(lr)(params, grads)


class Trainer:
    def __init__(self, params, lr):
        self.params, self.step, self.losses = dict(params), Descent(lr), []

    def epoch(self, x, target):
        p = self.params
        net = Network(p["W_xh"], p["W_hh"], p["b_h"])
        h0 = np.zeros((x.shape[0], p["b_h"].size), x.dtype)
        h = net.forward(x, h0)
        loss = Loss(Affine(p["W_hy"], p["b_y"]) @ h, target)
        self.losses.append(loss.value)
        dy = loss.gradient
        back = net.backward(dy @ p["W_hy"].T, x, h0, h)
        flat_h, flat_dy = h.reshape(-1, h.shape[-1]), dy.reshape(-1, dy.shape[-1])
        grads = {"W_hy": flat_h.T @ flat_dy, "b_y": flat_dy.sum(0)}
        self.params = self.step(p, {**grads, **{key[1:]: value for key, value in back.items()}})


def train_rnn(x, target, params, lr, steps):
    trainer = Trainer(params, lr)
    for _ in range(steps):
        trainer.epoch(x, target)
    return trainer.params, trainer.losses
