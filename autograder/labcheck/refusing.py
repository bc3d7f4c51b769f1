"""Forbidden functions that refuse: they are taken out of a process, whatever they are reached by.

Reading a program finds what it names; this finds the rest as it is called.  A function written in
Python gets another body, so that each of its names refuses, in whatever container.  An operator of
PyTorch's gets kernels that refuse, below its names in Python, compiled texts and other threads.
What else is written in C is replaced in every module that holds it.

There is nothing to switch off: what was there before is nowhere in the process any more, unless
`undo` is kept.  What this cannot see is the text of a forbidden function, pasted or read from its
file in a way that Python does not notice, and memory that is changed byte by byte.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import types
import warnings
from collections.abc import Callable, Collection, Iterator
from typing import Any, NoReturn

from .tree import torch_module

NOTED: list[str] = []
"""What was refused in this process; a program that catches a refusal is told of it too."""

METHODS = ("__new__", "__init__", "forward")
"""What of a class refuses: to be made, and to be run by a class below it."""

_COMPOSITE = ("CompositeImplicitAutograd", "CompositeExplicitAutograd")
_BACKENDS = (
    *("CPU", "CUDA", "MPS", "XPU", "MkldnnCPU", "QuantizedCPU", "QuantizedCUDA", "SparseCPU"),
    *("NestedTensorCPU", "CompositeImplicitAutogradNestedTensor"),
    *("CompositeExplicitAutogradNonFunctional", "FuncTorchBatched"),
)
KEYS = (*_COMPOSITE, *_BACKENDS)
"""Where PyTorch keeps what an operator does; what is above these calls one of them."""

Undo = Callable[[], Any]


class Forbidden(BaseException):
    """What the work is about doing without was used; no ``except Exception`` hides it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} may not be used here")
        self.package = name


def refuse(name: str) -> NoReturn:
    """Note what was used, and raise Forbidden."""
    NOTED.append(name)
    raise Forbidden(name)


@contextlib.contextmanager
def refusing(names: Collection[str]) -> Iterator[None]:
    """Inside, these dotted names refuse, and all below them."""
    undo = taken_out(names)
    try:
        yield
    finally:
        for back in reversed(undo):
            back()


def taken_out(names: Collection[str]) -> list[Undo]:
    """Have these dotted names refuse, and all below them; what puts each of them back.

    A name that is not there is passed over.  Of several names for one thing the first is told.
    """
    return [undo for name in reversed([*names]) for undo in _taken_out(name)]


def _taken_out(name: str) -> Iterator[Undo]:
    if name.startswith("torch.ops."):
        yield from _operator(name.removeprefix("torch.ops.").replace(".", "::", 1), name)
        return
    target = found(name)
    if isinstance(target, types.ModuleType):
        for said, part in list(_parts(name)):
            yield from _one(part, said)
    elif target is not None:
        yield from _one(target, name)


def _one(target: Any, name: str) -> Iterator[Undo]:
    if isinstance(target, types.FunctionType):
        yield from _function(target, name)
    elif isinstance(target, type):
        for method in METHODS:
            own = vars(target).get(method)
            if getattr(own, "__module__", "") == target.__module__:  # an Enum's are Python's own
                yield from _function(own, name)
    elif callable(target):
        operator = f"aten::{name.rpartition('.')[2]}"
        known = name.startswith("torch.") and _kernels(operator)
        yield from _operator(operator, name) if known else _everywhere(target, name)


# -- where a name leads --------------------------------------------------------------------------


def found(name: str) -> Any:
    """What a dotted name stands for among the modules that are loaded; None where nothing does."""
    parts = name.split(".")
    for size in range(len(parts), 0, -1):
        target: Any = sys.modules.get(".".join(parts[:size]))
        if target is not None:
            for part in parts[size:]:
                target = getattr(target, part, None)
            return target
    return None


def _parts(package: str) -> Iterator[tuple[str, Any]]:
    """The functions and classes that a package defines, each under its shortest name."""
    for name, module in list(sys.modules.items()):
        if module is not None and _below(name, package):
            for part in list(vars(module).values()):
                own = isinstance(part, types.FunctionType | type)
                if own and _below(str(part.__module__), package):
                    yield _shortest(f"{part.__module__}.{part.__qualname__}", part), part


def _below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _shortest(name: str, target: Any) -> str:
    """torch.nn.RNN for torch.nn.modules.rnn.RNN."""
    *parts, last = name.split(".")
    for size in range(1, len(parts)):
        package = ".".join(parts[:size])
        if vars(sys.modules.get(package, types)).get(last) is target:
            return f"{package}.{last}"
    return name


