"""Ids as rows of zeros with a one at their place."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab1_shapes._looks import ASSERT, EXCEPTION, SILENT, SQUEEZED
from solutions.lab1_shapes import one_hot


def inputs(rng: np.random.Generator, B: int, T: int, C: int) -> Mapping[str, Any]:
    """Ids of which none is the last class, wherever there are two."""
    largest = max(C - 2, 0)
    ids = rng.integers(0, max(largest, 1), (B, T))
    ids.flat[-1], ids.flat[0] = 0, largest
    return {"ids": ids, "num_classes": C}


def shaped(rng: np.random.Generator, shape: tuple[int, ...]) -> Mapping[str, Any]:
    """Ids of a shape, with the last of six classes among them where there are any."""
    ids = np.asarray(rng.integers(0, 6, shape))
    if ids.size:
        ids.flat[ids.size // 2] = 5
    return {"ids": ids, "num_classes": 6}


def with_one(rng: np.random.Generator, bad: int) -> Mapping[str, Any]:
    """Ids of which one is not among six classes, neither the first nor the last."""
    ids = rng.integers(0, 6, (2, 5))
    ids[1, 2] = bad
    return {"ids": ids, "num_classes": 6}


def alone_and_bad(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"ids": np.array(rng.integers(6, 9)), "num_classes": 6}


def in_letters(ids, C):
    """one_hot with short names, of which mistakes are edited."""
    bad = (ids < 0) | (ids >= C)
    if bad.any():
        raise ValueError("ids are out of range")
    classes = torch.arange(C, device=ids.device)
    return (ids[..., None] == classes).float()


BAD = "(ids < 0) | (ids >= C)"
CHECK = 'if bad.any():\n        raise ValueError("ids are out of range")'
ROWS = "(ids[..., None] == classes).float()"


def refusing(bad: str) -> Callable[..., Any]:
    """one_hot with another idea of which ids are bad."""
    return edited(in_letters, {BAD: bad})


wrong = Mistakes()

wrong.family(
    "Which ids are allowed, and does your test let through exactly those?",
    (
        "unchecked",
        edited(in_letters, {"bad.any()": "False"}),
        "an id out of range gives a row of zeros",
    ),
    (
        "row_of_identity",
        lambda ids, C: torch.eye(C, device=ids.device)[ids],
        "ids go straight into a matrix, where −1 is its last row",
    ),
    (
        "lower_bound_missing",
        edited(in_letters, {BAD: "ids >= C", ROWS: "torch.eye(C, device=ids.device)[ids]"}),
        "an id of −1 wraps round to the last class",
    ),
    ("upper_bound_missing", refusing("ids < 0"), "only ids below 0 are refused"),
    ("one_too_high_allowed", refusing("(ids < 0) | (ids > C)"), "an id of C is let through"),
    ("last_class_refused", refusing("(ids < 0) | (ids >= C - 1)"), "the last class is refused"),
    ("zero_refused", refusing("(ids <= 0) | (ids >= C)"), "id 0 is refused"),
)
wrong.add(
    "all_must_be_bad",
    edited(in_letters, {"bad.any()": "ids.numel() and bad.all()"}),
    "ids are refused only if none of them is in range. Is one bad id enough?",
)
wrong.add(
    "held_to_range",
    lambda ids, C: one_hot(ids.clamp(0, C - 1), C),
    "an id out of range is moved to the nearest class. What should happen to an id that does not exist?",
)
wrong.add(
    "index_error",
    edited(in_letters, {"ValueError": "IndexError"}),
    "an id out of range gives an IndexError. " + EXCEPTION,
)
wrong.add(
    "assertion",
    edited(in_letters, {CHECK: 'assert not bad.any(), "ids are out of range"'}),
    "an id out of range is caught with assert. " + ASSERT,
)
wrong.add("silent_error", edited(in_letters, {'("ids are out of range")': ""}), SILENT)
wrong.family(
    "Try it on torch.zeros(2, 0, dtype=torch.int64).",
    (
        "empty_refused",
        edited(in_letters, {"bad.any()": "ids.min() < 0 or ids.max() >= C"}),
        "the smallest of no ids is looked for",
    ),
    (
        "empty_flat",
        but(one_hot, returns=lambda rows: rows if rows.numel() else rows.flatten(0, -2)),
        "an empty input loses its other axes",
    ),
)
wrong.add(
    "stacked_rows",
    lambda ids, C: torch.stack([one_hot(row, C) for row in ids]) if ids.dim() else one_hot(ids, C),
    "the rows are put together one by one, and where there is none nothing can be. Try it on torch.zeros(0, dtype=torch.int64).",
)
wrong.add(
    "classes_seen",
    edited(in_letters, {"arange(C": "arange(int(ids.max()) + 1 if ids.numel() else C"}),
    "there are only as many classes as the largest id needs. Who says how many classes there are?",
)
wrong.add(
    "one_class_too_many",
    edited(in_letters, {"arange(C": "arange(C + 1"}),
    "there is one class too many. Ids are counted from 0: how many are there up to C − 1?",
)
wrong.add(
    "counted_from_one",
    edited(in_letters, {"ids[..., None]": "ids[..., None] - 1"}),
    "ids are taken to begin with 1. Which place belongs to id 0?",
)


@wrong
def one_axis_only(ids, C):
    """each entry of the first axis gets one row, whatever stands in it.
    The result has the shape of ids with one more axis at the end."""
    if ((ids < 0) | (ids >= C)).any():
        raise ValueError("ids are out of range")
    result = torch.zeros(len(ids), C, device=ids.device)
    for i, row in enumerate(ids):
        result[i, row] = 1
    return result


wrong.family(
    "The result has the shape of ids with one more axis at the end.",
    (
        "classes_first",
        but(one_hot, returns=lambda rows: rows.movedim(-1, 0)),
        "the classes are the first axis",
    ),
    ("flat", but(one_hot, ids=torch.flatten), "all ids stand in one row after the other"),
    (
        "many_hot",
        edited(in_letters, {ROWS: f"{ROWS}.amax(-2) if ids.dim() and ids.shape[-1] else {ROWS}"}),
        "the ids of a sequence share one row",
    ),
    (
        "at_least_one_axis",
        but(one_hot, ids=torch.atleast_1d),
        "a single id gets an axis that it did not have",
    ),
)
wrong.add(
    "inverted",
    but(one_hot, returns=lambda rows: 1 - rows),
    "ones and zeros are exchanged. Where does the one belong?",
)
wrong.add(
    "thermometer",
    edited(in_letters, {"== classes": ">= classes"}),
    "all places up to the id are one. How many ones stand in a row?",
)
wrong.add(
    "id_in_place_of_one",
    lambda ids, C: one_hot(ids, C) * ids[..., None],
    "the id itself stands at its place. An id is a name: what stands at its place?",
)
wrong.add("squeezed", but(one_hot, returns=torch.squeeze), SQUEEZED)
wrong.add(
    "on_the_cpu",
    edited(in_letters, {ROWS: "torch.zeros(*ids.shape, C).scatter_(-1, ids[..., None], 1.0)"}),
    "the result is made on PyTorch's default device, wherever ids live. A new tensor should take its device from ids.",
)


@wrong
def axis_added_in_place(ids, C):
    """the caller's ids get one more axis.
    Look for a method whose name ends in an underscore."""
    bad = (ids < 0) | (ids >= C)
    if bad.any():
        raise ValueError("ids are out of range")
    return (ids.unsqueeze_(-1) == torch.arange(C, device=ids.device)).float()


wrong.family(
    "Which dtype does the docstring ask for?",
    ("whole_numbers", but(one_hot, returns=torch.Tensor.long), "the result is int64"),
    ("true_and_false", but(one_hot, returns=torch.Tensor.bool), "the result is bool"),
    ("double_precision", but(one_hot, returns=torch.Tensor.double), "the result is float64"),
)


EXERCISE = Exercise(
    reference=one_hot,
    inputs=inputs,
    points=10,
    axes={"B": 3, "T": 5, "C": 7},
    shapes={"ids": "B T", "return": "B T C"},
    forbidden=("torch.nn.functional.one_hot", "torch._C._nn.one_hot", "torch.ops.aten.one_hot"),
    cases=(
        Case(name="a row of ids", inputs=partial(shaped, shape=(4,))),
        Case(name="ids with three axes", inputs=partial(shaped, shape=(2, 3, 4))),
        Case(
            name="a single id without an axis",
            inputs=partial(shaped, shape=()),
            value=False,
            why="ids of shape () give a result of shape (C,).",
        ),
        Case(
            name="no ids at all",
            inputs=partial(shaped, shape=(0,)),
            value=False,
            why="ids of shape (0,) give a result of shape (0, C).",
        ),
        Case(
            name="no ids in two sequences",
            inputs=partial(shaped, shape=(2, 0)),
            value=False,
            why="ids of shape (2, 0) give a result of shape (2, 0, C); no ids have no smallest.",
        ),
        *(
            Case(name=name, inputs=bad, value=False, raises=ValueError, mentions="ids", why=why)
            for name, bad, why in (
                (
                    "an id of C",
                    partial(with_one, bad=6),
                    "The largest id is C − 1; an id of C must raise a ValueError that names ids.",
                ),
                (
                    "an id of -1",
                    partial(with_one, bad=-1),
                    "There is no id −1: it must not wrap round, but raise a ValueError.",
                ),
                (
                    "a single id above C",
                    alone_and_bad,
                    "A bad id must raise a ValueError also where it is the only one.",
                ),
            )
        ),
    ),
    mistakes=wrong,
    look="Write down the result for ids [2, 0] and three classes, by hand.",
    when_right=(
        "You can compare every id with every class, write ones into zeros, or pick rows of an "
        "identity matrix. The last takes −1 for the last class without a word, as Python does "
        "with lists. Looking for the smallest and the largest id is a good check until there is "
        "no id at all. Next question: 32 sequences of 100 words, 50,000 words in the vocabulary. "
        "How many numbers is that as one-hot, and how many as ids?"
    ),
)
