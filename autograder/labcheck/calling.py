"""One call of an entry point, wherever its tensors are to be."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from .tree import Tree, live, mapped, torch_module
from .verdict import usual_numbers

Function = Callable[..., Any]

PLACES = {"accelerator": "cuda:0", "beside": "cpu"}
"""Where tensors are on a device that a case names; other names are PyTorch's own."""


@dataclass(frozen=True, eq=False)
class Called:
    """What became of a call, all live: its arguments as it left them, its result or its error."""

    arguments: Mapping[str, Any]
    result: Any = None
    error: BaseException | None = None


def called(
    entry: Function, arguments: Mapping[str, Tree], scenario: Function | None, device: str = "cpu"
) -> Called:
    """One call; whatever it raises is noted and goes no further.

    device: as in a case: "cpu", "accelerator", "beside" (on the CPU, while an accelerator is
    there), or one that PyTorch itself knows.
    """
    place = PLACES.get(device, device)
    with usual_numbers(), _surroundings(device):
        given = {name: live(value, place) for name, value in arguments.items()}
        used = entry if place == "cpu" else moving(entry, place)
        try:
            result = scenario(used, **given) if scenario else used(*given.values())
        except BaseException as error:
            return Called(given, error=error)
    return Called(given, result)


def _surroundings(device: str) -> AbstractContextManager[Any]:
    if device not in PLACES:
        return contextlib.nullcontext()
    from .accelerator import accelerator

    return accelerator()


def moving(entry: Function, place: str) -> Function:
    """The entry point with every module that it is handed, or gives, moved to a device."""

    @functools.wraps(entry, updated=())
    def moved(*args: Any, **kwargs: Any) -> Any:
        _move_modules((args, kwargs), place)
        result = entry(*args, **kwargs)
        _move_modules(result, place)
        return result

    return moved


def _move_modules(part: Any, place: str) -> None:
    torch = torch_module()

    def move(leaf: Any) -> None:
        if torch is not None and isinstance(leaf, torch.nn.Module):
            leaf.to(place)

    mapped(part, move)
