"""Plain data: what a call takes and gives, as numbers and containers that cannot execute.

``plain`` turns live objects into a tree, ``live`` turns a tree into live objects, and ``encode``
and ``decode`` write a tree as JSON, with its arrays inside or beside it.  A tree is None, bool,
int, float, str, `Array`, or a list, tuple or dict (str or int keys) of trees.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tree = Any
"""A tree as the module's docstring says; Python's types cannot express it usefully."""

MARK = "away"
"""The attribute of a storage that says that it is on the accelerator of `accelerator`."""

MAX_BYTES = 64 * 2**20
MAX_NODES = 200_000
MAX_DEPTH = 24
NODE = 64
"""Bytes that a part of a tree takes beside its numbers and letters."""
MAX_TEXT = 65_536


class NotPlain(ValueError):  # noqa: N818 - a reason
    """A value that is no plain data; the message says what it is, as in "you returned …"."""


@dataclass(frozen=True, eq=False)
class Array:
    """Numbers with what is known about their container.

    values: bool, int or float, any shape.  kind: "numpy", "torch" or "scalar" (a NumPy number that
    is no array).  dtype: as the owner had it ("bfloat16" too).  device: "cpu", "cuda:0" or "meta",
    where values are zeros that stand for the shape alone.  layout: how an argument lies in memory,
    "C" in order, "strided" with gaps, "turned" with the axes stored in reverse.  sums: of numbers
    of which a record keeps no more; values are zeros then, too.
    """

    values: NDArray[Any]
    kind: str = "numpy"
    dtype: str = ""
    device: str = "cpu"
    layout: str = "C"
    sums: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.dtype:
            object.__setattr__(self, "dtype", name_of(self.values.dtype))


def torch_module() -> Any:
    """PyTorch if this process has imported the real one, else None."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "Tensor") and hasattr(torch, "meshgrid") else None


def place_of(tensor: Any) -> str:
    """Where a dense tensor is, as PyTorch calls it: "cuda:0" on the accelerator that is played."""
    marked = getattr(tensor.untyped_storage(), MARK, False)
    return "cuda:0" if marked else str(tensor.device)


def plain(value: object, most: int = MAX_BYTES) -> Tree:
    """The tree of a live value; raises NotPlain with a sentence's end for anything else.

    most: bytes that it may weigh, see `weight`.
    """
    budget = [MAX_NODES, most]
    return _plain(value, torch_module(), budget, 0)


def _plain(value: Any, torch: Any, budget: list[int], depth: int) -> Tree:
    budget[0] -= 1
    if depth > MAX_DEPTH:
        raise NotPlain("something nested too deeply")
    if budget[0] < 0:
        raise NotPlain("too many parts")
    _charge(NODE, budget)
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if kind is int:
        if value.bit_length() > 63:
            raise NotPlain("an integer that does not fit into 64 bits")
        return value
    if kind is str:
        if len(value) > MAX_TEXT:
            raise NotPlain("a text that is too long")
        _charge(len(value), budget)
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, _NUMPY):
        return _plain_numpy(value, budget)
    if torch is not None and isinstance(value, torch.Tensor):
        return _plain_tensor(value, torch, budget)
    if torch is not None and isinstance(value, torch.nn.utils.rnn.PackedSequence):
        raise NotPlain("a PackedSequence")
    if isinstance(value, tuple):
        return tuple(_plain(item, torch, budget, depth + 1) for item in tuple.__iter__(value))
    if isinstance(value, list):
        return [_plain(item, torch, budget, depth + 1) for item in list.__iter__(value)]
    if isinstance(value, dict):
        items = dict.items(value)
        return {_plain_key(key): _plain(item, torch, budget, depth + 1) for key, item in items}
    raise NotPlain(_with_article(kind.__name__))


def _plain_key(key: object) -> str | int:
    if type(key) is str and len(key) <= 1000:
        return key.encode("utf-8", "backslashreplace").decode("utf-8")
    if type(key) is int and key.bit_length() <= 63:
        return key
    raise NotPlain(f"a dict with a key that is {_with_article(type(key).__name__)}")


