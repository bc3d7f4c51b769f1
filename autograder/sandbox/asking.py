"""Questions of a replaced function: the judge answers, and where there is a graph, it goes on.

No code of what answers is in this process.  A tensor that requires a gradient goes out as its
numbers, and what comes back is tied to it: on the way back the judge is asked once more.  A module
goes out as its parameters and their gradients, and gets them back as the call left them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..labcheck import tree

TRACKED, TENSOR, MODULE = "tracked", "tensor", "parameters of a module"

Exchange = Callable[[list[Any], dict[str, Any], Any], tuple[dict[str, Any], Any]]
"""Asks with (args, kwargs) and cotangents or None: the answer's header, and its tree."""


def answered(args: tuple[Any, ...], kwargs: dict[str, Any], exchange: Exchange) -> Any:
    """What the judge says that a call gives."""
    asking = _Asking()
    given = (asking.prepared(list(args)), asking.prepared(kwargs))
    devices = [place for place in tree.devices_of(tree.plain(given)) if place != "cpu"][:1]
    header, result = exchange(*given, None)
    result = tree.live(result, *devices)
    if asking.modules:
        asking.give_back(tree.live(header["modules"]))
    if not asking.tracked:
        return result
    return asking.tied(result, header["attached"], lambda back: exchange(*given, back))


class _Asking:
    """The tensors of one question that require gradients, and its modules, in order."""

    def __init__(self) -> None:
        self.torch = tree.torch_module()
        self.tracked: list[Any] = []
        self.modules: list[Any] = []

    def prepared(self, part: Any) -> Any:
        """The same part as plain data can hold it."""
        if self.torch is not None and isinstance(part, self.torch.nn.Module):
            self.modules.append(part)
            return {MODULE: [[n, p.detach(), p.grad] for n, p in part.named_parameters()]}
        if self.torch is not None and isinstance(part, self.torch.Tensor):
            if not (part.requires_grad and self.torch.is_grad_enabled()):
                return part
            self.tracked.append(part)
            return {TRACKED: len(self.tracked) - 1, TENSOR: part.detach()}
        if isinstance(part, dict):
            return {key: self.prepared(item) for key, item in part.items()}
        if isinstance(part, tuple):
            return tuple(self.prepared(item) for item in part)
        if isinstance(part, list) or hasattr(part, "__next__"):
            return [self.prepared(item) for item in part]
        return part

    def give_back(self, left: list[Any]) -> None:
        """Set parameters and gradients to what the call left in their place."""
        for module, rows in zip(self.modules, left, strict=True):
            own = dict(module.named_parameters())
            with self.torch.no_grad():
                for name, value, grad in rows:
                    own[name].copy_(value)
                    own[name].grad = None if grad is None else grad.to(own[name].device)

    def tied(self, result: Any, attached: list[bool], back: Callable[[Any], Any]) -> Any:
        """The result as it came, its tensors tied to the graph where they are to be."""
        floats: list[Any] = []
        tree.mapped(result, lambda leaf: floats.append(leaf) if self.floating(leaf) else None)
        loose = [leaf for leaf, is_tied in zip(floats, attached, strict=True) if is_tied]
        if not loose:
            return result
        tracked = self.tracked

        class Answered(self.torch.autograd.Function):  # type: ignore[misc,name-defined]
            """Gives what was answered; on the way back asks for gradients."""

            @staticmethod
            def forward(ctx: Any, *leaves: Any) -> Any:
                return tuple(loose)

            @staticmethod
            def backward(ctx: Any, *cotangents: Any) -> Any:
                _, gradients = back(list(cotangents))
                pairs = zip(tree.live(gradients), tracked, strict=True)
                return tuple(
                    None if grad is None else grad.to(leaf.device) for grad, leaf in pairs
                )

        outputs = iter(Answered.apply(*tracked))
        ties = iter(attached)
        return tree.mapped(
            result, lambda leaf: next(outputs) if self.floating(leaf) and next(ties) else leaf
        )

    def floating(self, leaf: Any) -> bool:
        """Whether it is a tensor of floats."""
        return isinstance(leaf, self.torch.Tensor) and leaf.is_floating_point()
