"""An accelerator that is played: a device "cuda:0" whose numbers and gradients are real.

PyTorch computes on the CPU as always, and `placement` keeps marks of which memory a tensor is in.
Inside `accelerator()` programs find the device: they may ask where a tensor is, move it, and make
new ones there, and are refused what CUDA refuses.  Nothing is left registered afterwards.

What it does not show: numerics and random streams of a device, memory, speed, cuDNN's own errors.
Pickles, other threads, compiled programs and non-reentrant checkpoints are outside its marks.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils import _device

from .placement import CPU, CUDA, Rules, any_away, away, moved, settled, tensors

Target = bool | None
"""On the accelerator, on the CPU, or not said."""

_MOVES = {Tensor.to, Tensor.cpu, Tensor.cuda, Tensor.type, Tensor.type_as}
_LIKE_THE_TENSOR = {"new", "new_tensor", "__deepcopy__"}
_OF_DATA = {"tensor", "as_tensor", "asarray"}
_TYPES = (
    *("DoubleTensor", "FloatTensor", "HalfTensor", "BFloat16Tensor", "BoolTensor"),
    *("ByteTensor", "CharTensor", "ShortTensor", "IntTensor", "LongTensor"),
)


def named(place: Any) -> Target:
    """Whether something names the accelerator; None where it names no device, or yet another."""
    if type(place) is int:
        place = torch.device("cuda", place)
    if isinstance(place, str) and place.partition(":")[0] in ("cpu", "cuda"):
        place = torch.device(place)
    if not isinstance(place, torch.device):
        return None
    if place.type == "cuda" and place.index:
        raise RuntimeError("CUDA error: invalid device ordinal")
    return {"cpu": False, "cuda": True}.get(place.type)


def _gradient(tensor: Tensor) -> Tensor | None:
    return None if tensor.grad is None else settled(tensor.grad, away(tensor))


_OF_TENSORS: Any = Tensor
_READ: dict[Any, Callable[[Tensor], Any]] = {
    _OF_TENSORS.device.__get__: lambda t: CUDA if away(t) else t.device,
    _OF_TENSORS.is_cuda.__get__: lambda t: bool(away(t)) or t.is_cuda,
    _OF_TENSORS.is_cpu.__get__: lambda t: not away(t) and t.is_cpu,
    _OF_TENSORS.get_device: lambda t: 0 if away(t) else t.get_device(),
    _OF_TENSORS.grad.__get__: _gradient,
}
"""What a program reads of a tensor."""


class Words(TorchFunctionMode):
    """What a program says of devices: it asks where a tensor is, moves one, or makes one there."""

    def __init__(self, rules: Rules) -> None:
        super().__init__()
        self.rules = rules

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One call of PyTorch's, with what it says of devices understood."""
        if func in _READ:
            return _READ[func](*args)
        kwargs = dict(kwargs or {})
        _refuse(func, args)
        if func in _MOVES:
            return _moved(func, *args, **kwargs)
        name = getattr(func, "__name__", "")
        making = func in _device._device_constructors()
        place = kwargs.get("device")
        where = named(_device.CURRENT_DEVICE if place is None and making else place)
        if where is not None:
            kwargs["device"] = CPU
        result = self._called(func, args, kwargs, bool(where) if making else None)
        if name == "_pad_packed_sequence":
            settled(result[1], False)  # the lengths
        if name in _OF_DATA:
            data = next(iter((*args, *kwargs.values())))
            own = isinstance(data, Tensor) and bool(away(data))
            where = own if where is None else where
            if name != "tensor" and where is not own:
                return moved(result, where)
        elif name in _LIKE_THE_TENSOR and where is None:
            where = away(args[0])
        if where is not None:
            for tensor in tensors(result):
                settled(tensor, where)
        return result

    def _called(self, func: Any, args: Any, kwargs: Mapping[str, Any], home: Target) -> Any:
        """The call; `home`, or where its arguments are, holds for what it makes from nothing."""
        if home is None and getattr(func, "__name__", "") not in ("backward", "grad"):
            home = any_away(args, list(kwargs.values()))
        generator = kwargs.get("generator")
        if generator is not None and getattr(generator, "away", False) is not bool(home):
            wanted, found = ("cuda", "cpu") if home else ("cpu", "cuda")
            raise RuntimeError(
                f"Expected a '{wanted}' device type for generator but found '{found}'"
            )
        outer, self.rules.home = self.rules.home, home
        try:
            return func(*args, **kwargs)
        finally:
            self.rules.home = outer


def _refuse(func: Any, args: Any) -> None:
    """Raises where memory of the accelerator would be read by the host, or gradients be mixed."""
    if func in (Tensor.numpy, Tensor.__array__) and away(args[0]):
        raise TypeError(
            "can't convert cuda:0 device type tensor to numpy. "
            "Use Tensor.cpu() to copy the tensor to host memory first."
        )
    setting = func == _OF_TENSORS.grad.__set__
    if setting and len({bool(away(tensor)) for tensor in tensors(args)}) > 1:
        raise RuntimeError("assigned grad has data located on a different device")


