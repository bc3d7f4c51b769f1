"""What of a function's faults is another exercise's: whom it calls, and who answers for these.

A function that calls an earlier one that is not right cannot be right by itself.  So that one is
named; and where the recorded cases hold what the reference asks of it, these answers stand in its
place, so that one error is charged once.
"""

from __future__ import annotations

import contextlib
import dis
import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .tree import Array, Tree, live, plain

NOT_YET = {
    "unfinished": "is not written yet",
    "missing": "is not there yet",
    "forbidden": "uses what is not allowed here",
    "timeout": "runs out of time",
}
"""How an earlier exercise ended, in words; otherwise it is not right yet."""

CLOSE = 1e-6
"""How far two prints of the same arguments may be apart, for those of about 1."""

Print = tuple[str, float, float]
"""What tells arguments from others: their shapes, and two sums of their numbers."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What the reference got of another exercise's function, by the print of what it asked."""

    name: str
    asked: Print
    result: Tree


@dataclass(eq=False)
class Recorded:
    """The answers of the case that is tried, and how many were asked for so far."""

    answers: Sequence[Answer] = ()
    asked: int = 0


class Unanswered(BaseException):
    """A function that stands in was asked what is not recorded; no program is to catch it."""


def print_of(values: Sequence[Tree]) -> Print:
    """The print of some arguments: other orders of computing it make no difference."""
    shapes, sums, place = [], np.zeros(2), 0
    for shape, numbers in _leaves(values):
        at = np.arange(place, place + numbers.size)
        sums += (np.cos(at) @ numbers, np.sin(at) @ numbers)
        place += numbers.size
        shapes.append(shape)
    return ";".join(shapes), float(sums[0]), float(sums[1])


def _leaves(tree: Tree) -> Iterator[tuple[str, Any]]:
    """Each part of a tree as a word on its form, and its numbers."""
    if isinstance(tree, Array):
        values = tree.values.astype(np.float64).ravel()
        yield ",".join(map(str, tree.values.shape)), np.nan_to_num(values)
    elif isinstance(tree, dict):
        for key in sorted(tree, key=str):
            yield f"{key}=", np.zeros(0)
            yield from _leaves(tree[key])
    elif isinstance(tree, list | tuple):
        yield f"[{len(tree)}]", np.zeros(0)
        for item in tree:
            yield from _leaves(item)
    elif isinstance(tree, bool | int | float):
        yield "", np.array([float(tree)])
    else:
        yield repr(tree), np.zeros(0)


def same_print(one: Print, other: Print) -> bool:
    """Whether two prints are those of the same arguments."""
    pairs = zip(one[1:], other[1:], strict=True)
    return one[0] == other[0] and all(
        abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b)) for a, b in pairs
    )


# -- whom a function calls -----------------------------------------------------------------------


def reached(entry: Callable[..., Any], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The exercises that a function calls, itself or through its own helpers.

    Each with the exercises on the way to it.  One that is not there is reached too.
    """
    found: dict[str, tuple[str, ...]] = {}
    todo: list[tuple[Any, tuple[str, ...]]] = [(entry, ())]
    seen = {id(entry)}
    while todo:
        owner, way = todo.pop(0)
        space = _globals(owner)
        for name in sorted(_called(owner)):
            value = space.get(name)
            if name in names and (name not in space or callable(value)):
                found.setdefault(name, way)
            if id(value) in seen or not (inspect.isfunction(value) or inspect.isclass(value)):
                continue
            if value.__module__ == getattr(entry, "__module__", None):
                seen.add(id(value))
                todo.append((value, (*way, name) if name in names else way))
    found.pop(getattr(entry, "__name__", ""), None)
    return found


def _globals(owner: Any) -> Mapping[str, Any]:
    functions = list(_functions(owner))
    return functions[0].__globals__ if functions else {}


def _functions(owner: Any) -> Iterator[types.FunctionType]:
    """A function, or the methods of a class."""
    members = vars(owner).values() if inspect.isclass(owner) else [owner]
    for member in members:
        inner = inspect.unwrap(getattr(member, "__func__", member))
        if inspect.isfunction(inner):
            yield inner


def _called(owner: Any) -> set[str]:
    """The names of the top level that a function, or a method of a class, looks up."""
    names = {base.__name__ for base in owner.__mro__[1:]} if inspect.isclass(owner) else set()
    codes = [function.__code__ for function in _functions(owner)]
    while codes:
        code = codes.pop()
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                names.add(str(step.argval))
        codes += [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return names


def told(name: str, culprit: str, way: Sequence[str], outcome: str) -> str:
    """ "rnn_forward calls rnn_step, which is not written yet: begin there."."""
    chain = [*way, culprit]
    calls = " which calls ".join(f"{one}," for one in chain)
    return f"{name} calls {calls} which {NOT_YET.get(outcome, 'is not right yet')}: begin there."


# -- who answers for them ------------------------------------------------------------------------


@contextlib.contextmanager
def standing_in(
    entry: Callable[..., Any], names: Mapping[str, Sequence[str]], recorded: Recorded
) -> Iterator[None]:
    """While it lasts, these functions beside the entry point give what is recorded.

    names: the parameters of each, in order.
    """
    space: Any = _globals(entry)
    before = {name: space[name] for name in names if name in space}
    try:
        for name, parameters in names.items():
            space[name] = _answering(name, parameters, recorded)
        yield
    finally:
        for name in names:
            space.pop(name, None)
        space.update(before)


def _answering(name: str, parameters: Sequence[str], recorded: Recorded) -> Callable[..., Any]:
    def answer(*args: Any, **kwargs: Any) -> Any:
        recorded.asked += 1
        try:
            return look_up(args, kwargs)
        except Exception:  # what is no plain data, or a program that changed Python's own names
            raise Unanswered from None

    def look_up(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = dict(zip(parameters, args, strict=False)) | kwargs
        asked = print_of([plain(given[one]) for one in parameters if one in given])
        if len(given) == len(args) + len(kwargs) and set(given) <= set(parameters):
            for one in recorded.answers:
                if one.name == name and same_print(one.asked, asked):
                    return live(one.result)
        raise Unanswered

    return answer
