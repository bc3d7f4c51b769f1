"""The share of sequences that are right from end to end."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab7_tagging._draws import (
    PAD,
    Floats,
    Ints,
    missed,
    padded_tags,
    padding,
    scores_for,
)
from solutions.lab7_tagging import sequence_accuracy, token_accuracy

Share = Callable[[Tensor, Tensor], Any]
"""A number from (B, T): which tokens are right, and which are real."""


def inputs(
    rng: np.random.Generator, B: int, T: int, C: int, ignore_index: int = PAD
) -> Mapping[str, Floats | Ints]:
    """About a third of the sequences right, a third with one slip, a third with more; junk on padding."""
    lengths = np.concatenate([[T], rng.integers(1, max(2, T), B - 1)])
    classes = np.array([c for c in range(C) if c != ignore_index])
    tags = rng.choice(classes, (B, T)).astype(np.int64)
    wrong = missed(rng, tags, C)
    predictions = tags.copy()
    for row, length in enumerate(lengths):
        slips = (0, 1, max(1, length // 2 + 1))[row % 3]
        steps = rng.permutation(length)[:slips]
        if row == 1:
            steps = steps * 0
        if row == 4:
            steps = steps * 0 + length - 1
        predictions[row, steps] = wrong[row, steps]
    blank = padding(lengths, T)
    tags[blank] = ignore_index
    predictions[blank] = rng.integers(1, C, size=int(blank.sum()))
    predictions[3:4][blank[3:4]] = 0
    order = rng.permutation(B)
    return {"logits": scores_for(rng, predictions, C)[order], "tags": tags[order]}


def marked(ignore_index: int) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Padding written with another number, which is handed over."""
    return lambda rng: {**inputs(rng, 9, 6, 4, ignore_index), "ignore_index": ignore_index}


def rows_of_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = dict(inputs(rng, B=9, T=5, C=3))
    draw["tags"][rng.permutation(9)[:2]] = PAD
    return draw


def rows_of_padding_as_0(rng: np.random.Generator) -> Mapping[str, Any]:
    """Some sequences hold nothing but padding, which is written as 0."""
    draw = dict(inputs(rng, 9, 5, 4, 0))
    draw["tags"][rng.permutation(9)[:3]] = 0
    return {**draw, "ignore_index": 0}


def all_right(rng: np.random.Generator) -> Mapping[str, Any]:
    tags = padded_tags(rng, 3, 5, 4)
    return {"logits": scores_for(rng, np.where(tags == PAD, 3, tags), 4), "tags": tags}


def all_wrong(rng: np.random.Generator) -> Mapping[str, Any]:
    tags = padded_tags(rng, 3, 5, 4)
    return {"logits": scores_for(rng, missed(rng, tags, 4), 4), "tags": tags}


def nothing_but_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"logits": rng.standard_normal((2, 4, 3)), "tags": np.full((2, 4), PAD)}


def padding_inside(rng: np.random.Generator) -> Mapping[str, Any]:
    """Ignored tokens at the start and in the middle."""
    tags = rng.integers(4, size=(6, 5))
    predictions = tags.copy()
    predictions[1::2, 2] = (tags[1::2, 2] + 1) % 4
    tags[0:2, 0] = PAD
    tags[2:4, 3] = PAD
    predictions[0:2, 0] = 1
    predictions[2:4, 3] = 2
    tags[5, 2] = PAD
    return {"logits": scores_for(rng, predictions, 4), "tags": tags}