def _plain_numpy(value: Any, budget: list[int]) -> Array:
    scalar = isinstance(value, np.generic)
    if not scalar and type(value) is not np.ndarray:
        raise NotPlain(f"{_with_article(type(value).__name__)} in place of a plain array")
    if value.dtype.kind not in "biuf":
        raise NotPlain(f"an array of {value.dtype.name}")
    _charge(int(value.size) * max(8, value.dtype.itemsize), budget)
    dtype = value.dtype
    target = np.dtype(np.float64) if dtype.itemsize > 8 else dtype.newbyteorder("=")
    values = np.array(value, dtype=target, order="C", copy=True)
    return Array(values, "scalar" if scalar else "numpy", name_of(dtype))


def _plain_tensor(value: Any, torch: Any, budget: list[int]) -> Array:
    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        raise NotPlain(f"{_with_article(type(value).__name__)} in place of a plain tensor")
    if value.layout != torch.strided or value.is_quantized:
        raise NotPlain("a tensor that is not dense")
    name = str(value.dtype).removeprefix("torch.")
    if value.dtype.is_complex or name not in TORCH_DTYPES:
        raise NotPlain(f"a tensor of {name}")
    _charge(int(value.numel()) * 8, budget)
    if value.device.type == "meta":
        zeros = np.broadcast_to(np.zeros((), TORCH_DTYPES[name]), tuple(value.shape))
        return Array(zeros, "torch", name, "meta")
    flat = value.detach().to("cpu").resolve_neg()
    if name == "bfloat16":
        flat = flat.float()
    values = np.array(flat.numpy(), order="C", copy=True)
    return Array(values, "torch", name, place_of(value))


_NUMPY = (np.ndarray, np.generic)
_SAME = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
TORCH_DTYPES = {name: name for name in _SAME} | {"bfloat16": "float32"}
"""The NumPy dtype that holds the numbers of a tensor, by the tensor's dtype."""

INLINE_DTYPES = frozenset({*TORCH_DTYPES.values(), "uint16", "uint32", "uint64"})
"""dtypes of arrays whose numbers, or whose shape alone, stand in the JSON."""

_NAMES = {np.dtype(name): name for name in INLINE_DTYPES}


def name_of(dtype: np.dtype[Any]) -> str:
    """The name of a dtype, as in "float64"; NumPy works it out anew each time that it is asked."""
    return _NAMES.get(dtype) or dtype.name


def _charge(size: int, budget: list[int]) -> None:
    budget[1] -= size
    if budget[1] < 0:
        raise NotPlain("more numbers than any answer needs")


def untouched(tree: Tree, value: Any) -> bool:
    """Whether a live value is what `live` made of a tree, to the last bit, seen without copying.

    True is certain; a value may be the same, and be too odd for that.
    """
    kind = type(value)
    if isinstance(tree, Array):
        if tree.kind == "torch":
            return _is_tensor(tree, value)
        if tree.kind == "scalar":
            return isinstance(value, np.generic) and _has_bits(tree, np.asarray(value))
        return kind is np.ndarray and _has_bits(tree, value)
    if kind is not type(tree):
        return False
    if isinstance(tree, list | tuple):
        return len(tree) == len(value) and all(map(untouched, tree, value))
    if isinstance(tree, dict):
        return list(tree) == list(value) and all(map(untouched, tree.values(), value.values()))
    if kind is float:
        return bool(tree == value) and math.copysign(1.0, tree) == math.copysign(1.0, value)
    return tree is None or (isinstance(tree, bool | int | str) and bool(tree == value))


def _is_tensor(tree: Array, value: Any) -> bool:
    """The same of a tensor on the CPU, or a parameter."""
    torch = torch_module()
    if torch is None or type(value) not in (torch.Tensor, torch.nn.Parameter):
        return False
    plain_one = value.layout is torch.strided and not value.is_quantized and not value.is_neg()
    if not plain_one or str(value.device) != "cpu" or value.dtype is torch.bfloat16:
        return False
    return place_of(value) == tree.device == "cpu" and _has_bits(tree, value.detach().numpy())


