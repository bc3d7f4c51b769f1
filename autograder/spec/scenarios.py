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


def buffers_elsewhere(entry: Callable[..., Any], **arguments: Any) -> Any:
    """The call as on a machine with a GPU: new tensors that name no device live on another one.

    All numbers stay where they are, so that programs that read them are tried too.  A tensor of
    the other device is only marked; what PyTorch refuses to put together is refused, what it
    allows (indices, copies, single numbers) is allowed.  A marked result comes back on "meta".
    """
    import torch
    from torch.overrides import TorchFunctionMode

    makers = (
        torch.zeros,
        torch.ones,
        torch.empty,
        torch.full,
        torch.tensor,
        torch.as_tensor,
        torch.eye,
        torch.arange,
        torch.linspace,
        torch.rand,
        torch.randn,
        torch.randint,
        torch.randperm,
    )
    across = ("copy_", "to", "type_as", "_pack_padded_sequence", "tensor_split", "__set__")
    indexing = ("__getitem__", "__setitem__", "index_put", "index_put_")

    def away(tensor: Any) -> bool:
        return getattr(tensor, "lives_elsewhere", False)

    def refused(name: str, args: Any, given: list[Any]) -> bool:
        if name in indexing:
            return away(args[0]) and any(key.dim() and not away(key) for key in tensors(args[1]))
        sides = {away(tensor) for tensor in given if tensor.dim() > 0}
        return len(sides) == 2 and name not in across

    def target(name: str, args: Any, named: dict[str, Any], given: list[Any]) -> bool:
        """Whether what a function gives lives elsewhere."""
        if name == "cpu":
            return True
        if name == "to":
            for place in (*args[1:], named.get("device")):
                if isinstance(place, torch.Tensor):
                    return away(place)
                if isinstance(place, torch.device | str | int):
                    return place == "cpu"
            return away(args[0])
        if name in indexing or name in across:
            return away(args[1] if name in ("type_as", "__set__") else args[0])
        deciding = [tensor for tensor in given if tensor.dim() > 0] or given
        return bool(deciding) and all(map(away, deciding))

    class Elsewhere(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            named, given = kwargs or {}, tensors([args, kwargs])
            name = getattr(func, "__name__", "")
            if func in makers:
                place = named.get("device")
                moved = place in (None, "cpu")
                if place is None and args and isinstance(args[0], torch.Tensor):
                    moved = away(args[0])
            elif refused(name, args, given):
                raise RuntimeError(
                    "Expected all tensors to be on the same device, but found at least two devices"
                )
            else:
                moved = target(name, args, named, given)
            result = func(*args, **named)
            if name == "__set__" and len(given) == 2:
                given[0].lives_elsewhere = moved
            if name in ("to", "cpu", "type_as") and result is args[0] and moved != away(result):
                result = result.view_as(result)
            for tensor in tensors(result):
                if moved != away(tensor) and not any(tensor is known for known in given):
                    tensor.lives_elsewhere = moved
            return result

    with Elsewhere():
        result = entry(*arguments.values())

    def shown(tree: Any) -> Any:
        if isinstance(tree, torch.Tensor):
            return tree.to("meta") if away(tree) else tree
        if isinstance(tree, dict):
            return {key: shown(item) for key, item in tree.items()}
        return type(tree)(map(shown, tree)) if type(tree) in (list, tuple) else tree

    return shown(result)


def logits_elsewhere(
    entry: Callable[..., Any], init: Any, tokens: Any, lengths: Any, true: Any
) -> Any:
    """The logits of ``entry(*init)`` on a device other than the CPU, played by the meta device.

    Tensors of that device have no numbers, so the lengths, which are `true`, and whole numbers
    that come from them alone are worked out on the CPU as well, for those who fetch them from
    there.  What PyTorch's own pad_packed_sequence fetches is zeros.
    """
    import sys

    import torch
    from torch.overrides import TorchFunctionMode

    place = tokens.device
    fetching = (torch.Tensor.cpu, torch.Tensor.tolist, torch.Tensor.item, torch.Tensor.to)
    values = {id(lengths): (lengths, torch.tensor(true))}

    def away(value: Any) -> bool:
        return isinstance(value, torch.Tensor) and value.device == place

    def on_cpu(value: Any) -> Any:
        if type(value) in (list, tuple):
            return type(value)(map(on_cpu, value))
        if isinstance(value, torch.device | str) and str(value) == str(place):
            return "cpu"
        return values[id(value)][1] if away(value) else value

    def remember(result: Any, value: Any) -> None:
        if isinstance(result, tuple | list):
            for item, item_value in zip(result, value, strict=True):
                remember(item, item_value)
        elif away(result) and not result.is_floating_point():
            values[id(result)] = (result, value)

    class Fetched(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            first = args[0] if args else None
            where = [str(arg) for arg in (*args[1:], kwargs.get("device"))]
            to_host = func in fetching and (func is not torch.Tensor.to or "cpu" in where)
            if to_host and isinstance(first, torch.Tensor) and away(first):
                caller = sys._getframe(1).f_code.co_filename.replace("\\", "/")
                if caller.endswith("torch/nn/utils/rnn.py"):
                    return torch.zeros(first.shape, dtype=first.dtype)
                if id(first) in values:
                    return func(on_cpu(first).clone(), *args[1:], **kwargs)
            result = func(*args, **kwargs)
            name = getattr(func, "__name__", "")
            try:
                if "empty" not in name and "rand" not in name:
                    named = {key: on_cpu(value) for key, value in kwargs.items()}
                    remember(result, func(*on_cpu(args), **named))
            except Exception:
                if name.endswith("_"):  # in place: what was known of it holds no longer
                    values.pop(id(first), None)
            return result

    module = entry(*init).float().to(place)
    with Fetched():
        return module(tokens, lengths)
