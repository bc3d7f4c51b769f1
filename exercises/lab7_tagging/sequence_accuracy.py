"""The share of sequences that are right from end to end."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, edited
from exercises.lab7_tagging import _draws as draws
from exercises.lab7_tagging._draws import PAD, Draw, edge, missed, padded_tags, padding, scores_for
from exercises.lab7_tagging._programs import FORM, about_accuracy, about_padding
from solutions.lab7_tagging import sequence_accuracy, token_accuracy


def inputs(
    rng: np.random.Generator, B: int, T: int, C: int, ignore_index: int = PAD
) -> Mapping[str, Any]:
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


def marked(ignore_index: int) -> Draw:
    """Padding written with another number, which is handed over."""
    return lambda rng: {**inputs(rng, 9, 6, 4, ignore_index), "ignore_index": ignore_index}


def rows_of_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, B=9, T=5, C=3)
    draw["tags"][rng.permutation(9)[:2]] = PAD
    return draw


def rows_of_padding_as_0(rng: np.random.Generator) -> Mapping[str, Any]:
    """Some sequences hold nothing but padding, which is written as 0."""
    draw = inputs(rng, 9, 5, 4, 0)
    draw["tags"][rng.permutation(9)[:3]] = 0
    return {**draw, "ignore_index": 0}


def all_right(rng: np.random.Generator) -> Mapping[str, Any]:
    tags = padded_tags(rng, 3, 5, 4)
    return {"logits": scores_for(rng, np.where(tags == PAD, 3, tags), 4), "tags": tags}


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


def last_of(right: Tensor, real: Tensor) -> Tensor:
    steps = torch.arange(real.shape[1]) * real
    return right.gather(1, steps.argmax(1, keepdim=True))[:, 0]


changed = partial(edited, sequence_accuracy)

COUNT = "Which sequences do you count, and how many do you divide by?"
WHOLE = (
    "For one sequence with a single slip, and one without, write down what your code says of each."
)
EQUAL = "What does your comparison say where the tag is ignore_index?"
COUNTED = "real.any(dim=1)"
DIVIDED = " / max(1, int(counted.sum()))"
ALL = "right.all(dim=1)"
OVER_TIME = """if not real.any():
        return 0.0
    right = (logits.argmax(dim=1)"""

wrong = Mistakes()
about_padding(wrong, sequence_accuracy)
about_accuracy(wrong, sequence_accuracy)
wrong.family(
    EQUAL,
    ("padding_must_agree", changed({" | ~real": ""}), "padding must be predicted right too"),
    (
        "padded_never_right",
        changed({"| ~real": "& real"}),
        "a sequence that has padding never counts as right",
    ),
    (
        "no_mask",
        lambda logits, tags, ignore_index=PAD: float(
            (logits.argmax(-1) == tags).all(1).double().mean()
        ),
        "padding is a token like any other, in sequences that are all padding too",
    ),
    (
        "padding_as_tag_0",
        changed({"== tags) | ~real": "== tags.where(real, 0))"}),
        "padding is taken for tag 0, which must be predicted there",
    ),
)
wrong.family(
    COUNT,
    (
        "empty_ones_right",
        changed({COUNTED: "real.any().expand(len(tags))"}),
        "sequences without a real token count as right",
    ),
    (
        "empty_ones_wrong",
        changed({DIVIDED: "/ len(tags)"}),
        "sequences without a real token count as wrong",
    ),
)
wrong.family(
    WHOLE,
    (
        "one_is_enough",
        changed({"| ~real": "& real", ALL: "right.any(dim=1)"}),
        "a sequence counts as right if any of its tokens is",
    ),
    (
        "most_are_enough",
        changed({"| ~real": "& real", ALL: "(right.sum(1) > real.sum(1) / 2)"}),
        "a sequence counts as right if more than half of its tokens are",
    ),
    (
        "one_slip_allowed",
        changed({ALL: "((~right).sum(dim=1) <= 1)"}),
        "one slip in a sequence is allowed",
    ),
    (
        "first_token",
        changed({ALL: "right[:, 0]"}),
        "only the first token of a sequence is looked at",
    ),
    ("errors", changed({ALL: f"~{ALL}"}), "the sequences with an error are counted"),
    (
        "last_token",
        changed({ALL: "last_of(right, real)"}, last_of=last_of),
        "only the last real token of a sequence is looked at",
    ),
    ("tokens", token_accuracy, "tokens are counted and not sequences"),
)
wrong.add(
    "over_batch",
    changed({ALL: "right.all(dim=0)", COUNTED: "real.any(dim=0)"}),
    "time steps are judged over the batch, and not sequences over time. Over which axis does your `all` run?",
)
wrong.add(
    "empty_if_negative",
    changed({COUNTED: "(tags >= 0).any(dim=1) & real.any()"}),
    "a sequence counts as empty only if its tags are negative. Try ignore_index=0 with a sequence that is all padding.",
)
wrong.add(
    "over_time",
    changed({"right = (logits.argmax(dim=-1)": OVER_TIME}),
    "the largest logit is looked for along time. Print the shape of your predictions. It should be that of the tags.",
)
wrong.add(
    "smallest",
    changed({"argmax": "argmin"}),
    "the tag with the smallest logit is predicted. Which logit does the predicted tag have?",
)
wrong.add(
    "counted",
    changed({DIVIDED: ""}),
    "the right sequences are counted, and not divided by anything. " + FORM,
)


EXERCISE = Exercise(
    reference=sequence_accuracy,
    inputs=inputs,
    points=8,
    axes={"B": 9, "T": 6, "C": 4},
    without=frozenset({"classes of size 1"}),
    shapes={"logits": "B T C", "tags": "B T"},
    cases=(
        Case(name="padding written as -1", inputs=marked(-1)),
        Case(name="padding written as 0", inputs=marked(0)),
        Case(name="some sequences that are all padding", inputs=rows_of_padding),
        edge(
            "some sequences that are all padding, written as 0",
            rows_of_padding_as_0,
            "A sequence counts if one of its tags is not ignore_index.",
        ),
        edge(
            "ignored tokens inside a sequence",
            padding_inside,
            "A token is real if its tag is not ignore_index, wherever it stands.",
        ),
        edge(
            "every token right",
            all_right,
            "A tagger without errors has accuracy 1, whatever it says on padding.",
        ),
        edge(
            "every token wrong", draws.all_wrong, "A tagger that is always wrong has accuracy 0."
        ),
        edge(
            "nothing but padding",
            draws.nothing_but_padding,
            "Without a real token the accuracy is 0.0.",
        ),
    ),
    mistakes=wrong,
    look=WHOLE,
    when_right=(
        "Counting the errors of each sequence does the same: right is whoever has none, and at "
        "least one real token. The second half is easily forgotten, because 'all of nothing' is "
        "true, in Python and in PyTorch. Padding has to pass the test whatever is predicted "
        "there. Next question: suppose a tagger's errors come in clusters and not one by one. "
        "With the same token accuracy, is its sequence accuracy higher or lower?"
    ),
)
