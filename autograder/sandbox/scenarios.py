"""How an entry point is used: plain calls, and modules built, loaded and run.

Each function is self-contained, imports included, because its text travels to other processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def call(entry: Callable[..., Any], **arguments: Any) -> Any:
    """The plain call: the arguments in their order."""
    return entry(*arguments.values())


def gradients(entry: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    """Gradients that reach each float argument from a weighted sum of everything returned.

    Keys are the arguments' names, "params.W_hh" inside dicts; None where no gradient arrived.
    Empty where nothing that was returned can be differentiated at all.
    """
    import torch

    leaves: dict[str, Any] = {}

    def followed(name: str, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            if not value.is_floating_point():
                return value
            leaves[name] = value.detach().clone().requires_grad_()
            return leaves[name] * 1.0
        if isinstance(value, dict):
            return {key: followed(f"{name}.{key}", item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(followed(f"{name}.{n}", item) for n, item in enumerate(value))
        return value

    given = [followed(name, value) for name, value in arguments.items()]
    result = entry(*given)

    def tensors(tree: Any) -> list[Any]:
        if isinstance(tree, torch.Tensor):
            return [tree]
        if isinstance(tree, dict):
            return [leaf for key in sorted(tree) for leaf in tensors(tree[key])]
        if isinstance(tree, list | tuple):
            return [leaf for item in tree for leaf in tensors(item)]
        return []

    total: Any = 0.0
    for place, output in enumerate(tensors(result)):
        if output.requires_grad:
            probe = torch.arange(output.numel(), dtype=output.dtype, device=output.device)
            total = total + (torch.cos(probe + place) * output.reshape(-1)).sum()
    if not isinstance(total, torch.Tensor):
        return {}
    torch.autograd.backward(total)
    return {name: leaf.grad for name, leaf in leaves.items()}


def module_forward(
    entry: Callable[..., Any],
    init: Any,
    weights: Mapping[str, Any],
    inputs: Any,
    mode: str = "eval",
) -> dict[str, Any]:
    """Build ``entry(*init)`` (a dict: by keyword), load weights by name, run it on the inputs.

    mode: "train" or "eval".  Gives {"result", "parameters": {name: shape}}, or, where the names or
    shapes of its parameters are not those of `weights`, {"missing", "unexpected", "reshaped":
    {name: [expected shape, its shape]}, "parameters"} without running it.
    """
    import torch

    module = entry(**init) if isinstance(init, dict) else entry(*init)
    own = dict(module.named_parameters())
    parameters = {name: list(value.shape) for name, value in own.items()}
    reshaped = {
        name: [list(weights[name].shape), parameters[name]]
        for name in own
        if name in weights and list(weights[name].shape) != parameters[name]
    }
    missing = [name for name in weights if name not in own]
    unexpected = [name for name in own if name not in weights]
    if missing or unexpected or reshaped:
        return {
            "missing": missing,
            "unexpected": unexpected,
            "reshaped": reshaped,
            "parameters": parameters,
        }
    with torch.no_grad():
        for name, value in own.items():
            value.data = weights[name].to(device=value.device).clone()
    module.train(mode == "train")
    result = module(**inputs) if isinstance(inputs, dict) else module(*inputs)
    return {"result": result, "parameters": parameters}


def module_gradients(
    entry: Callable[..., Any],
    init: Any,
    weights: Mapping[str, Any],
    inputs: Any,
    probe: Any,
    mode: str = "train",
) -> dict[str, Any]:
    """Like module_forward, then backward of sum(output * probe).

    probe: a tensor, or a list of one per output.  Gives {"result", "parameters", "gradients":
    {name: tensor, or None where no gradient arrived}}, or the same complaint as module_forward.
    """
    import torch

    module = entry(**init) if isinstance(init, dict) else entry(*init)
    own = dict(module.named_parameters())
    parameters = {name: list(value.shape) for name, value in own.items()}
    reshaped = {
        name: [list(weights[name].shape), parameters[name]]
        for name in own
        if name in weights and list(weights[name].shape) != parameters[name]
    }
    missing = [name for name in weights if name not in own]
    unexpected = [name for name in own if name not in weights]
    if missing or unexpected or reshaped:
        return {
            "missing": missing,
            "unexpected": unexpected,
            "reshaped": reshaped,
            "parameters": parameters,
        }
    with torch.no_grad():
        for name, value in own.items():
            value.data = weights[name].to(device=value.device).clone()
    module.train(mode == "train")
    result = module(**inputs) if isinstance(inputs, dict) else module(*inputs)

    def tensors(tree: Any) -> list[Any]:
        if isinstance(tree, torch.Tensor):
            return [tree]
        if isinstance(tree, dict):
            return [leaf for item in tree.values() for leaf in tensors(item)]
        if isinstance(tree, list | tuple):
            return [leaf for item in tree for leaf in tensors(item)]
        return []

    for value in own.values():
        value.grad = None
    pairs = zip(tensors(result), tensors(probe), strict=False)
    total = sum((output * weight).sum() for output, weight in pairs)
    if isinstance(total, torch.Tensor) and total.requires_grad:
        torch.autograd.backward(total)
    gradients = {name: value.grad for name, value in own.items()}
    return {"result": result, "parameters": parameters, "gradients": gradients}


def buffers_elsewhere(entry: Callable[..., Any], **arguments: Any) -> Any:
    """The call while new buffers that name no device land on another one than the arguments.

    The arguments keep their numbers, so that programs that read them are tried too.  A program
    that makes a buffer elsewhere and then moves it, which nothing can be moved from here, is
    called plainly.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    buffers = (torch.zeros, torch.ones, torch.empty, torch.full, torch.tensor)

    class Elsewhere(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            named = dict(kwargs or {})
            if func in buffers and named.get("device") is None:
                named["device"] = "meta"
            return func(*args, **named)

    try:
        with Elsewhere():
            return entry(*arguments.values())
    except (RuntimeError, NotImplementedError) as error:
        unread = ("on meta tensors", "out of meta tensor", "data-dependent", "data-independent")
        if any(part in str(error) for part in unread):
            return entry(*arguments.values())
        raise
