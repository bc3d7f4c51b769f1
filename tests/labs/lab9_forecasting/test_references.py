"""The references of lab 9 against plain sums, and what its training case tells apart."""

from __future__ import annotations

import math
import statistics
from typing import Any

import numpy as np
import pytest
import torch

from autograder.spec import but
from exercises.lab9_forecasting._scenarios import Rolling, train
from exercises.lab9_forecasting._training import season, squares, view
from exercises.lab9_forecasting.train_forecaster import change
from solutions.lab9_forecasting import (
    fit_scaler,
    make_sines,
    persistence_mse,
    rollout,
    sliding_windows,
    split_series,
    train_forecaster,
)

ADAM = "torch.optim.Adam(model.parameters(), lr=lr)"


@pytest.mark.parametrize(("n", "length", "horizon"), [(9, 3, 1), (12, 4, 3), (2, 1, 1), (8, 2, 6)])
def test_windows_and_targets_are_what_a_loop_finds(n: int, length: int, horizon: int) -> None:
    series = np.random.default_rng(n).standard_normal(n)
    X, y = sliding_windows(series, length, horizon)
    pairs = [
        (series[i : i + length].tolist(), float(series[i + length + horizon - 1]))
        for i in range(n)
        if i + length + horizon <= n
    ]
    assert list(zip(X.tolist(), y.tolist(), strict=True)) == pairs


def test_every_cut_keeps_each_value_once() -> None:
    for n in range(1, 30):
        for fraction in (0.01, 0.29, 0.5, 0.7, 0.99):
            train_part, test_part = split_series(np.arange(n), fraction)
            assert [*train_part, *test_part] == list(range(n))
            assert len(train_part) == int(n * fraction)


def test_the_scaler_agrees_with_the_standard_library() -> None:
    for seed in range(20):
        values = np.random.default_rng(seed).normal(3, 2, 11)
        mean, std = fit_scaler(values)
        assert math.isclose(mean, statistics.fmean(values))
        assert math.isclose(std, statistics.pstdev(values))
        assert fit_scaler(np.full(7, values[0])) == (values[0], 1.0)


def test_persistence_is_the_mean_over_windows() -> None:
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((8, 3)), rng.standard_normal(8)
    due = sum((row[-1] - target) ** 2 for row, target in zip(X, y, strict=True)) / 8
    assert math.isclose(persistence_mse(X, y), due)


def test_sines_follow_their_formula_number_by_number() -> None:
    drawn = torch.Generator().manual_seed(5)
    f = [1 + 3 * u for u in torch.rand(3, generator=drawn).tolist()]
    phi = torch.rand(3, generator=drawn).tolist()
    sines = make_sines(3, 8, torch.Generator().manual_seed(5))
    for i in range(3):
        due = [math.sin(2 * math.pi * (f[i] * t / 8 + phi[i])) for t in range(8)]
        assert np.allclose(sines[i], due, atol=1e-5)


def test_a_rollout_is_what_single_calls_give() -> None:
    weights = {
        name: torch.from_numpy(np.random.default_rng(3).standard_normal(shape))
        for name, shape in {
            "rnn.weight_ih_l0": (4, 1),
            "rnn.weight_hh_l0": (4, 4),
            "rnn.bias_ih_l0": (4,),
            "rnn.bias_hh_l0": (4,),
            "fc.weight": (1, 4),
            "fc.bias": (1,),
        }.items()
    }
    model = Rolling(weights)
    values = [0.3, -0.2, 0.9]
    due = rollout(model, torch.tensor([values], dtype=torch.float64), 5)[0].tolist()
    assert model.training
    model.eval()
    for _ in range(5):
        window = torch.tensor(values[-3:], dtype=torch.float64).reshape(1, 3, 1)
        values.append(float(model(window).detach()))
    assert np.allclose(due, values[3:])


def judged(program: Any, seed: int) -> tuple[float, dict[str, Any]]:
    """The error on later data over that of persistence, and all that is compared."""
    drawn = season(np.random.default_rng(seed))
    given: dict[str, Any] = {
        name: {key: torch.from_numpy(one) for key, one in value.items()}
        if isinstance(value, dict)
        else torch.from_numpy(value)
        if isinstance(value, np.ndarray)
        else value
        for name, value in drawn.items()
    }
    X, y = given["later"] = tuple(map(torch.from_numpy, drawn["later"]))
    result = train(program, **given)
    error = squares(result["weights"], X, y).mean() / ((X[:, -1] - y) ** 2).mean()
    return float(error), view(given, result)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    "optimizer",
    [
        ADAM,
        "torch.optim.RMSprop(model.parameters(), lr=lr)",
        "torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)",
    ],
)
def test_twenty_right_trainings_lose_nothing(optimizer: str) -> None:
    program = change({ADAM: optimizer})
    for seed in range(20):
        error, facts = judged(program, seed)
        assert error < 0.75, seed
        assert False not in facts.values(), (seed, facts)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    "program",
    [
        but(train_forecaster, lr=lambda lr: lr / 100),
        change({"optimizer.step()": "pass"}),
        change({"optimizer.zero_grad()": "pass"}),
    ],
    ids=["a tiny learning rate", "no step", "gradients never cleared"],
)
def test_twenty_wrong_trainings_stay_above_persistence(program: Any) -> None:
    for seed in range(20):
        error, facts = judged(program, seed)
        assert error > 1.2, seed
        assert False in facts.values(), seed
