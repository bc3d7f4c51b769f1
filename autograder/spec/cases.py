"""The cases of an exercise: its own, and those that every exercise gets by itself.

Which of these apply is read from a draw of its arguments: without floats there is no float32 to
ask for, without arrays no memory layout, without anything that can be changed nothing to leave
unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.labcheck.message import PLAIN
from autograder.spec.scenarios import gradients
from autograder.spec.vocabulary import PLACEMENT, Case, Close, Exercise, Lab

VALUES = PLAIN
EXACT = Close(rtol=0.0, atol=0.0, alike=False)
SINGLE = Close(rtol=1e-3, atol=1e-4)
OF_ARGUMENTS = "gradients"
DEVICE = "New tensors need the inputs' device and dtype, as x.new_zeros(…) gives."
BESIDE = "Work where the inputs are, as x.device says: there may be another device beside theirs."
GRADIENTS = (
    "The result must carry gradients back to every float input: no .data, .detach() or .numpy() "
    "on the way."
)


def cases_of(exercise: Exercise, lab: Lab) -> tuple[Case, ...]:
    """Every case, in the order in which they are tried; names are unique."""
    automatic = [case for case in _automatic(exercise, lab) if case.name not in exercise.without]
    values = [case for case in automatic if case.value]
    others = [case for case in automatic if not case.value]
    return (*values, *exercise.cases, *others)


def automatic_names(exercise: Exercise, lab: Lab) -> set[str]:
    """The names of the cases that an exercise gets by itself, and may do without."""
    return {case.name for case in _automatic(exercise, lab)}


@dataclass(frozen=True)
class _Kinds:
    """What there is among the arguments of a call."""

    arrays: bool
    floats: bool
    changeable: bool


def _kinds(exercise: Exercise) -> _Kinds:
    drawn = exercise.inputs(np.random.default_rng(0), **exercise.axes)
    leaves = list(_leaves(dict(drawn)))
    arrays = [leaf for leaf in leaves if isinstance(leaf, np.ndarray)]
    floats = any(array.dtype.kind == "f" for array in arrays)
    containers = any(isinstance(value, dict | list) for value in drawn.values())
    return _Kinds(bool(arrays), floats, bool(arrays) or containers)


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, Mapping):
        tree = list(tree.values())
    if isinstance(tree, list | tuple):
        for item in tree:
            yield from _leaves(item)
    else:
        yield tree


def _automatic(exercise: Exercise, lab: Lab) -> Iterator[Case]:
    first = Case(name=VALUES, inputs=sized(exercise, {}))
    yield first
    yield from _more_values(exercise)
    yield from _sizes_of_one(exercise)
    again = replace(first, like=VALUES, value=False)
    kinds = _kinds(exercise)
    tensors = (exercise.arrays or lab.arrays) == "torch"
    if kinds.changeable and not exercise.name.endswith("_"):
        yield replace(
            again,
            name="arguments unchanged",
            observe="arguments",
            close=EXACT,
            why="A call must leave its arguments as they were: work on a copy.",
        )
    if not exercise.training:
        yield from _other_arrays(exercise, again, kinds, tensors)
    if tensors and kinds.arrays:
        yield from _on_devices(exercise, again, kinds)
    yield replace(
        again,
        name="second call",
        why="The same call a second time must give the same answer: keep no state.",
    )


def _more_values(exercise: Exercise) -> Iterator[Case]:
    if exercise.axes:
        larger = {axis: size + 1 for axis, size in exercise.axes.items()}
        draws = {"values at other sizes": larger, "values of a third draw": {}}
    else:
        draws = {"values of draw 2": {}, "values of draw 3": {}}
    for name, sizes in draws.items():
        yield Case(name=name, inputs=sized(exercise, sizes), hidden=True)


def _sizes_of_one(exercise: Exercise) -> Iterator[Case]:
    for axis, name, what in (
        ("B", "one sample", "A single sample"),
        ("T", "one step", "A sequence of one step"),
    ):
        if axis in exercise.axes:
            why = f"{what} must work too and keep its axis."
            yield Case(name=name, inputs=sized(exercise, {axis: 1}), value=False, why=why)


def _other_arrays(exercise: Exercise, again: Case, kinds: _Kinds, tensors: bool) -> Iterator[Case]:
    if kinds.floats:
        yield replace(
            again,
            name="float32",
            dtype="float32",
            close=SINGLE,
            why="float32 in, float32 out: make new arrays with the dtype of the inputs.",
        )
    if kinds.arrays:
        yield replace(
            again,
            name="memory layout",
            layout="mixed",
            hidden=True,
            why="The same numbers in another memory layout must give the same answer.",
        )
    if kinds.floats and not tensors and exercise.axes:
        yield replace(
            again,
            name="integer inputs",
            dtype="int64",
            why="Integer inputs must give float64: a buffer like them cuts decimals off.",
        )


def _on_devices(exercise: Exercise, again: Case, kinds: _Kinds) -> Iterator[Case]:
    moved = replace(again, device="accelerator", why=DEVICE, property=PLACEMENT)
    yield replace(moved, name="on an accelerator")
    if not exercise.training:  # where a model may be trained is free
        name = "on the CPU beside an accelerator"
        yield replace(moved, name=name, device="beside", why=BESIDE)
    if kinds.floats and exercise.scenario is None and exercise.view is None:
        yield replace(again, name=OF_ARGUMENTS, scenario=gradients, why=GRADIENTS)
        if OF_ARGUMENTS not in exercise.without:
            yield replace(moved, name="gradients on an accelerator", scenario=gradients)


def sized(
    exercise: Exercise, sizes: Mapping[str, int]
) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """`inputs` with the exercise's default sizes and some others."""
    all_sizes = {**exercise.axes, **sizes}
    return lambda rng: exercise.inputs(rng, **all_sizes)
