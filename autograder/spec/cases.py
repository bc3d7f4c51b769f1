"""The cases of an exercise: its own, and those that every exercise gets by itself.

Which of these apply is read from a draw of its arguments: without floats there is no float32 to
ask for, without arrays no memory layout, without anything that can be changed nothing to leave
unchanged. Sizes that are one, that coincide or that are long follow from its axes, large and tiny
numbers from the names of its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.labcheck.explain import AXES
from autograder.labcheck.message import PLAIN
from autograder.spec.scenarios import gradients
from autograder.spec.vocabulary import PLACEMENT, Case, Close, Exercise, Inputs, Lab

VALUES = PLAIN
EXACT = Close(rtol=0.0, atol=0.0, alike=False)
SINGLE = Close(rtol=1e-3, atol=1e-4)
FINEST = 1e-13
"""The absolute tolerance where numbers may be tiny: what is tiny needs one that is relative."""
LONG, SIDE = 40, 3
LARGE, TINY = 30.0, 1e-6
"""What data are multiplied by: gates saturate at 30 and more, and no exponential overflows."""
LARGE_GRADIENT = 1000.0
"""What incoming gradients are multiplied by: a backward pass is linear in them."""
DATA = frozenset({"x", "z", "y", "target", "a", "b", "series"})
"""Arguments that are data: of any size, and integers as well as floats."""
FREE = DATA | {"h", "output", "logits", "emissions", "scores", "c0", "c_prev", "grads"}
"""Arguments whose numbers may be of any size, where no gradient comes in."""
INCOMING = frozenset({"dh", "dc", "dy", "dh_last", "dh_T", "dc_T", "dlogits", "doutput"})
"""Gradients that come in."""
OF_ARGUMENTS = "gradients"
MANY = "Many steps must come out right too: does anything stop, or is anything cut, on the way?"
CONFUSED = "Where sizes are equal no shape tells one axis from another: take each by its place."
OVER = "Large numbers must come out right too: is anything clipped, or does it overflow?"
UNDER = "Tiny numbers must come out right too: is anything added, rounded or cut off?"
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
    data: bool
    incoming: bool
    scaled: tuple[str, ...]


def _kinds(exercise: Exercise) -> _Kinds:
    drawn = exercise.inputs(np.random.default_rng(0), **exercise.axes)
    leaves = list(_leaves(dict(drawn)))
    arrays = [leaf for leaf in leaves if isinstance(leaf, np.ndarray)]
    floats = any(array.dtype.kind == "f" for array in arrays)
    containers = any(isinstance(value, dict | list) for value in drawn.values())
    incoming = tuple(name for name in drawn if name in INCOMING and _has_floats(drawn[name]))
    free = tuple(name for name in drawn if name in FREE and _has_floats(drawn[name]))
    return _Kinds(
        bool(arrays),
        floats,
        bool(arrays) or containers,
        any(name in DATA for name in free),
        bool(incoming),
        () if exercise.scenario else incoming or free,
    )


def _has_floats(tree: Any) -> bool:
    leaves = _leaves(tree)
    return any(isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" for leaf in leaves)


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
    kinds = _kinds(exercise)
    yield from _more_values(exercise, kinds)
    yield from _sizes_of_one(exercise, {**AXES, **lab.axes})
    again = replace(first, like=VALUES, value=False)
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


def _more_values(exercise: Exercise, kinds: _Kinds) -> Iterator[Case]:
    if exercise.axes:
        larger = {axis: size + 1 for axis, size in exercise.axes.items()}
        draws = {"values at other sizes": larger, "values of a third draw": {}}
    else:
        draws = {"values of draw 2": {}, "values of draw 3": {}}
    for name, sizes in draws.items():
        yield Case(name=name, inputs=sized(exercise, sizes), hidden=True)
    yield from _other_sizes(exercise)
    yield from _other_magnitudes(exercise, kinds)


def _small(exercise: Exercise) -> dict[str, int]:
    """Sizes from 2 on, all different: a case that is about something else need not be large."""
    return {axis: place for place, axis in enumerate(exercise.axes, 2)}


def _other_sizes(exercise: Exercise) -> Iterator[Case]:
    """Many steps, and sizes of which every two that could be confused are equal.

    Neither shows that values are right: what is forgotten in the end, or divided by another size,
    passes here.
    """
    if "T" in exercise.axes:
        sizes = {**_small(exercise), "T": LONG}
        yield _edge("a long sequence", sized(exercise, sizes), MANY)
    if len(exercise.axes) > 1:
        yield _edge(
            "all sizes equal", sized(exercise, dict.fromkeys(exercise.axes, SIDE)), CONFUSED
        )


def _other_magnitudes(exercise: Exercise, kinds: _Kinds) -> Iterator[Case]:
    """What may be of any size, large and tiny.

    A result is linear in gradients that come in, so that these are values; large data saturate.
    """
    if not kinds.scaled or exercise.training:
        return
    draw = sized(exercise, {})
    close = replace(exercise.close, atol=min(exercise.close.atol, FINEST))
    large = LARGE_GRADIENT if kinds.incoming else LARGE
    what = "incoming gradients" if kinds.incoming else "numbers"
    for name, factor, why in (("large", large, OVER), ("tiny", TINY, UNDER)):
        yield Case(
            name=f"{name} {what}",
            inputs=scaled(draw, kinds.scaled, factor),
            close=close,
            value=kinds.incoming,
            why=why,
            property="magnitudes",
        )


def _sizes_of_one(exercise: Exercise, words: Mapping[str, str]) -> Iterator[Case]:
    """Every axis is one once: batch and time, which students know, and then the others."""
    for axis, name, what in (
        ("B", "one sample", "A single sample"),
        ("T", "one step", "A sequence of one step"),
    ):
        if axis in exercise.axes:
            why = f"{what} must work too and keep its axis."
            yield _edge(name, sized(exercise, {axis: 1}), why)
    for axis in exercise.axes:
        if axis not in ("B", "T"):
            name = f"{words.get(axis, axis)} of size 1"
            why = "An axis of size 1 must work too and keep its place."
            yield _edge(name, sized(exercise, {**_small(exercise), axis: 1}), why)


def _edge(name: str, inputs: Inputs, why: str) -> Case:
    return Case(name=name, inputs=inputs, value=False, why=why, property="sizes")


def _other_arrays(exercise: Exercise, again: Case, kinds: _Kinds, tensors: bool) -> Iterator[Case]:
    if kinds.floats:
        yield replace(
            again,
            name="float32",
            dtype="float32",
            property="dtype",
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
    if kinds.data and not tensors and exercise.axes:
        yield replace(
            again,
            name="integer inputs",
            dtype="int64",
            property="dtype",
            close=replace(exercise.close, whole=True),
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


def scaled(inputs: Inputs, names: Collection[str], factor: float) -> Inputs:
    """`inputs` with every float array of some arguments multiplied by a factor."""

    def larger(tree: Any) -> Any:
        if isinstance(tree, Mapping):
            return {key: larger(item) for key, item in tree.items()}
        if isinstance(tree, list | tuple):
            return type(tree)(map(larger, tree))
        return factor * tree if _has_floats(tree) else tree

    def drawn(rng: np.random.Generator) -> Mapping[str, Any]:
        arguments = inputs(rng)
        return {
            name: larger(value) if name in names else value for name, value in arguments.items()
        }

    return drawn
