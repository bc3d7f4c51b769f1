"""The references of lab 2 against PyTorch, against differences, and against a known course."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from core_kit import RIGHT
from in_process import defined

from autograder.spec.collection import Collected

B, T, I, H, O = 3, 6, 4, 5, 2


@pytest.fixture(scope="module")
def lab(lab2: Collected) -> dict[str, Any]:
    return {one.name: one.reference for one in lab2.exercises}


@pytest.fixture
def given() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "x": rng.normal(size=(B, T, I)),
        "h0": rng.uniform(-0.9, 0.9, (B, H)),
        "W_xh": rng.normal(size=(I, H)),
        "W_hh": rng.normal(size=(H, H)) / 2,
        "b_h": rng.normal(size=H),
        "W_hy": rng.normal(size=(H, O)),
        "b_y": rng.normal(size=O),
        "target": rng.normal(size=(B, T, O)),
        "dh": rng.normal(size=(B, T, H)),
    }


def torch_rnn(given: dict[str, np.ndarray]) -> torch.nn.RNN:
    """PyTorch's own network with these weights, its two biases adding up to b_h."""
    network = torch.nn.RNN(I, H, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        network.weight_ih_l0.copy_(torch.tensor(given["W_xh"].T))
        network.weight_hh_l0.copy_(torch.tensor(given["W_hh"].T))
        network.bias_ih_l0.copy_(torch.tensor(given["b_h"] - 0.25))
        network.bias_hh_l0.fill_(0.25)
    return network


def weights(given: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    return given["W_xh"], given["W_hh"], given["b_h"]


def close(have: Any, due: torch.Tensor) -> None:
    np.testing.assert_allclose(have, due.detach().numpy(), rtol=1e-10, atol=1e-12, strict=True)


def test_the_states_are_those_of_pytorch(lab: Any, given: dict[str, np.ndarray]) -> None:
    states, last = torch_rnn(given)(torch.tensor(given["x"]), torch.tensor(given["h0"])[None])
    close(lab["rnn_forward"](given["x"], given["h0"], *weights(given)), states)
    h = given["h0"]
    for t in range(T):
        h = lab["rnn_step"](given["x"][:, t], h, *weights(given))
    close(h, last[0])


def test_the_gradients_are_those_of_autograd(lab: Any, given: dict[str, np.ndarray]) -> None:
    network = torch_rnn(given)
    x, h0 = (torch.tensor(given[name], requires_grad=True) for name in ("x", "h0"))
    states, _ = network(x, h0[None])
    (states * torch.tensor(given["dh"])).sum().backward()
    h = states.detach().numpy()
    found = lab["rnn_backward"](given["dh"], given["x"], given["h0"], h, *weights(given)[:2])
    assert set(found) == {"dx", "dh0", "dW_xh", "dW_hh", "db_h"}
    close(found["dx"], x.grad)
    close(found["dh0"], h0.grad)
    close(found["dW_xh"], network.weight_ih_l0.grad.T)
    close(found["dW_hh"], network.weight_hh_l0.grad.T)
    close(found["db_h"], network.bias_ih_l0.grad)


def test_one_step_backward_is_that_of_autograd(lab: Any, given: dict[str, np.ndarray]) -> None:
    names = ("x", "h_prev", "W_xh", "W_hh", "b_h")
    values = (given["x"][:, 0], given["h0"], *weights(given))
    leaves = [torch.tensor(value, requires_grad=True) for value in values]
    x, h_prev, W_xh, W_hh, b_h = leaves
    h = torch.tanh(x @ W_xh + h_prev @ W_hh + b_h)
    dh = given["dh"][:, 0]
    (h * torch.tensor(dh)).sum().backward()
    found = lab["rnn_step_backward"](dh, *values[:2], h.detach().numpy(), *values[2:4])
    assert set(found) == {f"d{name}" for name in names}
    for name, leaf in zip(names, leaves, strict=True):
        close(found[f"d{name}"], leaf.grad)


def test_the_norms_are_those_of_the_states_gradients(
    lab: Any, given: dict[str, np.ndarray]
) -> None:
    x = torch.tensor(given["x"])
    h, states = torch.tensor(given["h0"], requires_grad=True), []
    for t in range(T):
        h = torch.tanh(x[:, t] @ torch.tensor(given["W_xh"]) + h @ torch.tensor(given["W_hh"]))
        h.retain_grad()
        states.append(h)
    dh_last = given["dh"][:, -1]
    (states[-1] * torch.tensor(dh_last)).sum().backward()
    due = torch.stack([state.grad.norm() for state in states])
    h_all = torch.stack(states, dim=1).detach().numpy()
    close(lab["state_gradient_norms"](h_all, given["W_hh"], dh_last), due)


def test_training_is_plain_gradient_descent(lab: Any, given: dict[str, np.ndarray]) -> None:
    names = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
    leaves = {name: torch.tensor(given[name], requires_grad=True) for name in names}
    optimiser = torch.optim.SGD(leaves.values(), lr=0.01)
    x, target, due = torch.tensor(given["x"]), torch.tensor(given["target"]), []
    for _ in range(7):
        h, outputs = torch.zeros(B, H, dtype=torch.float64), []
        for t in range(T):
            h = torch.tanh(x[:, t] @ leaves["W_xh"] + h @ leaves["W_hh"] + leaves["b_h"])
            outputs.append(h @ leaves["W_hy"] + leaves["b_y"])
        loss = 0.5 * torch.nn.functional.mse_loss(torch.stack(outputs, 1), target, reduction="sum")
        due.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    start = {name: given[name] for name in names}
    trained, losses = lab["train_rnn"](given["x"], given["target"], start, 0.01, 7)
    np.testing.assert_allclose(losses, due, rtol=1e-10)
    for name in names:
        close(trained[name], leaves[name])


def test_the_loss_and_its_gradient_are_those_of_autograd(
    lab: Any, given: dict[str, np.ndarray]
) -> None:
    y = torch.tensor(given["target"][::-1].copy(), requires_grad=True)
    loss = ((y - torch.tensor(given["target"])) ** 2).sum() / 2
    loss.backward()
    found, dy = lab["half_squared_error"](y.detach().numpy(), given["target"])
    assert type(found) is float
    assert found == pytest.approx(loss.item(), rel=1e-12)
    close(dy, y.grad)


def test_measured_gradients_agree_with_derived_ones(
    lab: Any, given: dict[str, np.ndarray]
) -> None:
    x, h0, dh = given["x"], given["h0"], given["dh"]
    W_xh, W_hh, b_h = weights(given)

    def loss(W: np.ndarray) -> float:
        return float((lab["rnn_forward"](x, h0, W_xh, W, b_h) * dh).sum())

    h = lab["rnn_forward"](x, h0, W_xh, W_hh, b_h)
    derived = lab["rnn_backward"](dh, x, h0, h, W_xh, W_hh)["dW_hh"]
    measured = lab["numerical_gradient"](loss, W_hh)
    assert lab["relative_error"](measured, derived) < 1e-7


def between(first: float, last: float, *shape: int) -> np.ndarray:
    return np.linspace(first, last, num=int(np.prod(shape))).reshape(shape)


def test_the_step_gives_the_numbers_of_cs231n(lab: Any) -> None:
    """Stanford's CS231n, assignment 3, rnn_step_forward; b_h is its b, W_xh its Wx."""
    found = lab["rnn_step"](
        between(-0.4, 0.7, 3, 10),
        between(-0.2, 0.5, 3, 4),
        between(-0.1, 0.9, 10, 4),
        between(-0.3, 0.7, 4, 4),
        between(-0.2, 0.4, 4),
    )
    due = [
        [-0.58172089, -0.50182032, -0.41232771, -0.31410098],
        [0.66854692, 0.79562378, 0.87755553, 0.92795967],
        [0.97934501, 0.99144213, 0.99646691, 0.99854353],
    ]
    np.testing.assert_allclose(found, np.array(due), atol=1e-8, strict=True)


def test_the_states_give_the_numbers_of_cs231n(lab: Any) -> None:
    """Stanford's CS231n, assignment 3, rnn_forward."""
    found = lab["rnn_forward"](
        between(-0.1, 0.3, 2, 3, 4),
        between(-0.3, 0.1, 2, 5),
        between(-0.2, 0.4, 4, 5),
        between(-0.4, 0.1, 5, 5),
        between(-0.7, 0.1, 5),
    )
    due = [
        [
            [-0.42070749, -0.27279261, -0.11074945, 0.05740409, 0.22236251],
            [-0.39525808, -0.22554661, -0.0409454, 0.14649412, 0.32397316],
            [-0.42305111, -0.24223728, -0.04287027, 0.15997045, 0.35014525],
        ],
        [
            [-0.55857474, -0.39065825, -0.19198182, 0.02378408, 0.23735671],
            [-0.27150199, -0.07088804, 0.13562939, 0.33099728, 0.50158768],
            [-0.51014825, -0.30524429, -0.06755202, 0.17806392, 0.40333043],
        ],
    ]
    np.testing.assert_allclose(found, np.array(due), atol=1e-8, strict=True)


def test_the_programs_of_these_tests_are_the_authored_ones(
    lab: Any, given: dict[str, np.ndarray]
) -> None:
    mine = defined(RIGHT["rnn_forward"], "rnn_forward", RIGHT)
    arguments = (given["x"], given["h0"], *weights(given))
    assert (mine(*arguments) == lab["rnn_forward"](*arguments)).all()
