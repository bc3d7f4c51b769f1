"""Classes, context managers and type hints."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Dict, List, Tuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Cut:
    length: int
    horizon: int

    def count(self, n: int) -> int:
        return n - self.length - self.horizon + 1

    def window(self, i: int) -> slice:
        return slice(i, i + self.length)

    def target(self, i: int) -> int:
        return i + self.length + self.horizon - 1


def sliding_windows(series: npt.NDArray, length: int, horizon: int = 1) -> Tuple[npt.NDArray, npt.NDArray]:
    cut = Cut(length, horizon)
    places = range(cut.count(series.size))
    if not places:
        raise ValueError(f"series of size {series.size} is too short for {cut}")
    return (
        np.stack([series[cut.window(i)] for i in places]).astype(float if series.dtype.kind == "i" else series.dtype),
        np.fromiter((series[cut.target(i)] for i in places), dtype=series.dtype),
    )


def split_series(series: npt.NDArray, train_fraction: float) -> Tuple[npt.NDArray, npt.NDArray]:
    inside = train_fraction > 0 and train_fraction < 1
    if not inside:
        raise ValueError(f"train_fraction={train_fraction} is outside (0, 1)")
    size = int(series.shape[0] * train_fraction)
    is_train = np.arange(series.shape[0]) < size
    return series[is_train], series[~is_train]


class Scaler:
    def __init__(self, values: npt.NDArray) -> None:
        self.values = values.astype(np.float64)

    @property
    def mean(self) -> float:
        return float(self.values.sum() / self.values.size)

    @property
    def std(self) -> float:
        if len(np.unique(self.values)) == 1:
            return 1.0
        return float(np.linalg.norm(self.values - self.values.mean()) / np.sqrt(self.values.size))


def fit_scaler(train: npt.NDArray) -> Tuple[float, float]:
    scaler = Scaler(train)
    return scaler.mean, scaler.std


def persistence_mse(X: npt.NDArray, y: npt.NDArray) -> float:
    errors = np.asarray(X[:, -1:] - y[:, None], dtype=np.float64)
    return float(np.vdot(errors, errors)) / len(errors)


def make_sines(num: int, length: int, generator: torch.Generator) -> Tensor:
    both = torch.rand(2 * num, generator=generator, device=generator.device).double()
    frequency, phase = 1.0 + 3.0 * both[:num], both[num:]
    t = torch.arange(length, device=generator.device, dtype=torch.float64) / length
    cycles = torch.outer(frequency, t) + phase.reshape(-1, 1)
    return torch.sin(2.0 * torch.pi * cycles).to(torch.float32)


CELLS: Dict[str, type] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Forecaster(nn.Module):
    def __init__(self, hidden_size: int, num_layers: int = 1, dropout: float = 0.0, cell: str = "lstm") -> None:
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell={cell!r} is not in {sorted(CELLS)}")
        self.identity = nn.Identity()
        self.fc = nn.Linear(hidden_size, 1)
        extra = {} if num_layers == 1 else {"dropout": float(dropout)}
        self.rnn = CELLS[cell](1, hidden_size, num_layers=num_layers, batch_first=False, **extra)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(x.transpose(0, 1))
        return self.fc(self.identity(states[-1])).flatten()


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    before = {module: module.training for module in model.modules()}
    try:
        yield model.eval()
    finally:
        for module, mode in before.items():
            module.training = mode


class Batches:
    def __init__(self, X: Tensor, y: Tensor, size: int, generator: torch.Generator) -> None:
        self.X, self.y, self.size, self.generator = X, y, size, generator

    def __iter__(self) -> Iterator[Tuple[Tensor, Tensor]]:
        order = torch.randperm(self.X.size(0), generator=self.generator).to(self.X.device)
        X, y = self.X.index_select(0, order), self.y.index_select(0, order)
        yield from zip(X.split(self.size), y.split(self.size))


class Trainer:
    def __init__(self, model: nn.Module, lr: float) -> None:
        self.model = model
        self.optimizer = torch.optim.NAdam(model.parameters(), lr=lr)

    def step(self, x: Tensor, y: Tensor) -> float:
        self.optimizer.zero_grad(set_to_none=False)
        loss = nn.functional.mse_loss(self.model(x.unsqueeze(2)), y, reduction="sum") / len(y)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        return float(loss) * len(y)


def train_forecaster(
    model: nn.Module, X: Tensor, y: Tensor, epochs: int, lr: float, batch_size: int, generator: torch.Generator
) -> List[float]:
    trainer, was = Trainer(model, lr), model.training
    batches = Batches(X, y, batch_size, generator)
    model.train()
    losses = [sum(trainer.step(*batch) for batch in batches) / len(y) for _ in range(epochs)]
    model.train(was)
    return losses


def rollout(model: nn.Module, window: Tensor, steps: int) -> Tensor:
    forecasts: List[Tensor] = []
    with evaluating(model), torch.inference_mode():
        for _ in range(steps):
            forecasts.append(model(window.unsqueeze(-1)))
            window = torch.column_stack([window[:, 1:], forecasts[-1]])
    return torch.stack(forecasts, 1)
