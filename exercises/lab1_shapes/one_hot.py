"""Ids as rows of zeros with a one at their place."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from solutions.lab1_shapes import one_hot


def inputs(rng: np.random.Generator, B: int, T: int, C: int) -> Mapping[str, Any]:
    ids = rng.integers(0, C - 2, (B, T))
    ids.flat[0], ids.flat[-1] = C - 2, 0
    return {"ids": ids, "num_classes": C}


def shaped(*shape: int, C: int = 6) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Draws ids of a shape, with the last class among them where there are any."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        ids = rng.integers(0, C, shape)
        if ids.size:
            ids.flat[ids.size // 2] = C - 1
        return {"ids": ids, "num_classes": C}

    return draw


def with_one(bad: int, C: int = 6) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Draws ids of which one is out of range, neither the first nor the last."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        ids = rng.integers(0, C, (2, 5))
        ids[1, 2] = bad
        return {"ids": ids, "num_classes": C}

    return draw


def alone_and_bad(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"ids": np.array(rng.integers(6, 9)), "num_classes": 6}


def _rows(ids: Tensor, num_classes: int) -> Tensor:
    return ids.unsqueeze(-1) == torch.arange(num_classes, device=ids.device)


def _checked(ids: Tensor, num_classes: int) -> None:
    if ((ids < 0) | (ids >= num_classes)).any():
        raise ValueError("ids are out of range")


def unchecked(ids: Tensor, num_classes: int) -> Tensor:
    return _rows(ids, num_classes).float()


def lower_bound_missing(ids: Tensor, num_classes: int) -> Tensor:
    if (ids >= num_classes).any():
        raise ValueError("ids are out of range")
    return torch.eye(num_classes, device=ids.device)[ids]


def upper_bound_missing(ids: Tensor, num_classes: int) -> Tensor:
    if (ids < 0).any():
        raise ValueError("ids are out of range")
    return _rows(ids, num_classes).float()


def one_too_high_allowed(ids: Tensor, num_classes: int) -> Tensor:
    if ((ids < 0) | (ids > num_classes)).any():
        raise ValueError("ids are out of range")
    return _rows(ids, num_classes).float()


def last_class_refused(ids: Tensor, num_classes: int) -> Tensor:
    if ((ids < 0) | (ids >= num_classes - 1)).any():
        raise ValueError("ids are out of range")
    return _rows(ids, num_classes).float()


def zero_refused(ids: Tensor, num_classes: int) -> Tensor:
    if ((ids <= 0) | (ids >= num_classes)).any():
        raise ValueError("ids are out of range")
    return _rows(ids, num_classes).float()


def row_of_identity(ids: Tensor, num_classes: int) -> Tensor:
    return torch.eye(num_classes, device=ids.device)[ids]


wrong = Mistakes()


@wrong
def held_to_range(ids: Tensor, num_classes: int) -> Tensor:
    """an id out of range is moved to the nearest class.
    What should happen to an id that does not exist?"""
    return _rows(ids.clamp(0, num_classes - 1), num_classes).float()


@wrong
def index_error(ids: Tensor, num_classes: int) -> Tensor:
    """an id out of range gives an IndexError.
    Which exception does the docstring ask for?"""
    if ((ids < 0) | (ids >= num_classes)).any():
        raise IndexError("ids are out of range")
    return _rows(ids, num_classes).float()


@wrong
def assertion(ids: Tensor, num_classes: int) -> Tensor:
    """an id out of range is caught with assert.
    Which exception does the docstring ask for? assert may be switched off."""
    assert bool(((ids >= 0) & (ids < num_classes)).all()), "ids are out of range"
    return _rows(ids, num_classes).float()


@wrong
def silent_error(ids: Tensor, num_classes: int) -> Tensor:
    """the ValueError does not say which argument was wrong.
    What should the message of the ValueError name?"""
    if ((ids < 0) | (ids >= num_classes)).any():
        raise ValueError
    return _rows(ids, num_classes).float()


@wrong
def all_must_be_bad(ids: Tensor, num_classes: int) -> Tensor:
    """ids are refused only if none of them is in range.
    Is one bad id enough?"""
    if ids.numel() and ((ids < 0) | (ids >= num_classes)).all():
        raise ValueError("ids are out of range")
    return _rows(ids, num_classes).float()


def empty_refused(ids: Tensor, num_classes: int) -> Tensor:
    if ids.min() < 0 or ids.max() >= num_classes:
        raise ValueError("ids are out of range")
    return _rows(ids, num_classes).float()


def empty_flat(ids: Tensor, num_classes: int) -> Tensor:
    if ids.numel() == 0:
        return torch.zeros(0, num_classes, device=ids.device)
    return one_hot(ids, num_classes)


@wrong
def classes_seen(ids: Tensor, num_classes: int) -> Tensor:
    """there are only as many classes as the largest id needs.
    Who says how many classes there are?"""
    _checked(ids, num_classes)
    return _rows(ids, int(ids.max()) + 1 if ids.numel() else num_classes).float()


@wrong
def one_class_too_many(ids: Tensor, num_classes: int) -> Tensor:
    """there is one class too many.
    Ids are counted from 0: how many are there up to C − 1?"""
    _checked(ids, num_classes)
    return _rows(ids, num_classes + 1).float()


@wrong
def counted_from_one(ids: Tensor, num_classes: int) -> Tensor:
    """ids are taken to begin with 1.
    Which place belongs to id 0?"""
    _checked(ids, num_classes)
    return _rows(ids - 1, num_classes).float()


def classes_first(ids: Tensor, num_classes: int) -> Tensor:
    return one_hot(ids, num_classes).movedim(-1, 0)


def flat(ids: Tensor, num_classes: int) -> Tensor:
    return one_hot(ids.flatten(), num_classes)


@wrong
def inverted(ids: Tensor, num_classes: int) -> Tensor:
    """ones and zeros are exchanged.
    Where does the one belong?"""
    return 1 - one_hot(ids, num_classes)


@wrong
def thermometer(ids: Tensor, num_classes: int) -> Tensor:
    """all places up to the id are one.
    How many ones stand in a row?"""
    _checked(ids, num_classes)
    return (torch.arange(num_classes, device=ids.device) <= ids.unsqueeze(-1)).float()


@wrong
def id_in_place_of_one(ids: Tensor, num_classes: int) -> Tensor:
    """the id itself stands at its place.
    An id is a name: what stands at its place?"""
    return one_hot(ids, num_classes) * ids.unsqueeze(-1)


def many_hot(ids: Tensor, num_classes: int) -> Tensor:
    _checked(ids, num_classes)
    if ids.dim() == 0 or ids.shape[-1] == 0:
        return one_hot(ids, num_classes)
    return one_hot(ids, num_classes).amax(dim=-2)


def one_axis_only(ids: Tensor, num_classes: int) -> Tensor:
    _checked(ids, num_classes)
    result = torch.zeros(len(ids), num_classes, device=ids.device)
    for i, row in enumerate(ids):
        result[i, row] = 1
    return result


def at_least_one_axis(ids: Tensor, num_classes: int) -> Tensor:
    return one_hot(torch.atleast_1d(ids), num_classes)


@wrong
def squeezed(ids: Tensor, num_classes: int) -> Tensor:
    """axes of size 1 are lost.
    What does squeeze() do to a batch of one?"""
    return one_hot(ids, num_classes).squeeze()


@wrong
def on_the_cpu(ids: Tensor, num_classes: int) -> Tensor:
    """the result is made on PyTorch's default device, wherever ids live.
    A new tensor should take its device from ids."""
    _checked(ids, num_classes)
    result = torch.zeros(*ids.shape, num_classes)
    return result.scatter_(-1, ids.unsqueeze(-1), 1.0)


@wrong
def changes_ids(ids: Tensor, num_classes: int) -> Tensor:
    """the caller's ids are changed.
    Look for += and its kin on something that was handed in."""
    right = one_hot(ids, num_classes)
    ids += 1
    return right


def by_scatter(ids: Tensor, num_classes: int) -> Tensor:
    if ids.numel() > 0 and (ids.min() < 0 or ids.max() > num_classes - 1):
        raise ValueError(f"ids must be in [0, {num_classes})")
    shape = (*ids.shape, num_classes)
    result = torch.zeros(shape, dtype=torch.float32, device=ids.device)
    return result.scatter(-1, ids[..., None], 1.0)


def by_identity(ids: Tensor, num_classes: int) -> Tensor:
    if not torch.all((ids >= 0) & (ids < num_classes)):
        raise ValueError("some IDS are not below num_classes")
    return torch.eye(num_classes, device=ids.device)[ids]


def by_loop(ids: Tensor, num_classes: int) -> Tensor:
    result = torch.zeros(ids.numel(), num_classes, device=ids.device)
    for place, number in enumerate(ids.flatten().tolist()):
        if number < 0 or number >= num_classes:
            raise ValueError(f"bad value in ids: {number}")
        result[place, number] = 1
    return result.reshape(*ids.shape, num_classes)


def by_numpy(ids: Tensor, num_classes: int) -> Tensor:
    given = ids.cpu().numpy()
    if np.any(given < 0) or np.any(given >= num_classes):
        raise ValueError("ids out of range")
    rows = np.eye(num_classes, dtype=np.float32)[given]
    return torch.from_numpy(rows).to(ids.device)


def moved_at_the_end(ids: Tensor, num_classes: int) -> Tensor:
    for number in set(ids.reshape(-1).tolist()):
        if not 0 <= number <= num_classes - 1:
            raise ValueError("every one of the ids must lie from 0 to C − 1")
    return torch.eye(num_classes)[ids.cpu()].to(ids.device)


def by_places(ids: Tensor, num_classes: int) -> Tensor:
    flat_ids = ids.flatten()
    if len(flat_ids[(flat_ids < 0) | (flat_ids >= num_classes)]) > 0:
        raise ValueError("ids: found some that belong to no class")
    result = torch.zeros(len(flat_ids), num_classes, device=ids.device)
    result[torch.arange(len(flat_ids)), flat_ids] = 1
    return result.view(*ids.shape, num_classes)


def by_where(ids: Tensor, num_classes: int) -> Tensor:
    low, high = (ids < 0).sum().item(), (ids >= num_classes).sum().item()
    if low + high:
        raise ValueError(f"{low + high} ids are not between 0 and {num_classes - 1}")
    places = torch.arange(num_classes, dtype=ids.dtype, device=ids.device)
    zeros = ids.new_zeros((), dtype=torch.float32)
    return torch.where(places == ids.unsqueeze(-1), zeros + 1, zeros)


RANGE = "Which ids are allowed, and does your test let through exactly those?"
EMPTY = "Try it on torch.zeros(2, 0, dtype=torch.int64)."
SHAPE = "The result has the shape of ids with one more axis at the end."

wrong.add("unchecked", unchecked, "an id out of range gives a row of zeros. " + RANGE)
wrong.add(
    "row_of_identity",
    row_of_identity,
    "ids go straight into a matrix, where −1 is its last row. " + RANGE,
)
wrong.add(
    "lower_bound_missing",
    lower_bound_missing,
    "an id of −1 wraps round to the last class. " + RANGE,
)
wrong.add("upper_bound_missing", upper_bound_missing, "only ids below 0 are refused. " + RANGE)
wrong.add("one_too_high_allowed", one_too_high_allowed, "an id of C is let through. " + RANGE)
wrong.add("last_class_refused", last_class_refused, "the last class is refused. " + RANGE)
wrong.add("zero_refused", zero_refused, "id 0 is refused. " + RANGE)
wrong.add("empty_refused", empty_refused, "the smallest of no ids is looked for. " + EMPTY)
wrong.add("empty_flat", empty_flat, "an empty input loses its other axes. " + EMPTY)
wrong.add("classes_first", classes_first, "the classes are the first axis. " + SHAPE)
wrong.add("flat", flat, "all ids stand in one row after the other. " + SHAPE)
wrong.add("many_hot", many_hot, "the ids of a sequence share one row. " + SHAPE)
wrong.add(
    "one_axis_only",
    one_axis_only,
    "each entry of the first axis gets one row, whatever stands in it. " + SHAPE,
)
wrong.add(
    "at_least_one_axis",
    at_least_one_axis,
    "a single id gets an axis that it did not have. " + SHAPE,
)
wrong.add(
    "whole_numbers",
    but(one_hot, returns=lambda rows: rows.long()),
    "the result is int64. Which dtype does the docstring ask for?",
)
wrong.add(
    "true_and_false",
    but(one_hot, returns=lambda rows: rows.bool()),
    "the result is bool. Which dtype does the docstring ask for?",
)
wrong.add(
    "double_precision",
    but(one_hot, returns=lambda rows: rows.double()),
    "the result is float64. Which dtype does the docstring ask for?",
)


EXERCISE = Exercise(
    reference=one_hot,
    inputs=inputs,
    points=10,
    axes={"B": 3, "T": 5, "C": 7},
    shapes={"ids": "B T", "return": "B T C"},
    without=frozenset({"float32", "gradients", "placement"}),
    forbidden=("torch.nn.functional.one_hot", "torch._C._nn.one_hot", "torch.ops.aten.one_hot"),
    cases=(
        Case(name="a row of ids", inputs=shaped(4)),
        Case(name="ids with three axes", inputs=shaped(2, 3, 4)),
        Case(
            name="a single id without an axis",
            inputs=shaped(),
            value=False,
            why="ids of shape () give a result of shape (C,).",
        ),
        Case(
            name="no ids in two sequences",
            inputs=shaped(2, 0),
            value=False,
            why="ids of shape (2, 0) give a result of shape (2, 0, C); no ids have no smallest.",
        ),
        Case(
            name="an id of C",
            inputs=with_one(6),
            value=False,
            raises=ValueError,
            mentions="ids",
            why="The largest id is C − 1; an id of C must raise a ValueError that names ids.",
        ),
        Case(
            name="an id of -1",
            inputs=with_one(-1),
            value=False,
            raises=ValueError,
            mentions="ids",
            why="There is no id −1: it must not wrap round, but raise a ValueError.",
        ),
        Case(
            name="a single id above C",
            inputs=alone_and_bad,
            value=False,
            raises=ValueError,
            mentions="ids",
            why="A bad id must raise a ValueError also where it is the only one.",
        ),
    ),
    mistakes=wrong,
    also_right=(by_scatter, by_identity, by_loop, by_numpy, moved_at_the_end, by_where, by_places),
    look="Write down the result for ids [2, 0] and three classes, by hand.",
)
