"""Weights and batches that a Tagger is tried on, and what of its answers is compared."""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from exercises.lab7_tagging._draws import Draw, tagger_weights, unequal_lengths
from solutions.lab7_tagging import Tagger

SIZES: dict[str, Any] = {"B": 7, "T": 5, "V": 8, "C": 4, "E": 2, "H": 3}
KIND: dict[str, Any] = {"cell": "lstm", "bidirectional": True, "padding_idx": 0}


def inputs(rng, B, T, V, C, E, H, lengths=True, wider=0, **kind) -> Mapping[str, Any]:
    """A tagger's arguments and weights, a batch, and weights of the logits in a sum.

    The padding token stands inside sequences too, and other tokens stand in the padding.
    lengths: whether they are handed over; None hands over None.  wider: steps of padding for all.
    kind: what is not as in KIND.
    """
    cell, bidirectional, padding_idx = (KIND | kind).values()
    valid = unequal_lengths(rng, B, T)
    tokens = rng.integers(V, size=(B, T + wider))
    tokens[valid.argmax(), T // 2] = padding_idx
    if T > 2:
        tokens[valid.argmax(), -1 - wider] = (padding_idx + 1) % V
    probe = rng.standard_normal((B, T + wider, C))
    if lengths:
        probe[np.arange(T + wider) >= valid[:, None]] = 0.0
    return {
        "init": [V, C, E, H, cell, bidirectional, padding_idx],
        "weights": tagger_weights(rng, V, C, E, H, cell, bidirectional, padding_idx),
        "inputs": {True: (tokens, valid), False: (tokens,), None: (tokens, None)}[lengths],
        "probe": probe,
    }


def drawn(**changes: Any) -> Draw:
    """The default draw with some arguments fixed."""
    return lambda rng: inputs(rng, **SIZES, **changes)


def by_default(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES, bidirectional=False)
    return {**draw, "init": draw["init"][:4]}


def by_name(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES, cell="gru", padding_idx=4)
    tokens, lengths = draw["inputs"]
    init = dict(zip(inspect.signature(Tagger).parameters, draw["init"], strict=True))
    return {**draw, "init": init, "inputs": {"lengths": lengths, "tokens": tokens}}


def equal_lengths(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    draw["inputs"][1][:] = 3
    draw["probe"][:, 3:] = 0.0
    return draw


def one_after_the_other(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES, lengths=False)
    other = (rng.integers(SIZES["V"], size=(2, 4)), np.array([4, 4]))
    batches = {"first": draw["inputs"], "second": other}
    return {"init": draw["init"], "weights": draw["weights"], **batches}


def the_same_again(**changes: Any) -> Draw:
    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        draw = inputs(rng, **SIZES, **changes)
        tokens, *lengths = draw["inputs"]
        batch = (tokens, np.full(len(tokens), tokens.shape[1])) if lengths else (tokens,)
        return {"init": draw["init"], "weights": draw["weights"], "first": batch, "second": batch}

    return draw


def view(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by name, for their shapes, the logits of valid steps, and gradients by name."""
    shapes = result["parameters"]
    parameters = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    given = arguments["inputs"]
    if isinstance(given, dict):
        lengths = given.get("lengths")
    else:
        lengths = given[1] if len(given) > 1 else None
    logits = result["logits"]
    if isinstance(logits, torch.Tensor) and logits.dim() == 3 and lengths is not None:
        valid = torch.arange(logits.shape[1]) < lengths[:, None]
        if valid.shape == logits.shape[:2]:
            logits = torch.where(valid[..., None], logits, torch.zeros_like(logits))
    return {"parameters": parameters, "logits": logits, "gradients": result["gradients"]}
