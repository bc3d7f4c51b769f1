"""How the modules of this lab are used, what they are given, and what of it is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from autograder.spec import Case
from autograder.spec.scenarios import loaded, run, tensors

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Mapping[str, Any]]

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def edge(name: str, inputs: Draw, why: str, **more: Any) -> Case:
    """A case that costs points where it fails, and shows nothing about the ordinary values."""
    return Case(name=name, inputs=inputs, value=False, why=why, **more)


# -- what is drawn -------------------------------------------------------------------------------


def draw_bias(rng: np.random.Generator, size: int) -> Floats:
    """No entry is near zero."""
    return rng.uniform(0.1, 0.6, size) * rng.choice([-1.0, 1.0], size)


def draw_linear(rng: np.random.Generator, name: str, I: int, O: int) -> dict[str, Floats]:
    """A linear layer from I to O numbers."""
    weight = rng.standard_normal((O, I)) / np.sqrt(I)
    return {f"{name}.weight": weight, f"{name}.bias": draw_bias(rng, O)}


def draw_recurrent(
    rng: np.random.Generator, name: str, I: int, H: int, cell: str, end: str = "_l0"
) -> dict[str, Floats]:
    """A recurrent layer, or a cell where `end` is empty."""
    found: dict[str, Floats] = {}
    for kind, size in (("ih", I), ("hh", H)):
        rows = GATES[cell] * H
        found[f"{name}.weight_{kind}{end}"] = rng.standard_normal((rows, size)) / np.sqrt(size)
        found[f"{name}.bias_{kind}{end}"] = draw_bias(rng, rows)
    return found


def draw_reader(rng: np.random.Generator, V: int, E: int, H: int) -> dict[str, Floats]:
    """Embedding and GRU."""
    embedding = {"embedding.weight": rng.standard_normal((V, E))}
    return embedding | draw_recurrent(rng, "rnn", E, H, "gru")


def draw_lengths(rng: np.random.Generator, B: int, T: int) -> Ints:
    """Lengths from 1 to T, one of them T; no order that sorts three or more is its own inverse."""
    while True:
        lengths = (rng.permutation(T)[:B] if B <= T else rng.integers(T, size=B)) + 1
        lengths[rng.integers(B)] = T
        order = np.argsort(-lengths, kind="stable")
        if min(B, T) < 3 or (order[order] != np.arange(B)).any():
            return lengths.astype(np.int64)


# -- how modules are used ------------------------------------------------------------------------


def build_and_run(
    entry: Callable[..., Any],
    init: Any,
    weights: Mapping[str, Any],
    inputs: Any,
    probe: Any,
    mode: str = "train",
) -> dict[str, Any]:
    """Build a module, load weights by name, run it, and go back from the sum of result · probe.

    inputs: a dict hands over by keyword.  probe: one for each tensor of the result.  Gives
    {"parameters": {name: shape}, "result", "gradients": {name: tensor, or None}}, of the inputs
    too; no result where names or shapes are not those of `weights`, and no gradients where the
    tensors do not have the shapes of the probes.
    """
    module, shapes, complaint = loaded(entry, init, weights)
    if complaint:
        return {"parameters": shapes, "result": None, "gradients": None}
    leaves: dict[str, Any] = {}

    def followed(name: Any, value: Any) -> Any:
        if not (isinstance(value, torch.Tensor) and value.is_floating_point()):
            return value
        leaves[f"input {name}"] = value.detach().clone().requires_grad_()
        return leaves[f"input {name}"] * 1.0

    if isinstance(inputs, dict):
        given: Any = {name: followed(name, value) for name, value in inputs.items()}
    else:
        given = [followed(place, value) for place, value in enumerate(inputs)]
    result = run(module, given, mode)
    leaves |= dict(module.named_parameters())
    return {"parameters": shapes, "result": result, "gradients": back(leaves, result, probe)}


def back(leaves: Mapping[str, Any], result: Any, probe: Any) -> Any:
    """The gradients of the sum of result · probe; None for a result of other shapes."""
    found, wanted = tensors(result), tensors(probe)
    if [one.shape for one in found] != [one.shape for one in wanted]:
        return None
    total: Any = sum((one * weight).sum() for one, weight in zip(found, wanted, strict=True))
    if total.requires_grad:
        torch.autograd.backward(total)
    return {name: leaf.grad for name, leaf in leaves.items()}


def one_after_the_other(
    entry: Callable[..., Any], init: Any, weights: Mapping[str, Any], first: Any, second: Any
) -> Any:
    """What the second of two calls of a module gives; None where its parameters are others."""
    module, _, complaint = loaded(entry, init, weights)
    if complaint:
        return None
    with torch.no_grad():
        module(*first)
        return module(*second)


def with_shapes(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """The view of modules: parameters by name, for their shapes, the result, and gradients."""
    shapes = result["parameters"]
    parameters = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    return {"parameters": parameters, **{key: result[key] for key in ("result", "gradients")}}


# -- an encoder and a decoder of the lab's own ---------------------------------------------------


class Reader(nn.Module):
    """An encoder without a recurrent layer: tokens count less the older they are."""

    def __init__(self, vocabulary: int, units: int, parts: int) -> None:
        nn.Module.__init__(self)
        self.words = nn.Embedding(vocabulary, units)
        self.parts = parts

    def forward(self, tokens: Any, lengths: Any) -> Any:
        known = self.words(tokens)
        age = lengths[:, None] - torch.arange(1, tokens.shape[1] + 1, device=tokens.device)
        share = (age >= 0) / (1.0 + age.clamp(min=0))
        memory = (known * share.to(known)[:, :, None]).sum(1)
        first = torch.tanh(memory)[None]
        return known, first if self.parts == 1 else (first, torch.sin(memory)[None])


class Writer(nn.Module):
    """A decoder of its own kind, whose state has one part or two."""

    def __init__(self, vocabulary: int, units: int) -> None:
        nn.Module.__init__(self)
        self.words = nn.Embedding(vocabulary, units)
        self.turn = nn.Linear(units, units)
        self.say = nn.Linear(units, vocabulary)

    def forward(self, tokens: Any, state: Any) -> Any:
        h, rest = (state[0], state[1:]) if isinstance(state, tuple) else (state, ())
        said = []
        for word in self.words(tokens).unbind(1):
            rest = tuple(torch.cos(part + h) for part in rest)
            h = torch.tanh(self.turn(h) + word + sum(rest))
            said.append(self.say(h[0]))
        return torch.stack(said, 1), (h, *rest) if rest else h


def put_together(
    entry: Callable[..., Any], ids: Any, weights: Mapping[str, Any], parts: int
) -> tuple[Any, Any, Any]:
    """(the model, its encoder, its decoder) with copies of these weights."""
    V, H = weights["encoder.words.weight"].shape
    encoder, decoder = Reader(V, H, parts), Writer(len(weights["decoder.say.bias"]), H)
    for name, module in (("encoder", encoder), ("decoder", decoder)):
        for own, value in module.named_parameters():
            value.data = weights[f"{name}.{own}"].clone()
    return entry(encoder, decoder, *ids), encoder, decoder


def asked_both_ways(
    entry: Callable[..., Any],
    ids: Any,
    weights: Mapping[str, Any],
    inputs: Any,
    probe: Any = None,
    parts: int = 1,
    mode: str = "train",
    before: Any = None,
) -> dict[str, Any]:
    """Put a model together; with a probe, ask for logits and gradients, else let it generate.

    parts: how many tensors there are in the state.  before: inputs that it generates from first.
    """
    model, encoder, decoder = put_together(entry, ids, weights, parts)
    kept = {
        "encoder is the module that was handed over": model.encoder is encoder,
        "decoder is the module that was handed over": model.decoder is decoder,
        "start_id and end_id": [model.start_id, model.end_id],
    }
    own = dict(model.named_parameters())
    shapes = {name: list(value.shape) for name, value in own.items()}
    model.train(mode == "train")
    if probe is not None:
        logits = model(*inputs)
        gradients = back(own, logits, probe)
        return {**kept, "parameters": shapes, "result": logits, "gradients": gradients}
    if before is not None:
        with torch.enable_grad():
            model.generate(*before)
    generate = (
        partial(model.generate, **inputs)
        if isinstance(inputs, dict)
        else partial(model.generate, *inputs)
    )
    with torch.enable_grad():
        tokens = generate()
        on = torch.is_grad_enabled()
    with torch.no_grad():
        generate()
        off = not torch.is_grad_enabled()
    names = {True: "training", False: "evaluation"}
    return {
        "tokens": tokens,
        "modes": {name or "model": names[one.training] for name, one in model.named_modules()},
        "gradients are on after a call with gradients on": on,
        "gradients are off after a call under no_grad": off,
    }
