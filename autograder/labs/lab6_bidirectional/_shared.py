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


def elsewhere(entry: Any, init: Any, tokens: Any, lengths: Any, true: Any) -> Any:
    """The logits of ``entry(*init)`` on a device other than the CPU, played by the meta device.

    Tensors of that device have no numbers, so the lengths, which are `true`, and whole numbers that
    come from them alone are worked out on the CPU as well, for those who fetch them from there.
    What PyTorch's own pad_packed_sequence fetches is zeros.
    """
    import sys

    import torch
    from torch.overrides import TorchFunctionMode

    place = tokens.device
    fetching = (torch.Tensor.cpu, torch.Tensor.tolist, torch.Tensor.item, torch.Tensor.to)
    twins = {id(lengths): (lengths, torch.tensor(true))}

    def away(value: Any) -> bool:
        return isinstance(value, torch.Tensor) and value.device == place

    def twin(value: Any) -> Any:
        if type(value) in (list, tuple):
            return type(value)(twin(one) for one in value)
        if isinstance(value, torch.device | str) and str(value) == str(place):
            return "cpu"
        return twins[id(value)][1] if away(value) else value

    def remember(result: Any, value: Any) -> None:
        if isinstance(result, tuple | list):
            for one, other in zip(result, value, strict=True):
                remember(one, other)
        elif away(result) and not result.is_floating_point():
            twins[id(result)] = (result, value)

    class Fetched(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            one = args[0] if args else None
            where = [str(arg) for arg in (*args[1:], kwargs.get("device"))]
            to_host = func in fetching and (func is not torch.Tensor.to or "cpu" in where)
            if to_host and isinstance(one, torch.Tensor) and away(one):
                caller = sys._getframe(1).f_code.co_filename.replace("\\", "/")
                if caller.endswith("torch/nn/utils/rnn.py"):
                    return torch.zeros(one.shape, dtype=one.dtype)
                if id(one) in twins:
                    return func(twin(one).clone(), *args[1:], **kwargs)
            result = func(*args, **kwargs)
            name = getattr(func, "__name__", "")
            try:
                if "empty" not in name and "rand" not in name:
                    named = {key: twin(value) for key, value in kwargs.items()}
                    remember(result, func(*twin(args), **named))
            except Exception:
                if name.endswith("_"):  # in place: what was known of it holds no longer
                    twins.pop(id(one), None)
            return result

    module = entry(*init).to(place)
    with Fetched():
        return module(tokens, lengths)


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
