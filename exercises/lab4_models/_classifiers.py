"""Weights, batches and states that a SequenceClassifier is tried on."""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from exercises.lab4_models._draws import Draw, layer_weights, linear
from solutions.lab4_models import SequenceClassifier

SIZES: dict[str, Any] = {"B": 4, "T": 5, "I": 2, "H": 3, "C": 6}
KIND: dict[str, Any] = {"cell": "lstm", "L": 2, "D": 2, "given": False}


def inputs(rng, B, T, I, H, C, **kind: Any) -> Mapping[str, Any]:
    """Arguments and weights of a classifier and a batch; given: whether a state is handed over."""
    cell, L, D, given = (KIND | kind).values()
    draw = {
        "init": [cell, I, H, C, L, 0.0, D == 2],
        "weights": layer_weights(rng, cell, I, H, L, D) | linear(rng, "fc", D * H, C),
        "x": rng.standard_normal((B, T, I)),
    }
    if given:
        h = rng.uniform(-0.9, 0.9, (L * D, B, H))
        draw["state"] = (h, rng.standard_normal(h.shape)) if cell == "lstm" else h
    return draw


def drawn(more: Mapping[str, Any] | None = None, **kind: Any) -> Draw:
    """The default draw of another kind, with more arguments."""
    return lambda rng: {**inputs(rng, **SIZES, **kind), **(more or {})}


def default_arguments(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES, cell="gru", L=1, D=1)
    return {**draw, "init": draw["init"][:4]}


def by_name(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES, cell="rnn", given=True)
    names = inspect.signature(SequenceClassifier).parameters
    return {**draw, "init": dict(zip(names, draw["init"], strict=True))}


def with_dropout(dropout: float, **kind: Any) -> Draw:
    """A classifier with dropout."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        draw = inputs(rng, **SIZES, **kind)
        init = [*draw["init"]]
        init[5] = dropout
        return {**draw, "init": init}

    return draw


def untouched(dropout: float, cell: str, L: int) -> Draw:
    """A new classifier and a batch, without weights."""
    return lambda rng: {"init": [cell, 2, 4, 3, L, dropout], "x": rng.standard_normal((3, 5, 2))}


def another_cell(cell: str) -> Draw:
    return lambda rng: {"init": [cell, 2, 4, 3], "x": rng.standard_normal((3, 5, 2))}


def one_after_the_other(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    first = rng.standard_normal(draw["x"].shape)
    return {"init": draw["init"], "weights": draw["weights"], "first": first, "second": draw["x"]}
