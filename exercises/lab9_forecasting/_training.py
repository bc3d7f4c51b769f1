"""Series to learn from, and what of a training is compared."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from autograder.spec.training import Steps, Training, facts_of_steps, gone_through
from exercises.lab9_forecasting._draws import Draw, Floats
from exercises.lab9_forecasting._scenarios import rows


def weights(rng: np.random.Generator, L: int, H: int) -> dict[str, Floats]:
    """About what PyTorch would draw, in four decimals."""

    def uniform(width: int, *shape: int) -> Floats:
        return rng.uniform(-1, 1, shape).round(4) / np.sqrt(width)

    return {
        "hidden.weight": uniform(L, H, L),
        "hidden.bias": uniform(L, H),
        "fc.weight": uniform(H, 1, H),
        "fc.bias": uniform(H, 1),
    }


def pairs(series: Floats, L: int, horizon: int) -> tuple[Floats, Floats]:
    """All windows of a series, and the value so far behind each."""
    X = np.stack([series[k : k + L] for k in range(len(series) - L - horizon + 1)])
    return X, series[L + horizon - 1 :].copy()


def few(N: int, epochs: int, size: int, lr: float = 0.0, spread: float = 1.0, **more: Any) -> Draw:
    """Windows of noise on which nothing can be learnt, with a learning rate of 0."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        X, y = pairs(spread * rng.standard_normal(N + 6), 6, 1)
        given = {"weights": weights(rng, 6, 5), "X": X, "y": 1 + y, "options": [epochs, lr, size]}
        return {**given, "seed": int(rng.integers(2**31)), **more}

    return draw


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    """One batch and one epoch, with a learning rate of 0."""
    return few(8, 1, 8)(rng)


def season(rng: np.random.Generator) -> Mapping[str, Any]:
    """Two waves and noise, and a later stretch of them; periods, sizes and horizon are drawn."""
    t, L, horizon = np.arange(600), int(rng.integers(9, 13)), 2
    series = 0.05 * rng.standard_normal(len(t))
    for low, high in ((15, 19), (27, 35)):
        series += np.sin(2 * np.pi * (t / rng.uniform(low, high) + rng.random()))
    X, y = pairs(series[:300], L, horizon)
    later = pairs(series[400:], L, horizon)
    given = {"weights": weights(rng, L, int(rng.integers(12, 17))), "X": X, "y": y}
    return {**given, "options": [20, 0.008, 20], "seed": int(rng.integers(2**31)), "later": later}


def view(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """The losses where no weight moves, how the batches were made, and what was learnt."""
    losses, (epochs, lr, size) = result["losses"], arguments["options"]
    before, after = arguments["weights"], result["weights"]
    steps = epochs * -(-len(arguments["X"]) // size)
    found: dict[str, Any] = {
        "one Python float for each epoch": isinstance(losses, list)
        and all(isinstance(one, float) for one in losses)
        and len(losses) == epochs,
        "one update for each batch": len(result["norms"]) <= steps,
        "the model is in train mode while it learns": result["learning"] >= steps,
        **facts_of_batches(arguments, result["record"]["samples"]),
    }
    if lr == 0:
        stays = all(bool((after[name] == before[name]).all()) for name in before)
        own = epochs == 0 or of_their_batch(arguments, result)
        facts = {"with lr = 0 the weights stay": stays, "gradients are those of one batch": own}
        return {"losses": losses, **facts, **found}
    if epochs == 0:
        return found
    return {**found, **facts_of_learning(arguments, result)}


def facts_of_batches(arguments: Mapping[str, Any], samples: Any) -> dict[str, Any]:
    """What holds of the windows in each batch, whatever their order."""
    N, (epochs, _, size) = len(arguments["X"]), arguments["options"]
    turns = [[one for one in turn if one >= 0] for turn in samples.tolist()]
    each = -(-N // size)
    passes = [turns[k : k + each] for k in range(0, len(turns), each)]
    once = all(sorted(itertools.chain(*one)) == list(range(N)) for one in passes)
    return {
        "windows in each batch": [len(turn) for turn in turns],
        "each epoch uses each window once": once and len(passes) == epochs,
    }


def facts_of_learning(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, bool]:
    """What the steps and the trained weights say."""
    losses, (X, y), after = result["losses"], arguments["later"], result["weights"]
    told = losses if isinstance(losses, list) else []
    training, record = as_asked(arguments), result["record"]
    steps = facts_of_steps(training, record, after, told)
    moved = [bool((after[n] != weight).any()) for n, weight in arguments["weights"].items()]
    error = float(squares(after, X, y).mean())
    repeated = float(((X[:, -1] - y) ** 2).mean())
    return {
        "the weights change": any(moved),
        "all weights learn": all(moved),
        **steps,
        "the first update goes down": down(gone_through(training, record, after)),
        "on later data the error is less than that of persistence": error < repeated,
    }


def of_their_batch(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    """Whether no gradient is longer than that of its batch, which clipping may have shortened."""
    found, record = result["norms"], result["record"]
    if len(found) != len(record["samples"]):
        return True
    due = gone_through(as_asked(arguments), record, result["weights"]).gradients.norm(dim=1)
    return all(one <= 1.001 * float(norm) for one, norm in zip(found, due, strict=True))


def down(steps: Steps) -> bool:
    """Whether the first update goes down the gradient of its batch."""
    return bool(((steps.updates * steps.gradients).sum(1)[:1] < 0).any())


def as_asked(arguments: Mapping[str, Any]) -> Training:
    """The training, to be gone through again."""
    X, (epochs, lr, size) = arguments["X"], arguments["options"]
    return Training(
        start=arguments["weights"],
        batches=[(X[:, :, None],)],
        rows=rows,
        data=[X, arguments["y"]],
        sums=squares,
        sizes=torch.ones(len(X), dtype=torch.float64),
        epochs=epochs,
        lr=lr,
        max_norm=float("inf"),
        size=size,
    )


def squares(weights: Mapping[str, Any], X: Any, y: Any) -> Any:
    """The squared error of each window, (…, B), of a Reader, or of several with a batch each."""
    hidden = X @ weights["hidden.weight"].mT + weights["hidden.bias"][..., None, :]
    forecast = torch.tanh(hidden) @ weights["fc.weight"].mT + weights["fc.bias"][..., None, :]
    return (forecast[..., 0] - y) ** 2
