"""Models that are counted and given new values: what they are made of, and how they are built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

Recipe = Sequence[Sequence[Any]]
"""Rows [name, kind, sizes…], in the order in which a model's parts are registered."""


def model_of(recipe: Recipe) -> Any:
    """The model of a recipe; the name "" makes a layer the model itself.

    Kinds are layers of torch.nn, with "unbiased" behind their name, "relu" or "stack", and:
    "parameter" and "buffer" of some sizes, "as" a parameter or a module that is there already,
    "frozen", for a parameter that is there already.
    """
    root: Any = nn.Module()
    for name, kind, *sizes in recipe:
        path, _, last = name.rpartition(".")
        if kind == "frozen":
            root.get_parameter(name).requires_grad_(False)
        elif not name:
            root = layer(kind, sizes)
        else:
            add(owner_of(root, path), last, root, kind, sizes)
    return root


def owner_of(root: Any, path: str) -> Any:
    """The module of a path, made on the way where it is not there."""
    owner = root
    for step in filter(None, path.split(".")):
        if step not in dict(owner.named_children()):
            owner.add_module(step, nn.Module())
        owner = owner.get_submodule(step)
    return owner


def add(owner: Any, last: str, root: Any, kind: str, sizes: Any) -> None:
    """Register one part."""
    if kind == "parameter":
        owner.register_parameter(last, nn.Parameter(torch.full(sizes, 0.25)))
    elif kind == "buffer":
        owner.register_buffer(last, torch.ones(sizes))
    elif kind == "as" and sizes[0] in dict(root.named_parameters()):
        owner.register_parameter(last, root.get_parameter(sizes[0]))
    elif kind == "as":
        owner.add_module(last, root.get_submodule(sizes[0]))
    else:
        owner.add_module(last, layer(kind, sizes))


def layer(kind: str, sizes: Any) -> Any:
    """One layer of torch.nn."""
    name, *words = kind.split()
    options: dict[str, Any] = {"bias": False} if "unbiased" in words else {}
    if "relu" in words:
        options["nonlinearity"] = "relu"
    if "stack" in words:
        options |= {"num_layers": 2, "bidirectional": True}
    if name == "Embedding":
        options["padding_idx"] = 0
    return getattr(nn, name)(*sizes, **options)


def counted(entry: Callable[..., Any], model: Recipe, trainable_only: bool | None = None) -> Any:
    """What is said of a model; trainable_only None is left out of the call."""
    built = model_of(model)
    return entry(built) if trainable_only is None else entry(built, trainable_only)


def counted_by_name(entry: Callable[..., Any], model: Recipe, trainable_only: bool) -> Any:
    """Like `counted`, with the arguments by name."""
    return entry(trainable_only=trainable_only, model=model_of(model))


def left_alone(
    entry: Callable[..., Any], model: Recipe, trainable_only: bool | None = None
) -> dict[str, bool]:
    """Whether a model is the same after the call as before it."""
    built = model_of(model)

    def look() -> list[Any]:
        rows = [(n, id(p), p.requires_grad, p.grad is None) for n, p in built.named_parameters()]
        return [*rows, *(name for name, _ in built.named_modules())]

    before = look()
    if trainable_only is None:
        entry(built)
    else:
        entry(built, trainable_only)
    return {"the model is left as it was": before == look()}


def nothing_left_out(arguments: Mapping[str, Any], table: Any) -> Any:
    """A table without its zeros."""
    if not isinstance(table, dict):
        return table
    return {name: n for name, n in table.items() if not (type(n) is int and n == 0)}


def number_of_entries(model: Any, trainable_only: bool = False) -> int:
    """For `count_parameters`, while later exercises are judged."""
    sizes = [one.numel() * (one.requires_grad + 1) for one in model.parameters()]
    trainable = [one.numel() for one in model.parameters() if one.requires_grad]
    return sum(trainable) if trainable_only else sum(sizes) - sum(trainable)
