"""How a classifier of sentences is used: built, given weights, run, and trained.

Each function is self-contained, imports included, because its text travels to other processes.
"""

from __future__ import annotations

from typing import Any


def classify(entry: Any, init: Any, weights: Any, tokens: Any, lengths: Any) -> dict[str, Any]:
    """The logits of ``entry(*init)`` with these weights, in eval mode, and its parameters by name.

    logits is None where the parameters are not those of `weights`.
    """
    module = entry(*init)
    own = dict(module.named_parameters())
    shapes = {f"{name} {tuple(value.shape)}": True for name, value in own.items()}
    wanted = {f"{name} {tuple(value.shape)}" for name, value in weights.items()}
    if set(shapes) != wanted:
        return {"parameters": shapes, "logits": None}
    module.to(weights["fc.weight"].dtype)
    for name, value in own.items():
        value.data.copy_(weights[name])
    return {"parameters": shapes, "logits": module.eval()(tokens, lengths)}


def learn(entry: Any, init: Any, weights: Any, tokens: Any, lengths: Any) -> dict[str, Any]:
    """Which parameters a gradient reaches, and the gradients, of a weighted sum of the logits."""
    import torch

    module = entry(*init)
    own = dict(module.named_parameters())
    shapes = {f"{name} {tuple(value.shape)}": True for name, value in own.items()}
    wanted = {f"{name} {tuple(value.shape)}" for name, value in weights.items()}
    found: dict[str, Any] = {"parameters": shapes}
    found |= {f"a gradient reaches {name}": False for name in weights}
    if set(shapes) != wanted:
        return {**found, "gradients": None}
    module.to(weights["fc.weight"].dtype)
    for name, value in own.items():
        value.data.copy_(weights[name])
    logits = module.train()(tokens, lengths)
    probe = torch.cos(1.7 * torch.arange(logits.numel(), dtype=logits.dtype)).reshape(logits.shape)
    (logits * probe).sum().backward()
    for name, value in own.items():
        reached = value.grad is not None and bool(value.grad.any())
        found[f"a gradient reaches {name}"] = reached
    zeros = {name: torch.zeros_like(value) for name, value in own.items()}
    return {
        **found,
        "gradients": {n: zeros[n] if p.grad is None else p.grad for n, p in own.items()},
    }


def once_more(entry: Any, init: Any, weights: Any, tokens: Any, lengths: Any) -> dict[str, Any]:
    """The logits of a module in train mode that has seen another batch before, and its mode."""
    module = entry(*init)
    module.to(weights["fc.weight"].dtype).train()
    for name, value in module.named_parameters():
        value.data.copy_(weights[name])
    module(tokens.flip(0), lengths.flip(0))
    return {"logits": module(tokens, lengths), "it is still in train mode": module.training}


def fresh(entry: Any, init: Any, padding_idx: int) -> dict[str, bool]:
    """What a new module's embedding looks like."""
    table = entry(*init).embedding.weight.detach()
    rows = table.ne(0).any(dim=1).tolist()
    return {
        "the embedding of padding_idx is zeros": not rows.pop(padding_idx),
        "no other embedding is zeros": all(rows),
    }


def build_and_run(entry: Any, init: Any, tokens: Any, lengths: Any) -> list[int]:
    """The shape of the logits of a new module."""
    return list(entry(*init)(tokens, lengths).shape)
