"""Models of many kinds, drawn at random sizes, for the exercises that count parameters."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from exercises.lab4_models._draws import Draw

Recipe = list[list[Any]]


def ordinary(rng: np.random.Generator) -> Recipe:
    """Layers at three depths, a branch with parameters of its own, buffers, equal sizes."""
    V, E, H, C, F = (int(n) for n in rng.permutation(np.arange(3, 12))[:5])
    return [
        ["start", "parameter", 1, H],
        ["embedding", "Embedding", V, E],
        ["encoder.scale", "parameter"],
        ["encoder.rnn", "LSTM stack", E, H],
        ["encoder.norm", "BatchNorm1d", 2 * H],
        ["encoder.mask", "buffer", F, F],
        ["head.first", "Linear", 2 * H, F],
        ["head.norm", "LayerNorm", F],
        ["head.other.norm", "LayerNorm", F],
        ["head.squash", "Tanh"],
        ["head.last", "Linear unbiased", F, C],
    ]


def more(*rows: list[Any]) -> Draw:
    """The ordinary model with these rows behind it."""
    return lambda rng: {"model": [*ordinary(rng), *rows]}


def tied(rng: np.random.Generator) -> Recipe:
    """A weight in two layers, the second of which has a bias besides; a layer in two places."""
    V, E, H = (int(n) for n in rng.permutation(np.arange(4, 12))[:3])
    return [
        ["embedding", "Embedding", V, E],
        ["rnn", "GRU", E, H],
        ["back", "Linear", H, E],
        ["decoder", "Linear", E, V],
        ["decoder.weight", "as", "embedding.weight"],
        ["tail.again", "as", "back"],
        ["tail.plain", "Linear unbiased", E, V],
        ["tail.plain.weight", "as", "embedding.weight"],
    ]


def inner_first(rng: np.random.Generator) -> Recipe:
    """Weights that are shared by a module and one inside it, and by two branches."""
    n, m, k = (int(n) for n in rng.permutation(np.arange(3, 9))[:3])
    return [
        ["first.deep.layer", "Linear", n, m],
        ["first.middle", "Linear", m, k],
        ["second.deep.layer", "Linear", n, m],
        ["second.deep.layer.weight", "as", "first.deep.layer.weight"],
        ["second.own", "parameter", k],
        ["third", "Linear unbiased", 2, k],
        ["third.bias", "as", "second.own"],
        ["first.later", "as", "second.own"],
    ]


def bare(rng: np.random.Generator) -> Mapping[str, Any]:
    I, H = (int(n) for n in rng.permutation(np.arange(3, 12))[:2])
    return {"model": [["", "LSTM", I, H]]}


def nothing(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"model": [["squash", "Tanh"], ["seen", "buffer", 4, 5]]}


def of(recipe: Any, **others: Any) -> Draw:
    """Inputs with the model of a recipe that is drawn."""
    return lambda rng: {"model": recipe(rng), **others}


FROZEN = (
    ["start", "frozen"],
    ["embedding.weight", "frozen"],
    ["encoder.rnn.weight_hh_l0", "frozen"],
    ["head.last.weight", "frozen"],
)


def partly_frozen(rng: np.random.Generator) -> Recipe:
    return [*ordinary(rng), *map(list, FROZEN)]


def tied_and_frozen(rng: np.random.Generator) -> Recipe:
    return [*tied(rng), ["rnn.bias_ih_l0", "frozen"], ["embedding.weight", "frozen"]]


def tied_and_trained(rng: np.random.Generator) -> Recipe:
    return [*tied(rng), ["rnn.bias_ih_l0", "frozen"], ["back.weight", "frozen"]]


def all_frozen(rng: np.random.Generator) -> Recipe:
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    I, H = (int(n) for n in rng.permutation(np.arange(3, 12))[:2])
    return [["rnn", "GRU", I, H], *([f"rnn.{name}", "frozen"] for name in names)]
