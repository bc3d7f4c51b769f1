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
    """The call as on a machine with a GPU: new tensors that name no device live on another one.

    All numbers stay where they are, so that programs that read them are tried too.  A tensor of
    the other device is only marked; what PyTorch refuses to put together is refused, what it
    allows (indices, copies, single numbers) is allowed.  A marked result comes back on "meta".
    """
    import torch
    from torch.overrides import TorchFunctionMode

    makers = (
        torch.zeros, torch.ones, torch.empty, torch.full, torch.tensor, torch.as_tensor, torch.eye,
        torch.arange, torch.linspace, torch.rand, torch.randn, torch.randint, torch.randperm,
    )  # fmt: skip
    across = ("copy_", "to", "type_as", "_pack_padded_sequence", "tensor_split", "__set__")
    indexing = ("__getitem__", "__setitem__", "index_put", "index_put_")

    def tensors(part: Any) -> list[Any]:
        if isinstance(part, torch.Tensor):
            return [part]
        if isinstance(part, dict):
            return [one for item in part.values() for one in tensors(item)]
        if isinstance(part, list | tuple):
            return [one for item in part for one in tensors(item)]
        return []

    def away(tensor: Any) -> bool:
        return getattr(tensor, "lives_elsewhere", False)

    def refused(name: str, args: Any, given: list[Any]) -> bool:
        if name in indexing:
            return away(args[0]) and any(one.dim() and not away(one) for one in tensors(args[1]))
        sides = {away(one) for one in given if one.dim() > 0}
        return len(sides) == 2 and name not in across

    def target(name: str, args: Any, named: dict[str, Any], given: list[Any]) -> bool:
        """Whether what a function gives lives elsewhere."""
        if name == "cpu":
            return True
        if name == "to":
            places = [one for one in (*args[1:], named.get("device")) if one is not None]
            for place in places:
                if isinstance(place, torch.Tensor):
                    return away(place)
                if isinstance(place, torch.device | str | int):
                    return place == "cpu"
            return away(args[0])
        if name in indexing or name in across:
            return away(args[1] if name in ("type_as", "__set__") else args[0])
        telling = [one for one in given if one.dim() > 0] or given
        return bool(telling) and all(away(one) for one in telling)

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
            for one in tensors(result):
                if moved != away(one) and not any(one is other for other in given):
                    one.lives_elsewhere = moved
            return result

    with Elsewhere():
        result = entry(*arguments.values())

    def shown(part: Any) -> Any:
        if isinstance(part, torch.Tensor):
            return part.to("meta") if away(part) else part
        if isinstance(part, dict):
            return {key: shown(item) for key, item in part.items()}
        return type(part)(map(shown, part)) if type(part) in (list, tuple) else part

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
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
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