# -- how it is made to refuse --------------------------------------------------------------------


def _refuser(name: str) -> Callable[..., NoReturn]:
    def refused(*_: Any, **__: Any) -> NoReturn:
        refuse(name)

    return refused


def _template(*_: Any, **__: Any) -> Any:
    refused: Any = "refused"
    return refused()


def _function(function: Any, name: str) -> Iterator[Undo]:
    """Another body for a function, and for what it wraps; it looks up nothing."""
    if isinstance(function, staticmethod):
        function = function.__func__
    while isinstance(function, types.FunctionType):
        before, refused = function.__code__, _refuser(name)
        constants = (refused if one == "refused" else one for one in _template.__code__.co_consts)
        function.__code__ = _template.__code__.replace(
            co_consts=tuple(constants), co_freevars=before.co_freevars
        )
        yield _setter(function, "__code__", before)
        function = vars(function).get("__wrapped__")


def _setter(owner: Any, name: str, value: Any) -> Undo:
    return lambda: setattr(owner, name, value)


def _everywhere(target: Any, name: str) -> Iterator[Undo]:
    """A refusal in place of an object in every module that holds it."""
    for module in list(sys.modules.values()):
        space = getattr(module, "__dict__", {})
        for key in [key for key, value in space.items() if value is target]:
            yield _item(space, key, target)
            space[key] = _refuser(name)


def _item(space: dict[str, Any], key: str, value: Any) -> Undo:
    return lambda: space.update({key: value})


def _kernels(operator: str) -> list[tuple[str, str]]:
    """(overload, key) of what an operator such as "aten::one_hot" does; none where it is none."""
    torch = torch_module()
    if torch is None:
        return []
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    names = [one.overload_name for one in torch._C._jit_get_schemas_for_operator(operator)]
    full = {name: f"{operator}.{name}".rstrip(".") for name in names}
    known = {name for name in names if torch._C._dispatch_has_kernel(full[name])}
    return [(name, key) for name in names if name in known for key in KEYS if has(full[name], key)]


def _operator(operator: str, name: str) -> Iterator[Undo]:
    """Kernels that refuse, and bodies that refuse for what PyTorch has of it in Python."""
    torch, kernels = torch_module(), _kernels(operator)
    if not kernels:
        return
    package, _, short = operator.partition("::")
    library = torch._C._dispatch_library("IMPL", package, "", __file__, 1)
    # Not even the collector of garbage gets at it: with it go the kernels.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
    yield library.reset
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there were kernels before
        for overload, key in kernels:
            library.impl(f"{short}.{overload}".rstrip("."), key, _refuser(name))
    packet = getattr(getattr(torch.ops, package), short)
    for overload in {overload for overload, _ in kernels}:
        bodies = getattr(packet, overload or "default").py_kernels
        for key, body in list(bodies.items()):
            if str(key) != "DispatchKey.Meta":
                yield from _function(body, name)


# -- doors that stay shut afterwards -------------------------------------------------------------


def shut_doors(names: Collection[str], folders: Collection[str]) -> None:
    """Refuse, for ever, what could bring the forbidden back; call it after `taken_out`.

    Foreign memory and libraries that are not in `folders`, other bodies for functions, the files
    in which forbidden functions stand, and modules of forbidden names that are not loaded yet.
    These are no accusations: only what is forbidden itself is noted.
    """
    roots, files = tuple(folders), frozenset(_files(names))
    absent = tuple(name for name in names if found(name) is None)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith("ctypes."):
            raise OSError("foreign functions cannot be called here")
        if event == "object.__setattr__" and arguments[1] == "__code__":
            raise PermissionError("functions keep their bodies here")
        if event == "open" and str(arguments[0]).rpartition("/lib/")[2] in files:
            raise PermissionError("this file cannot be read here")
        if event == "import":
            name, file = arguments[:2]
            if file is not None and not str(file).startswith(roots):
                raise ImportError("libraries of your own cannot be loaded here")
            if any(_below(str(name), one) for one in absent):
                refuse(str(name))

    sys.addaudithook(hook)


def _files(names: Collection[str]) -> Iterator[str]:
    """Where forbidden functions stand in Python, below lib/: their texts, and these compiled."""
    for name in names:
        target = found(name)
        if isinstance(target, types.FunctionType | type):
            target = sys.modules.get(str(target.__module__))
        for file in (getattr(target, "__file__", None), getattr(target, "__cached__", None)):
            if file is not None and isinstance(target, types.ModuleType):
                yield file.rpartition("/lib/")[2]
