"""What a decoder is fed under teacher forcing."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from solutions.lab8_seq2seq import shift_right


def inputs(rng: np.random.Generator, B: int, T: int, V: int = 9) -> Mapping[str, Any]:
    """Any token may stand anywhere; the last of each row differs from the first and from start_id."""
    start_id = int(rng.integers(2, V))
    targets = rng.integers(V, size=(B, T))
    others = np.array([token for token in range(V) if token != start_id])
    targets[:, -1] = rng.permutation(others)[np.arange(B) % (V - 1)]
    return {"targets": targets, "start_id": start_id}


def start_inside(rng: np.random.Generator) -> Mapping[str, Any]:
    """start_id and 0 stand among the targets."""
    targets = rng.integers(1, 7, (3, 5))
    targets[0, 2] = targets[2, -1] = targets[1, 0] = 4
    targets[2, 1] = 0
    return {"targets": targets, "start_id": 4}


SHIFTED = "F.pad(targets, (1, 0), value=start_id)[:, :-1]"
change = partial(edited, shift_right)


def by(text: str, **names: Any) -> Any:
    """Another text for what is returned."""
    return change({SHIFTED: text}, **names)


def in_place(targets: Any, start_id: Any) -> Any:
    targets[:, 1:] = targets[:, :-1].clone()
    targets[:, 0] = start_id
    return targets


def overwriting(targets: Any, start_id: Any) -> Any:
    """Each column is overwritten before it is read."""
    shifted = targets.clone()
    shifted[:, 0] = start_id
    for t in range(1, targets.shape[1]):
        shifted[:, t] = shifted[:, t - 1]
    return shifted


SMALL = "Write down what is fed for the targets 5 6 7 and start_id 1, one step after the other."
LENGTH = "How many inputs does a decoder need for T targets?"
KIND = "Compare dtype and device of what you return with those of the targets."

wrong = Mistakes()
printed(wrong, shift_right)
wrong.family(
    SMALL,
    ("as_they_are", by("targets"), "the targets are fed as they are"),
    (
        "shifted_left",
        by("F.pad(targets, (0, 1), value=start_id)[:, 1:]"),
        "the targets are moved one step to the left",
    ),
    ("rolled", by("targets.roll(1, dims=1)"), "the last target comes round to the first place"),
    (
        "rolled_left",
        by("targets.roll(-1, dims=1)"),
        "the targets are moved to the left, and the first comes round to the last place",
    ),
    (
        "first_replaced",
        by("torch.cat([torch.full_like(targets[:, :1], start_id), targets[:, 1:]], dim=1)"),
        "the first target is replaced and none is moved",
    ),
    (
        "start_behind",
        by("torch.cat([targets[:, :-1], torch.full_like(targets[:, :1], start_id)], dim=1)"),
        "start_id stands at the end in place of the last target",
    ),
    (
        "two_steps",
        by("F.pad(targets, (2, 0), value=start_id)[:, : targets.shape[1]]"),
        "the targets are moved by two steps",
    ),
    (
        "reversed",
        by("F.pad(targets.flip(1), (1, 0), value=start_id)[:, :-1]"),
        "the targets are fed in reverse",
    ),
)
wrong.add(
    "start_repeated",
    overwriting,
    "start_id fills every step. When you read a column, what has been written into it before?",
)
wrong.family(
    LENGTH,
    (
        "one_too_long",
        by("F.pad(targets, (1, 0), value=start_id)"),
        "the last target is fed too, so there are T + 1 steps",
    ),
    ("one_too_short", by("targets[:, :-1]"), "the last target is dropped and nothing is added"),
    (
        "a_column_alone",
        by("torch.full_like(targets[:, :1], start_id)"),
        "start_id is all that comes back",
    ),
)
wrong.family(
    "Try start_id = 4.",
    (
        "zero_for_start",
        by("F.pad(targets, (1, 0))[:, :-1]"),
        "0 is fed first whatever start_id is",
    ),
    (
        "one_for_start",
        but(shift_right, start_id=lambda _: 1),
        "1 is fed first whatever start_id is",
    ),
)
wrong.family(
    "Which of the two axes is time?",
    (
        "along_the_batch",
        by("F.pad(targets, (0, 0, 1, 0), value=start_id)[:-1]"),
        "the rows are moved and not the steps",
    ),
    (
        "flat",
        by("F.pad(targets.flatten(), (1, 0), value=start_id)[:-1].view_as(targets)"),
        "each row is fed the last target of the row before it",
    ),
    (
        "steps_first",
        but(shift_right, returns=lambda shifted: shifted.T),
        "time comes first and the batch second",
    ),
)
wrong.add(
    "padding_left_alone",
    by(
        "torch.where(targets == targets[:, -1:], targets, F.pad(targets, (1, 0), value=start_id)[:, :-1])"
    ),
    "tokens that are equal to the last of their row are not moved. Is any target an exception?",
)
wrong.add(
    "start_taken_out",
    by(
        "torch.where(targets == start_id, targets, F.pad(targets, (1, 0), value=start_id)[:, :-1])"
    ),
    "start_id among the targets is not moved. Is any target an exception?",
)
wrong.add("in_place", in_place, "the targets themselves are changed. Who else needs the targets?")
wrong.family(
    KIND,
    ("floats", but(shift_right, returns=lambda shifted: shifted.float()), "the tokens are floats"),
    (
        "short_integers",
        but(shift_right, returns=lambda shifted: shifted.int()),
        "the tokens are int32",
    ),
    (
        "start_on_the_cpu",
        by("torch.cat([torch.full((len(targets), 1), start_id), targets[:, :-1]], dim=1)"),
        "the first column is made on the CPU",
    ),
    ("as_lists", but(shift_right, returns=torch.Tensor.tolist), "lists come back"),
)

EXERCISE = Exercise(
    reference=shift_right,
    inputs=inputs,
    points=5,
    axes={"B": 3, "T": 5},
    shapes={"targets": "B T", "return": "B T"},
    cases=(
        Case(
            name="start_id among the targets",
            inputs=start_inside,
            why="start_id may be a target as well, and is then moved like any other.",
        ),
    ),
    mistakes=wrong,
    look=SMALL,
    when_right=(
        "Filling a new tensor with start_id and writing the targets into it from column 1 on does "
        "the same as a column in front and one off the end. Moving the columns inside the targets "
        "goes wrong twice: others still need the targets, and from left to right each column is "
        "overwritten before it is read. Rolling brings the last target round to the front. Next "
        "question: what is fed in the columns of padding, and why does nobody mind?"
    ),
)
