"""Which memory a tensor is in, and what may meet: the rules of the accelerator that is played.

Tensors of the accelerator are ordinary tensors of the CPU whose storage carries a mark, so views,
`.detach()`, `.data =`, parameters and autograd carry it by themselves.  `Rules` sees every
operation below autograd, those of backward passes too: it refuses what CUDA refuses to put
together, and marks what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from .tree import MARK

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
MIXED = "Expected all tensors to be on the same device, but"

_aten = torch.ops.aten
_functorch: Any = torch._C._functorch
_ACROSS = {_aten.copy_, _aten._foreach_copy_, _aten.set_}
"""From one memory into the other."""

_INDEXING = {
    *(_aten.index, _aten.index_put, _aten.index_put_, _aten._index_put_impl_),
    *(_aten._unsafe_index, _aten._unsafe_index_put),
}
"""Their indices may be on the CPU wherever the indexed tensor is."""

_SINGLE_NUMBERS = {
    *(_aten.fill_, _aten.masked_fill, _aten.masked_fill_, _aten.index_fill, _aten.index_fill_),
    *(_aten.floor_divide, _aten.floor_divide_, _aten.rsub, _aten.bernoulli_),
    *_INDEXING,
}
"""Besides what is tagged pointwise: these take a single number from the CPU."""


def tensors(part: object) -> list[Tensor]:
    """The tensors in arguments or results, in order."""
    if isinstance(part, Tensor):
        return [part]
    if isinstance(part, Mapping):
        part = list(part.values())
    if isinstance(part, list | tuple):
        return [tensor for item in part for tensor in tensors(item)]
    return []


def away(tensor: Tensor) -> bool | None:
    """Whether a tensor is on the accelerator; None where that is open, as in `Rules.home`."""
    mark: bool | None = getattr(_memory(tensor), MARK, False)
    return mark


def _memory(tensor: Tensor) -> Any:
    """The storage of a tensor's numbers: of those that a sparse one has, or that vmap maps."""
    try:
        return tensor.untyped_storage()
    except NotImplementedError:
        if _functorch.is_functorch_wrapped_tensor(tensor):
            return _memory(_functorch.get_unwrapped(tensor))
        return _memory(tensor._values() if tensor.is_sparse else tensor.values())


def any_away(*parts: object) -> bool:
    """Whether some tensor in these is on the accelerator."""
    return any(away(tensor) for tensor in tensors(parts))


def settled(tensor: Tensor, where: bool | None) -> Tensor:
    """The tensor, its memory said to be on the accelerator, on the CPU, or open (None)."""
    setattr(_memory(tensor), MARK, where)
    return tensor


class Move(torch.autograd.Function):
    """A copy in the memory that is asked for; its gradient goes back to where the tensor was."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, where: bool) -> Tensor:
        """The copy, on the accelerator or on the CPU."""
        ctx.back = bool(away(tensor))
        return settled(tensor.clone(), where)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """The gradient of the tensor that was copied."""
        return moved(gradients[0], ctx.back), None


def moved(tensor: Tensor, where: bool) -> Tensor:
    """A copy of a tensor on the accelerator, or on the CPU."""
    copy: Any = Move
    copied: Tensor = copy.apply(tensor, where)
    return copied


class Rules(TorchDispatchMode):
    """What may meet, and where a result is.

    home: where a tensor is that the call in progress makes from nothing.  None leaves it open: in
    a backward pass it goes with the first tensor that it meets.
    """

    def __init__(self) -> None:
        base: Any = super()
        base.__init__()
        self.home: bool | None = None

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # True imports torch._dynamo at the first operation, which takes seconds

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One operation, refused where CUDA would refuse it, its results marked."""
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunction():
            if func is _aten._pack_padded_sequence.default:
                return _packed(func, args, kwargs)
            marks = {away(tensor) for tensor in tensors((*args, *kwargs.values()))}
            across = len(marks) > 1 and func.overloadpacket in _ACROSS
            if marks >= {True, False} and not across:
                _check(func, args, kwargs)
            result = func(*args, **kwargs)
            if across:
                _settle_open(result, away(args[1]))
            elif len(marks) > 1 and _is_foreach(func):
                for given, made in zip(args[0], result or (), strict=False):
                    settled(made, away(given))
            elif marks != {False}:
                here = self._where(marks)
                for tensor in tensors(result):
                    settled(tensor, here)
            return result

    def _where(self, marks: set[bool | None]) -> bool | None:
        """Where a result is whose arguments have these marks, of which one is not False."""
        if marks:
            return True if True in marks else False if False in marks else None
        inside_backward = torch._C._current_graph_task_id() != -1
        return self.home if self.home is not None or inside_backward else False


def _packed(func: Any, args: Any, kwargs: Any) -> Any:
    """Packing wants its lengths on the CPU, and gives the batch sizes there."""
    x, lengths = args[:2]
    if away(lengths):
        kind = lengths.type().removeprefix("torch.").removesuffix("Tensor")
        raise RuntimeError(
            "'lengths' argument should be a 1D CPU int64 tensor, "
            f"but got {lengths.dim()}D cuda:0 {kind} tensor"
        )
    data, batch_sizes = func(*args, **kwargs)
    return settled(data, away(x)), batch_sizes


def _settle_open(result: object, where: bool | None) -> None:
    for tensor in tensors(result):
        if away(tensor) is None:
            settled(tensor, where)


def _is_foreach(func: Any) -> bool:
    return "::_foreach_" in func._schema.name


def _check(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raises what CUDA raises where tensors of two memories meet that may not."""
    schema, packet = func._schema, func.overloadpacket
    given = [
        (argument, args[place] if place < len(args) else kwargs.get(argument.name))
        for place, argument in enumerate(schema.arguments)
    ]
    if _is_foreach(func):  # each place in the lists is an operation of its own
        lists = [(argument, value) for argument, value in given if isinstance(value, list | tuple)]
        for row in zip(*(value for _, value in lists), strict=False):
            columns = zip(lists, row, strict=True)
            _check_together(func, [(argument, item) for (argument, _), item in columns], True)
        return
    if packet in _INDEXING:
        _, indices = given.pop(1)
        if away(args[0]) is False and any_away(indices):
            raise RuntimeError(
                "indices should be either on cpu or on the same device as the indexed tensor (cpu)"
            )
    numbers = torch.Tag.pointwise in func.tags or packet in _SINGLE_NUMBERS
    _check_together(func, given, numbers)


def _check_together(func: Any, given: Sequence[tuple[Any, Any]], numbers: bool) -> None:
    """numbers: whether single numbers may come from the CPU, where they are not written to."""
    first: bool | None = None
    for argument, value in given:
        written = argument.alias_info is not None and argument.alias_info.is_write
        for tensor in tensors(value):
            where = away(tensor)
            if where is None or (numbers and not where and not written and not tensor.dim()):
                continue
            if first is None:
                first = where
            if where is not first:
                raise RuntimeError(_refusal(func, argument.name, where, numbers))


def _refusal(func: Any, name: str, where: bool, pointwise: bool) -> str:
    """PyTorch's own words."""
    if pointwise:
        return f"{MIXED} found at least two devices, cuda:0 and cpu!"
    here, there = ("cuda:0", "cpu") if where else ("cpu", "cuda:0")
    method = f"{func._schema.overload_name}_{func._schema.name.removeprefix('aten::')}"
    return (
        f"{MIXED} got {name} is on {here}, different from other tensors on {there} "
        f"(when checking argument in method wrapper_CUDA_{method})"
    )