def _has_bits(tree: Array, values: NDArray[Any]) -> bool:
    own = tree.values
    return (
        (values.dtype, values.shape) == (own.dtype, own.shape)
        and name_of(own.dtype) == tree.dtype
        and values.tobytes() == own.tobytes()
    )


def numbers_in(value: Any) -> int:
    """How many numbers a tree or a live value holds; its text travels, and needs nothing else."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return sum(map(numbers_in, value))
    if hasattr(value, "numel"):
        return int(value.numel())
    return int(getattr(getattr(value, "values", value), "size", 1))


def _with_article(name: str) -> str:
    shown = name[:60]
    return f"{'an' if shown[:1].lower() in 'aeiou' else 'a'} {shown}"


def live(tree: Tree, device: str = "cpu") -> Any:
    """Live objects for a tree: NumPy arrays, tensors on `device`, and Python's own containers."""
    if isinstance(tree, Array):
        values = _laid_out(tree)
        if tree.kind == "torch":
            import torch

            tensor = torch.from_numpy(values)
            if tree.dtype == "bfloat16":
                tensor = tensor.bfloat16()
            return tensor if device == "cpu" else tensor.to(device)
        return values[()] if tree.kind == "scalar" else values
    return mapped(tree, lambda leaf: live(leaf, device) if isinstance(leaf, Array) else leaf)


def _laid_out(array: Array) -> NDArray[Any]:
    """A fresh array with the layout asked for; the values are the same."""
    values = array.values
    if array.layout == "turned" and values.ndim > 1:
        return np.array(values, order="F", copy=True)
    if array.layout == "strided" and values.ndim > 0:
        wide = np.full((*values.shape[:-1], 2 * values.shape[-1]), 7, dtype=values.dtype)
        wide[..., ::2] = values
        return wide[..., ::2]
    return np.array(values, order="C", copy=True)


def mapped(tree: Tree, change: Callable[[Any], Any]) -> Tree:
    """The same containers with `change` applied to each leaf."""
    if isinstance(tree, tuple):
        return tuple(mapped(item, change) for item in tree)
    if isinstance(tree, list):
        return [mapped(item, change) for item in tree]
    if isinstance(tree, dict):
        return {key: mapped(item, change) for key, item in tree.items()}
    return change(tree)


def weight(tree: Tree) -> int:
    """Bytes that a tree takes at most, numbers counted that only a shape stands for."""
    total, pending = 0, [tree]
    while pending:
        part = pending.pop()
        total += NODE
        if isinstance(part, Array):
            total += part.values.size * max(8, part.values.itemsize)
        elif isinstance(part, str):
            total += len(part)
        elif isinstance(part, dict):
            pending += part.values()
        elif isinstance(part, list | tuple):
            pending += part
    return total


def devices_of(tree: Tree) -> tuple[str, ...]:
    """Where the tensors in a tree are, each place once; empty where there are none."""
    found: set[str] = set()

    def look(leaf: Any) -> None:
        if isinstance(leaf, Array) and leaf.kind == "torch":
            found.add(leaf.device)

    mapped(tree, look)
    return tuple(sorted(found))


def on_cpu(tree: Tree) -> Tree:
    """The same tree with nothing said of another device."""
    return mapped(
        tree,
        lambda leaf: (
            replace(leaf, device="cpu")
            if isinstance(leaf, Array) and leaf.device != "cpu"
            else leaf
        ),
    )


def cast(tree: Tree, dtype: str, layout: str = "C") -> Tree:
    """The same tree with float arrays in another dtype, and every array in another layout.

    layout: as in Array, or "mixed": by columns and with gaps by turns.
    """
    turns = itertools.cycle(("turned", "strided"))

    def change(leaf: Any) -> Any:
        if not isinstance(leaf, Array):
            return leaf
        own = "strided" if layout == "mixed" else layout
        if layout == "mixed" and leaf.values.ndim > 1:
            own = next(turns)
        if leaf.values.dtype.kind != "f":
            return replace(leaf, layout=own)
        return replace(leaf, values=leaf.values.astype(dtype), dtype=dtype, layout=own)

    return mapped(tree, change)


