"""Training by gradient descent: forward, loss, backward, update."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, weights
from exercises.lab2_rnn._draws import PARAMETER_SHAPES, Array, recurrent
from solutions.lab2_rnn import (
    half_squared_error,
    output_layer,
    rnn_backward,
    rnn_forward,
    train_rnn,
)

Params = dict[str, Array]
Answer = tuple[Params, list[float]]


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int, O: int) -> Mapping[str, Any]:
    params = {**recurrent(rng, I, H), "W_hy": weights(rng, H, O), "b_y": rng.standard_normal(O)}
    x, target = rng.standard_normal((B, T, I)), rng.standard_normal((B, T, O))
    return {"x": x, "target": target, "params": params, "lr": 0.02, "steps": 4}


def no_steps(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng, 2, 3, 2, 4, 1), "steps": 0}


def many_steps(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng, 4, 3, 2, 8, 3), "steps": 250, "lr": 0.002}


def descend(params: Params, grads: Params, lr: float) -> Params:
    return {name: params[name] - lr * grads[name] for name in params}


def training(
    start: Callable[[Array, int], Array] = lambda x, H: np.zeros((len(x), H), dtype=x.dtype),
    loss_of: Callable[[float, Array], float] = lambda loss, y: loss,
    dy_of: Callable[[Array], Array] = lambda dy: dy,
    dh_of: Callable[[Array, Array], Array] = lambda dy, W_hy: dy @ W_hy.T,
    update: Callable[[Params, Params, float], Params] = descend,
    dW_hy_of: Callable[[Array, Array], Array] = lambda h, dy: np.einsum("bth,bto->ho", h, dy),
    db_y_of: Callable[[Array], Array] = lambda dy: dy.sum(axis=(0, 1)),
) -> Callable[..., Answer]:
    """Training with one of its pieces replaced."""

    def changed(x: Array, target: Array, params: Params, lr: float, steps: int) -> Answer:
        trained: Params = dict(params)
        losses: list[float] = []
        for _ in range(steps):
            h0 = start(x, len(params["b_h"]))
            h = rnn_forward(x, h0, trained["W_xh"], trained["W_hh"], trained["b_h"])
            y = output_layer(h, trained["W_hy"], trained["b_y"])
            loss, dy = half_squared_error(y, target)
            losses.append(loss_of(loss, y))
            dy = dy_of(dy)
            dh = dh_of(dy, trained["W_hy"])
            back = rnn_backward(dh, x, h0, h, trained["W_xh"], trained["W_hh"])
            grads = {name: back["d" + name] for name in ("W_xh", "W_hh", "b_h")}
            grads |= {"W_hy": dW_hy_of(h, dy), "b_y": db_y_of(dy)}
            trained = update(trained, grads, lr)
        return trained, losses

    return changed


def frozen(*names: str) -> Callable[[Params, Params, float], Params]:
    """An update that leaves some parameters as they are."""
    return lambda params, grads, lr: {
        name: value if name in names else value - lr * grads[name]
        for name, value in params.items()
    }


def _loss(x: Array, target: Array, params: Params) -> float:
    h0 = np.zeros((len(x), len(params["b_h"])))
    h = rnn_forward(x, h0, params["W_xh"], params["W_hh"], params["b_h"])
    return half_squared_error(output_layer(h, params["W_hy"], params["b_y"]), target)[0]


wrong = Mistakes()


@wrong
def losses_after(x: Array, target: Array, params: Params, lr: float, steps: int) -> Answer:
    """each loss is measured after its update.
    When is a loss measured, and when do the parameters change?"""
    trained, losses = train_rnn(x, target, params, lr, steps)
    return trained, [*losses[1:], *([_loss(x, target, trained)] if steps else [])]


@wrong
def one_more_loss(x: Array, target: Array, params: Params, lr: float, steps: int) -> Answer:
    """one more loss is measured at the end.
    Count the losses for steps = 1."""
    trained, losses = train_rnn(x, target, params, lr, steps)
    return trained, [*losses, _loss(x, target, trained)]


@wrong
def one_step_less(x: Array, target: Array, params: Params, lr: float, steps: int) -> Answer:
    """the loop stops one step early.
    Count the updates for steps = 1."""
    return train_rnn(x, target, params, lr, max(0, steps - 1))


@wrong
def always_from_the_start(
    x: Array, target: Array, params: Params, lr: float, steps: int
) -> Answer:
    """every step starts from the parameters that were handed in.
    Which parameters does the second turn of your loop use?"""
    trained, losses = train_rnn(x, target, params, lr, min(steps, 1))
    return trained, losses * steps


def sample_by_sample_updates(
    x: Array, target: Array, params: Params, lr: float, steps: int
) -> Answer:
    losses = []
    for _ in range(steps):
        total = 0.0
        for i in range(len(x)):
            params, some = train_rnn(x[i : i + 1], target[i : i + 1], params, lr, 1)
            total += some[0]
        losses.append(total)
    return dict(params), losses


@wrong
def carries_the_state(x: Array, target: Array, params: Params, lr: float, steps: int) -> Answer:
    """each pass starts from the last state of the pass before.
    Which h0 does the exercise name, for every step of training?"""
    trained: Params = dict(params)
    losses: list[float] = []
    h0 = np.zeros((len(x), len(params["b_h"])), dtype=x.dtype)
    for _ in range(steps):
        h = rnn_forward(x, h0, trained["W_xh"], trained["W_hh"], trained["b_h"])
        loss, dy = half_squared_error(output_layer(h, trained["W_hy"], trained["b_y"]), target)
        losses.append(loss)
        back = rnn_backward(dy @ trained["W_hy"].T, x, h0, h, trained["W_xh"], trained["W_hh"])
        grads = {name: back["d" + name] for name in ("W_xh", "W_hh", "b_h")}
        grads |= {"W_hy": np.einsum("bth,bto->ho", h, dy), "b_y": dy.sum(axis=(0, 1))}
        trained = {name: trained[name] - lr * grads[name] for name in trained}
        h0 = h[:, -1]
    return trained, losses


@wrong
def edits_params(x: Array, target: Array, params: Params, lr: float, steps: int) -> Answer:
    """the caller's arrays are trained as well.
    Compare the parameters that were handed in before and after."""
    trained, losses = train_rnn(x, target, params, lr, steps)
    for name in params:
        params[name][...] = trained[name]
    return trained, losses


@wrong
def replaces_in_params(x: Array, target: Array, params: Params, lr: float, steps: int) -> Answer:
    """the caller's dict is changed.
    Compare the dict that was handed in before and after."""
    trained, losses = train_rnn(x, target, params, lr, steps)
    params["W_hh"] = trained["W_hh"]
    return trained, losses


@wrong
def losses_as_an_array(x: Array, target: Array, params: Params, lr: float, steps: int) -> Any:
    """the losses come back as an array.
    A list of floats is asked for."""
    trained, losses = train_rnn(x, target, params, lr, steps)
    return trained, np.array(losses)


def flat_products(x: Array, target: Array, params: Params, lr: float, steps: int) -> Answer:
    p = {name: value.copy() for name, value in params.items()}
    B, T, _ = x.shape
    H = p["W_hh"].shape[0]
    losses: list[float] = []
    while len(losses) < steps:
        h = np.zeros((B, T + 1, H), dtype=x.dtype)
        for t in range(T):
            h[:, t + 1] = np.tanh(x[:, t] @ p["W_xh"] + h[:, t] @ p["W_hh"] + p["b_h"])
        error = h[:, 1:] @ p["W_hy"] + p["b_y"] - target
        losses.append(float((error * error).sum() / 2))
        g = {name: np.zeros_like(value) for name, value in p.items()}
        carried = np.zeros((B, H), dtype=x.dtype)
        for t in range(T - 1, -1, -1):
            g["W_hy"] += h[:, t + 1].T @ error[:, t]
            g["b_y"] += error[:, t].sum(0)
            dz = (error[:, t] @ p["W_hy"].T + carried) * (1 - h[:, t + 1] ** 2)
            g["W_xh"] += x[:, t].T @ dz
            g["W_hh"] += h[:, t].T @ dz
            g["b_h"] += dz.sum(0)
            carried = dz @ p["W_hh"].T
        for name in p:
            p[name] -= lr * g[name]
    return p, losses


def in_pieces(x: Array, target: Array, params: Params, lr: float, steps: int) -> list[Any]:
    losses: list[float] = []
    for _ in range(steps):
        params, new = train_rnn(x, target, params, lr, 1)
        losses += new
    return [dict(params), tuple(losses)]


wrong.add(
    "uphill",
    training(
        update=lambda params, grads, lr: {name: params[name] + lr * grads[name] for name in params}
    ),
    "the steps go up the gradient. Should your losses rise or fall?",
)
wrong.add(
    "never_updates",
    training(update=lambda params, grads, lr: dict(params)),
    "the parameters never change. Are all your losses equal? What should make them differ?",
)
wrong.add(
    "mean_loss",
    training(loss_of=lambda loss, y: loss / y.size),
    "the loss is a mean, and the gradient that of the sum. Which loss does the exercise name?",
)
wrong.add(
    "without_half",
    training(loss_of=lambda loss, y: 2 * loss),
    "the half is missing in the loss. Which loss does the exercise name?",
)
wrong.add(
    "mean_gradient",
    training(dy_of=lambda dy: dy / dy.size),
    "the gradient is that of a mean, and the loss a sum. Derive the loss that you list: does your dy come out?",
)
wrong.add(
    "gradient_per_sample",
    training(dy_of=lambda dy: dy / len(dy)),
    "the gradient is divided by the size of the batch. Derive the loss that you list: does your dy come out?",
)
wrong.add(
    "doubled_gradient",
    training(dy_of=lambda dy: 2 * dy),
    "the gradient is twice as large as it should be. Derive the loss that you list: does your dy come out?",
)
wrong.add(
    "starts_from_ones",
    training(start=lambda x, H: np.ones((len(x), H), x.dtype)),
    "the state before the first step is one in place of zero. Which h0 does the exercise name?",
)
wrong.add(
    "output_frozen",
    training(update=frozen("W_hy", "b_y")),
    "the output layer is never updated. Compare each parameter before and after one step: which ones move?",
)
wrong.add(
    "b_y_frozen",
    training(update=frozen("b_y")),
    "b_y is never updated. Compare each parameter before and after one step: which ones move?",
)
wrong.add(
    "b_h_frozen",
    training(update=frozen("b_h")),
    "b_h is never updated. Compare each parameter before and after one step: which ones move?",
)
wrong.add(
    "recurrent_frozen",
    training(update=frozen("W_xh", "W_hh", "b_h")),
    "only the output layer is updated. Compare each parameter before and after one step: which ones move?",
)
wrong.add(
    "W_hh_frozen",
    training(update=frozen("W_hh")),
    "W_hh is never updated. Compare each parameter before and after one step: which ones move?",
)
wrong.add(
    "only_the_last_step",
    training(
        dh_of=lambda dy, W_hy: np.concatenate(
            [np.zeros_like(dy[:, :-1] @ W_hy.T), dy[:, -1:] @ W_hy.T], axis=1
        )
    ),
    "only the last output sends a gradient into the recurrent part. Every step has an output and a share in the loss.",
)
wrong.add(
    "b_y_mean",
    training(db_y_of=lambda dy: dy.mean(axis=(0, 1))),
    "the gradient of b_y is a mean. How often is b_y used in one forward pass?",
)
wrong.add(
    "W_hy_last_step",
    training(dW_hy_of=lambda h, dy: h[:, -1].T @ dy[:, -1]),
    "W_hy learns from the last step alone. How often is W_hy used in one forward pass?",
)
wrong.add(
    "one_sample_at_a_time",
    sample_by_sample_updates,
    "the parameters are updated after every sample. The full batch makes one step.",
)
wrong.add(
    "losses_first",
    but(train_rnn, returns=lambda pair: (pair[1], pair[0])),
    "the losses come before the parameters. Look at the order of what you return.",
)


EXERCISE = Exercise(
    reference=train_rnn,
    inputs=inputs,
    points=9,
    axes={"B": 3, "T": 5, "I": 4, "H": 6, "O": 2},
    shapes={"x": "B T I", "target": "B T O", **PARAMETER_SHAPES},
    parts=("params", "losses"),
    without=frozenset({"integer inputs"}),
    cases=(
        Case(name="250 steps", inputs=many_steps),
        Case(
            name="no step at all",
            inputs=no_steps,
            value=False,
            why="With steps = 0 the parameters come back as they are, and no loss.",
        ),
    ),
    mistakes=wrong,
    also_right=(flat_products, in_pieces, training()),
    look="Check one step: the loss before it, then each parameter after it.",
)
