"""How an entry point is used: plain calls, and modules built, loaded and run.

The text of a scenario travels to other processes, with what it names of its own file.
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

    total: Any = 0.0
    for place, output in enumerate(tensors(in_key_order(result))):
        if output.requires_grad:
            probe = torch.arange(output.numel(), dtype=output.dtype, device=output.device)
            total = total + (torch.cos(probe + place) * output.reshape(-1)).sum()
    if not isinstance(total, torch.Tensor):
        return {}
    torch.autograd.backward(total)
    return {name: leaf.grad for name, leaf in leaves.items()}


def in_key_order(tree: Any) -> Any:
    """The tree with the keys of its dicts sorted: in what order they came is free."""
    if isinstance(tree, dict):
        return {key: in_key_order(tree[key]) for key in sorted(tree)}
    return [in_key_order(item) for item in tree] if isinstance(tree, list | tuple) else tree


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
    module, parameters, complaint = loaded(entry, init, weights)
    return complaint or {"result": run(module, inputs, mode), "parameters": parameters}


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
    module, parameters, complaint = loaded(entry, init, weights)
    if complaint:
        return complaint
    result = run(module, inputs, mode)
    gradients = backward(module, result, probe)
    return {"result": result, "parameters": parameters, "gradients": gradients}


def built(entry: Callable[..., Any], init: Any) -> Any:
    """``entry(*init)``, or by keyword where init is a dict."""
    return entry(**init) if isinstance(init, dict) else entry(*init)


def loaded(
    entry: Callable[..., Any], init: Any, weights: Mapping[str, Any]
) -> tuple[Any, dict[str, list[int]], dict[str, Any]]:
    """(the module with these weights, its parameters' shapes, what does not fit or nothing)."""
    import torch

    module = built(entry, init)
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
        complaint = {"missing": missing, "unexpected": unexpected, "reshaped": reshaped}
        return module, parameters, {**complaint, "parameters": parameters}
    with torch.no_grad():
        for name, value in own.items():
            value.data = weights[name].to(device=value.device).clone()
    return module, parameters, {}


def run(module: Any, inputs: Any, mode: str) -> Any:
    """What a module gives in "train" or "eval" mode on inputs (a dict: by keyword)."""
    module.train(mode == "train")
    return module(**inputs) if isinstance(inputs, dict) else module(*inputs)


def tensors(tree: Any) -> list[Any]:
    """The tensors in a tree, in order."""
    import torch

    if isinstance(tree, torch.Tensor):
        return [tree]
    if isinstance(tree, dict):
        return [leaf for item in tree.values() for leaf in tensors(item)]
    if isinstance(tree, list | tuple):
        return [leaf for item in tree for leaf in tensors(item)]
    return []


def backward(module: Any, result: Any, probe: Any) -> dict[str, Any]:
    """The gradient of sum(output * probe) for each parameter; None where none arrived."""
    import torch

    own = dict(module.named_parameters())
    for value in own.values():
        value.grad = None
    pairs = zip(tensors(result), tensors(probe), strict=False)
    total = sum((output * weight).sum() for output, weight in pairs)
    if isinstance(total, torch.Tensor) and total.requires_grad:
        torch.autograd.backward(total)
    return {name: value.grad for name, value in own.items()}


def answered(
    entry: Callable[..., Any], arguments: Mapping[str, Any], cotangents: Any
) -> dict[str, Any]:
    """What a reference answers where a function of a program is replaced by it.

    arguments: a tensor that requires a gradient is {"tracked": its number, "tensor": it}, a module
    {"parameters of a module": rows of name, value and gradient}.  Gives {"result", "attached":
    which tensors of floats in it lead back to a tracked one, "modules": the rows as the call left
    them}, or, with cotangents for these tensors, {"gradients": one for each tracked tensor}.
    """
    import torch

    leaves: dict[int, Any] = {}
    modules: list[Any] = []

    def rebuilt(part: Any) -> Any:
        if isinstance(part, dict) and "tracked" in part:
            leaf = part["tensor"].detach().clone().requires_grad_()
            leaves[part["tracked"]] = leaf
            return leaf * 1.0
        if isinstance(part, dict) and "parameters of a module" in part:
            modules.append(module_of(part["parameters of a module"]))
            return modules[-1]
        if isinstance(part, dict):
            return {key: rebuilt(item) for key, item in part.items()}
        return type(part)(map(rebuilt, part)) if isinstance(part, list | tuple) else part

    result = entry(*(rebuilt(value) for value in arguments.values()))
    floats = [leaf for leaf in tensors(result) if leaf.is_floating_point()]
    if cotangents is None:
        rows = [[[n, p.detach(), p.grad] for n, p in one.named_parameters()] for one in modules]
        attached = [leaf.requires_grad for leaf in floats]
        return {"result": result, "attached": attached, "modules": rows}
    tied = [leaf for leaf in floats if leaf.requires_grad]
    torch.autograd.backward(tied, cotangents)
    return {"gradients": [leaves[place].grad for place in sorted(leaves)]}


def module_of(rows: Any) -> Any:
    """A module with these parameters and gradients, and nothing else."""
    import torch

    whole = torch.nn.Module()
    for name, value, grad in rows:
        *path, last = name.split(".")
        owner = whole
        for step in path:
            if step not in owner._modules:
                owner.add_module(step, torch.nn.Module())
            owner = getattr(owner, step)
        parameter = torch.nn.Parameter(value.clone())
        parameter.grad = None if grad is None else grad.clone()
        owner.register_parameter(last, parameter)
    return whole
