"""How a classifier of sentences is used: built, given weights, run, and trained."""

from __future__ import annotations

from typing import Any

import torch


def weighted(module: Any, weights: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The module's parameters by name, with these weights; and {"parameters": what they are}.

    The first is empty where the parameters are not those of `weights`.
    """
    own = dict(module.named_parameters())
    sizes_alone: dict[str, Any] = {"dtype": torch.float32, "device": "meta"}
    shapes = {n: torch.empty(value.shape, **sizes_alone) for n, value in own.items()}
    if {n: one.shape for n, one in shapes.items()} != {n: w.shape for n, w in weights.items()}:
        return {}, {"parameters": shapes}
    module.to(weights["fc.weight"].dtype)
    for name, value in own.items():
        value.data.copy_(weights[name])
    return own, {"parameters": shapes}


def classify(entry: Any, init: Any, weights: Any, tokens: Any, lengths: Any) -> dict[str, Any]:
    """The logits of ``entry(*init)`` with these weights, in eval mode, and its parameters by name.

    logits is None where the parameters are not those of `weights`.
    """
    module = entry(*init)
    own, found = weighted(module, weights)
    return {**found, "logits": module.eval()(tokens, lengths) if own else None}


def learn(entry: Any, init: Any, weights: Any, tokens: Any, lengths: Any) -> dict[str, Any]:
    """Which parameters a gradient reaches, and the gradients, of a weighted sum of the logits."""
    module = entry(*init)
    own, found = weighted(module, weights)
    found |= {f"a gradient reaches {name}": False for name in weights}
    if not own:
        return {**found, "gradients": None}
    logits = module.train()(tokens, lengths)
    places = torch.arange(logits.numel(), dtype=logits.dtype, device=logits.device)
    (logits * torch.cos(1.7 * places).reshape(logits.shape)).sum().backward()
    grads = {n: torch.zeros_like(p) if p.grad is None else p.grad for n, p in own.items()}
    found |= {f"a gradient reaches {name}": bool(grad.any()) for name, grad in grads.items()}
    return {**found, "gradients": grads}


def once_more(entry: Any, init: Any, weights: Any, tokens: Any, lengths: Any) -> dict[str, Any]:
    """The logits of a module in train mode that has seen another batch before, and the modes."""
    module = entry(*init)
    module.to(weights["fc.weight"].dtype).train()
    for name, value in module.named_parameters():
        value.data.copy_(weights[name])
    module(tokens.flip(0), lengths.flip(0))
    logits = module(tokens, lengths)
    names = {True: "training", False: "evaluation"}
    asked = {"model": module, **{n: module.get_submodule(n) for n in ("embedding", "rnn", "fc")}}
    modes = {name: names[one.training] for name, one in asked.items()}
    return {"logits": logits, "modes": modes}


def from_a_generator(entry: Any, texts: Any, max_size: int) -> Any:
    """The texts come as a generator, which can be gone through once."""
    return entry((text for text in texts), max_size)


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