def counting(count: Share) -> Callable[..., Any]:
    """Another number from the same pieces; 0.0 where there is no real token."""

    def changed(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Any:
        real = tags != ignore_index
        if not bool(real.any()):
            return 0.0
        return float(count(logits.argmax(-1) == tags, real))

    return changed


def of_sequences(judge: Share) -> Callable[..., Any]:
    """The share of sequences with a real token that another rule calls right."""

    def share(right: Tensor, real: Tensor) -> float:
        rows = real.any(1)
        return float(judge(right & real, real)[rows].double().mean())

    return counting(share)


def last_of(right: Tensor, real: Tensor) -> Tensor:
    steps = torch.arange(real.shape[1]) * real
    return right.gather(1, steps.argmax(1, keepdim=True))[:, 0]


wrong = Mistakes()


@wrong
def padding_as_tag_0(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    """padding is taken for tag 0, which must be predicted there.
    What does your comparison say where the tag is ignore_index?"""
    real = tags != ignore_index
    if not bool(real.any()):
        return 0.0
    right = logits.argmax(-1) == tags.where(real, 0)
    return float(right.all(1)[real.any(1)].double().mean())


@wrong
def negative_is_padding(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    """every negative tag is taken for padding, and nothing else.
    Try ignore_index=0."""
    return sequence_accuracy(logits, tags.where(tags >= 0, PAD))


@wrong
def empty_if_negative(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    """a sequence counts as empty only if its tags are negative.
    Try ignore_index=0 with a sequence that is all padding."""
    real = tags != ignore_index
    rows = (tags >= 0).any(1) if bool(real.any()) else real.any(1)
    right = ((logits.argmax(-1) == tags) | ~real).all(1) & rows
    return int(right.sum()) / max(1, int(rows.sum()))


@wrong
def mask_on_the_cpu(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    """a new tensor, such as a mask, is made on the CPU, wherever the tags are.
    On which device does torch.zeros make its tensor?"""
    mask = torch.zeros(tags.shape, dtype=torch.bool)
    mask[tags != ignore_index] = True
    rows = mask.any(1)
    right = ((logits.argmax(-1) == tags) | ~mask).all(1) & rows
    return int(right.sum()) / max(1, int(rows.sum()))


def nothing_divided_by_nothing(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    real = tags != ignore_index
    rows = real.any(1)
    right = ((logits.argmax(-1) == tags) | ~real).all(1) & rows
    return int(right.sum()) / int(rows.sum())


def one_for_nothing(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    if bool((tags == ignore_index).all()):
        return 1.0
    return sequence_accuracy(logits, tags, ignore_index)


@wrong
def over_time(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    """the largest logit is looked for along time.
    Print the shape of your predictions. It should be that of the tags."""
    real = tags != ignore_index
    if not bool(real.any()):
        return 0.0
    right = (logits.argmax(1) == tags) | ~real
    return float(right.all(1)[real.any(1)].double().mean())


@wrong
def smallest(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    """the tag with the smallest logit is predicted.
    Which logit does the predicted tag have?"""
    return sequence_accuracy(-logits, tags, ignore_index)


def sequence_by_sequence(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    outcomes = []
    for scores, wanted in zip(logits, tags, strict=True):
        keep = wanted != ignore_index
        if keep.any():
            outcomes.append(torch.equal(scores[keep].argmax(-1), wanted[keep]))
    return sum(outcomes) / len(outcomes) if outcomes else 0.0


def without_errors(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Any:
    real = (tags != ignore_index).int()
    errors = ((logits.max(dim=2)[1] != tags).int() * real).sum(dim=1)
    lengths = real.sum(dim=1)
    counted = int((lengths > 0).sum())
    if counted == 0:
        return 0
    return ((errors == 0) & (lengths > 0)).sum().item() / counted


def in_numpy(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Any:
    guess, wanted = logits.numpy().argmax(-1), tags.numpy()
    rows = (wanted != ignore_index).any(axis=1)
    right = np.logical_or(wanted == ignore_index, guess == wanted)
    return right[rows].all(axis=1).mean() if rows.any() else 0.0


COUNT = "Which sequences do you count, and how many do you divide by?"
WHOLE = (
    "For one sequence with a single slip, and one without, write down what your code says of each."
)
FORM = "What is the type of what you return, and between which numbers does it lie?"
NOTHING = "Try tags that are all ignore_index."

wrong.add(
    "padding_must_agree",
    of_sequences(lambda right, real: right.all(1)),
    "padding must be predicted right too. What does your comparison say where the tag is ignore_index?",
)
wrong.add(
    "empty_ones_right",
    counting(lambda right, real: (right | ~real).all(1).double().mean()),
    "sequences without a real token count as right. " + COUNT,
)
wrong.add(
    "empty_ones_wrong",
    counting(lambda right, real: ((right | ~real).all(1) & real.any(1)).double().mean()),
    "sequences without a real token count as wrong. " + COUNT,
)
wrong.add(
    "one_is_enough",
    of_sequences(lambda right, real: right.any(1)),
    "a sequence counts as right if any of its tokens is. " + WHOLE,
)
wrong.add(
    "most_are_enough",
    of_sequences(lambda right, real: 2 * right.sum(1) > real.sum(1)),
    "a sequence counts as right if more than half of its tokens are. " + WHOLE,
)
wrong.add(
    "one_slip_allowed",
    of_sequences(lambda right, real: right.sum(1) + 1 >= real.sum(1)),
    "one slip in a sequence is allowed. " + WHOLE,
)
wrong.add(
    "first_token",
    of_sequences(lambda right, real: right[:, 0] | ~real[:, 0]),
    "only the first token of a sequence is looked at. " + WHOLE,
)
wrong.add(
    "last_token",
    of_sequences(last_of),
    "only the last real token of a sequence is looked at. " + WHOLE,
)
wrong.add("tokens", token_accuracy, "tokens are counted and not sequences. " + WHOLE)
wrong.add(
    "over_batch",
    counting(lambda right, real: (right | ~real).all(0)[real.any(0)].double().mean()),
    "time steps are judged over the batch, and not sequences over time. Over which axis does your `all` run?",
)
wrong.add(
    "argument_ignored",
    but(sequence_accuracy, ignore_index=lambda _: PAD),
    "padding is taken to be -100 whatever ignore_index says. Where does your code use ignore_index?",
)
wrong.add(
    "errors",
    of_sequences(lambda right, real: right.sum(1) < real.sum(1)),
    "the sequences with an error are counted. " + WHOLE,
)
wrong.add(
    "counted",
    counting(lambda right, real: ((right | ~real).all(1) & real.any(1)).sum()),
    "the right sequences are counted, and not divided by anything. " + FORM,
)
wrong.add(
    "percent",
    but(sequence_accuracy, returns=lambda share: 100 * share),
    "the accuracy is given in percent. " + FORM,
)
wrong.add(
    "as_tensor",
    but(sequence_accuracy, returns=torch.tensor),
    "the accuracy comes as a tensor. " + FORM,
)
wrong.add(
    "nothing_divided_by_nothing",
    nothing_divided_by_nothing,
    "a batch without a real token divides by zero. " + NOTHING,
)
wrong.add(
    "one_for_nothing",
    one_for_nothing,
    "a batch without a real token counts as all right. " + NOTHING,
)


EXERCISE = Exercise(
    reference=sequence_accuracy,
    inputs=inputs,
    points=8,
    axes={"B": 9, "T": 6, "C": 4},
    shapes={"logits": "B T C", "tags": "B T"},
    cases=(
        Case(name="padding written as -1", inputs=marked(-1)),
        Case(name="padding written as 0", inputs=marked(0)),
        Case(name="some sequences that are all padding", inputs=rows_of_padding),
        Case(
            name="some sequences that are all padding, written as 0",
            inputs=rows_of_padding_as_0,
            value=False,
            why="A sequence counts if one of its tags is not ignore_index.",
        ),
        Case(
            name="ignored tokens inside a sequence",
            inputs=padding_inside,
            value=False,
            why="A token is real if its tag is not ignore_index, wherever it stands.",
        ),
        Case(
            name="every token right",
            inputs=all_right,
            value=False,
            why="A tagger without errors has accuracy 1, whatever it says on padding.",
        ),
        Case(
            name="every token wrong",
            inputs=all_wrong,
            value=False,
            why="A tagger that is always wrong has accuracy 0.",
        ),
        Case(
            name="nothing but padding",
            inputs=nothing_but_padding,
            value=False,
            why="Without a real token the accuracy is 0.0.",
        ),
    ),
    mistakes=wrong,
    also_right=(sequence_by_sequence, without_errors, in_numpy),
    look=WHOLE,
)