def encode(tree: Tree, arrays: dict[str, NDArray[Any]] | None = None) -> Any:
    """JSON for a tree; numbers of arrays go into `arrays` by name, or inside where it is None."""
    if isinstance(tree, Array):
        node: dict[str, Any] = {"kind": tree.kind, "dtype": tree.dtype}
        if tree.device != "cpu":
            node["device"] = tree.device
        if tree.layout != "C":
            node["layout"] = tree.layout
        if tree.device != "meta" and arrays is not None:
            node["array"] = f"{len(arrays)}"
            arrays[node["array"]] = tree.values
            return {"a": node}
        node["shape"] = list(tree.values.shape)
        if tree.sums:
            node["sums"] = list(tree.sums)
        elif tree.device != "meta":
            node["values"] = tree.values.ravel().tolist()
        return {"a": node}
    if isinstance(tree, tuple):
        return {"t": [encode(item, arrays) for item in tree]}
    if isinstance(tree, list):
        return {"l": [encode(item, arrays) for item in tree]}
    if isinstance(tree, dict):
        return {"d": [[key, encode(item, arrays)] for key, item in tree.items()]}
    return tree


def decode(node: Any, arrays: Mapping[str, NDArray[Any]] | None = None, depth: int = 0) -> Tree:
    """The tree of what `encode` wrote; raises ValueError for anything that it would not write."""
    if depth > MAX_DEPTH + 1:
        raise ValueError("nested too deeply")
    if node is None or isinstance(node, bool | int | float | str):
        return node
    if not isinstance(node, dict) or len(node) != 1:
        raise ValueError("not a node")
    ((tag, body),) = node.items()
    if tag == "a" and isinstance(body, dict):
        return _decode_array(body, arrays)
    if not isinstance(body, list):
        raise ValueError("not a node")
    if tag == "d":
        pairs = [(key, decode(item, arrays, depth + 1)) for key, item in body]
        if not all(isinstance(key, str | int) for key, _ in pairs):
            raise ValueError("not a key")
        return dict(pairs)
    items = [decode(item, arrays, depth + 1) for item in body]
    if tag == "t":
        return tuple(items)
    if tag == "l":
        return items
    raise ValueError("not a node")


def _decode_array(body: dict[str, Any], arrays: Mapping[str, NDArray[Any]] | None) -> Array:
    kind, dtype = body.get("kind"), body.get("dtype")
    device, layout = body.get("device", "cpu"), body.get("layout", "C")
    if kind not in ("numpy", "torch", "scalar") or not _short(dtype) or not _short(device):
        raise ValueError("not an array")
    dtype = str(dtype)
    if layout not in ("C", "strided", "turned"):
        raise ValueError("not a layout")
    if "array" in body:
        if arrays is None or body["array"] not in arrays:
            raise ValueError("an array is missing")
        values = arrays[body["array"]]
        if (kind == "scalar" and values.ndim) or not _holds(values.dtype, dtype):
            raise ValueError("not the array that it says it is")
        return Array(values, kind, dtype, device, layout)
    shape = tuple(int(size) for size in body["shape"])
    if kind == "scalar" and shape:
        raise ValueError("not a number")
    numpy_dtype = TORCH_DTYPES.get(dtype, dtype)
    if numpy_dtype not in INLINE_DTYPES:
        raise ValueError("not a dtype")
    sums = () if arrays is not None else tuple(int(one) for one in body.get("sums", ()))
    if device == "meta" or sums:
        if any(size < 0 for size in shape) or len(shape) > 16:
            raise ValueError("not a shape")
        zeros = np.broadcast_to(np.zeros((), numpy_dtype), shape)
        return Array(zeros, kind, dtype, device, sums=sums)
    values = np.array(body["values"], dtype=numpy_dtype).reshape(shape)
    return Array(values, kind, dtype, device, layout)


def _holds(stored: np.dtype[Any], name: str) -> bool:
    """Whether numbers stored so may be those of an owner's dtype; wider floats are narrowed."""
    wide = name in ("float128", "longdouble") and stored == np.float64
    return wide or name_of(stored) == TORCH_DTYPES.get(name, name)


def _short(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 32