def _moved(func: Any, tensor: Tensor, *others: Any, **options: Any) -> Any:
    """A tensor where it was asked for: itself if it is there, else a copy."""
    if func == Tensor.type:
        return _of_type(tensor, *others, *options.values())
    if func in (Tensor.cpu, Tensor.cuda):
        return _there(tensor, func == Tensor.cuda)
    targets = (_target(one) for one in (*others, *options.values()))
    where = next((target for target in targets if target is not None), None)
    named_here = {name: _on_the_cpu(one) for name, one in options.items()}
    return func(_there(tensor, where), *map(_on_the_cpu, others), **named_here)


def _there(tensor: Tensor, where: Target) -> Tensor:
    return tensor if where is None or where is bool(away(tensor)) else moved(tensor, where)


def _target(said: Any) -> Target:
    """Where an argument of `Tensor.to` sends a tensor."""
    return bool(away(said)) if isinstance(said, Tensor) else named(said)


def _on_the_cpu(said: Any) -> Any:
    return said if isinstance(said, Tensor) or named(said) is None else CPU


def _of_type(tensor: Tensor, kind: Any = None, *_: Any) -> Any:
    """`Tensor.type`: its type in words, or the tensor as another type, wherever that is."""
    if kind is None:
        words = tensor.type()
        return words.replace("torch.", "torch.cuda.", 1) if away(tensor) else words
    if isinstance(kind, torch.dtype):
        return tensor.type(kind)
    text = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__name__}"
    return _there(tensor, ".cuda." in text).type(text.replace(".cuda", ""))


class _GeneratorType(type(torch._C.Generator)):  # type: ignore[misc]
    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, torch._C.Generator)


class Generator(torch._C.Generator, metaclass=_GeneratorType):
    """Inside `accelerator()`, `torch.Generator`: also one of the accelerator."""

    away: bool

    def __new__(cls, device: Any = "cpu") -> Generator:
        """A generator of the device that is named."""
        base: Any = super()
        made: Generator = base.__new__(cls, CPU)
        made.away = bool(named(device))
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        """Where it draws."""
        return CUDA if self.away else CPU


class _TensorType(type):
    """The type of a type such as torch.cuda.FloatTensor, made from torch.FloatTensor."""

    host: Any

    def __call__(cls, *data: Any, **options: Any) -> Tensor:
        return moved(cls.host(*data, **options), True)

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, cls.host) and any_away(one)


def _tensor_type(name: str) -> type:
    return _TensorType(name, (), {"__module__": "torch.cuda", "host": getattr(torch, name)})


def _answering(module: Any, name: str, answer: Any) -> tuple[Any, str, Any]:
    """A function that gives programs this answer, and PyTorch itself what it gave before."""
    before = getattr(module, name)

    def asked(*args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        of_torch = caller.partition(".")[0] == "torch"
        return before(*args, **kwargs) if of_torch else answer

    return module, name, asked


def _answers() -> Iterator[tuple[Any, str, Any]]:
    """(module, name, function) of what programs ask about the devices that there are."""
    of_cuda = {"is_available": True, "device_count": 1, "current_device": 0}
    words = {"synchronize": None, "get_device_name": "an accelerator"}
    asked: list[tuple[Any, dict[str, Any]]] = [(torch.cuda, of_cuda | words)]
    if hasattr(torch, "accelerator"):  # since PyTorch 2.6
        asked.append((torch.accelerator, {"is_available": True, "current_accelerator": CUDA}))
    for module, answers in asked:
        for name, answer in answers.items():
            yield _answering(module, name, answer)


@contextlib.contextmanager
def accelerator() -> Iterator[torch.device]:
    """Programs inside find a device "cuda:0"; tensors on it keep their marks afterwards."""
    rules = Rules()
    words = Words(rules)
    autograd: Any = torch.autograd
    engine = autograd._engine_run_backward

    def heard(*args: Any, **kwargs: Any) -> Any:
        """A backward pass in which `words` hears hooks too, for they are the program's own."""
        on = words in _get_current_function_mode_stack()
        with contextlib.nullcontext() if on else words:
            return engine(*args, **kwargs)

    changes: list[tuple[Any, str, Any]] = [
        (torch, "Generator", Generator),
        (torch.autograd, "_engine_run_backward", heard),
        *((torch.cuda, name, _tensor_type(name)) for name in _TYPES),
        *_answers(),
    ]
    with contextlib.ExitStack() as stack:
        stack.callback(torch.set_default_device, _device.CURRENT_DEVICE)
        for module, name, value in changes:
            stack.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, value)
        stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        stack.enter_context(rules)
        stack.enter_context(words)
        yield CUDA
