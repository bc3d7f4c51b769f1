"""Counts of true against predicted tags."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab7_tagging._draws import PAD, Draw, edge, padded_tags, padding, unequal_lengths
from exercises.lab7_tagging._programs import REAL, about_padding
from solutions.lab7_tagging import confusion_matrix


def inputs(
    rng: np.random.Generator, B: int, T: int, C: int, ignore_index: int = PAD
) -> Mapping[str, Any]:
    """About half of the predictions right; every tag is predicted, on padding too."""
    tags = padded_tags(rng, B, T, C, ignore_index)
    predictions = np.where(rng.random((B, T)) < 0.5, tags, rng.integers(C, size=(B, T)))
    blank = tags == ignore_index
    predictions[blank] = rng.integers(C, size=int(blank.sum()))
    return {"predictions": predictions, "tags": tags, "num_tags": C}


def marked(ignore_index: int) -> Draw:
    """Padding written with another number, which is handed over."""
    return lambda rng: {**inputs(rng, 4, 8, 3, ignore_index), "ignore_index": ignore_index}


def few_tags(rng: np.random.Generator) -> Mapping[str, Any]:
    """Of eight tags, only three are ever true and three others predicted."""
    tags = rng.integers(1, 4, size=(3, 6))
    tags[padding(unequal_lengths(rng, 3, 6), 6)] = PAD
    return {"predictions": rng.integers(3, 6, size=(3, 6)), "tags": tags, "num_tags": 8}


def nothing_but_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    predictions = rng.integers(3, size=(2, 4))
    return {"predictions": predictions, "tags": np.full((2, 4), PAD), "num_tags": 3}


def one_tag(rng: np.random.Generator) -> Mapping[str, Any]:
    tags = np.zeros((3, 5), dtype=np.int64)
    tags[padding(unequal_lengths(rng, 3, 5), 5)] = PAD
    return {"predictions": np.zeros((3, 5), dtype=np.int64), "tags": tags, "num_tags": 1}


changed = partial(edited, confusion_matrix)
given = partial(but, confusion_matrix)

TABLE = "Take three tokens with known tags, and put the counts into the table by hand."
COUNT = "The sum of all entries: which number should it be?"
FORM = "Print the shape and the dtype of what you return."

EACH, ONES = "real.to(tags.dtype)", "tags.new_ones(tags.shape)"
FILLED = "return matrix.index_put((rows, columns), real.to(tags.dtype), accumulate=True)"
ON_THE_CPU = "torch.zeros(num_tags, num_tags, dtype=torch.int64)"
LARGEST = "num_tags = 1 + max([-1, *tags[real].tolist(), *predictions[real].tolist()])"

wrong = Mistakes()
printed(wrong, confusion_matrix)
about_padding(wrong, confusion_matrix)
wrong.family(
    TABLE,
    ("turned", given(returns=Tensor.t), "rows and columns are exchanged"),
    (
        "first_tag_left_out",
        changed({REAL: "real = (tags != ignore_index) & (tags != 0)"}),
        "true tags 0 are left out",
    ),
    (
        "predictions_decide",
        changed({REAL: "real = (tags != ignore_index) & (predictions != 0)"}),
        "tokens that are predicted as 0 are left out",
    ),
)
wrong.family(
    COUNT,
    (
        "padding_counts",
        changed({"predictions.where(real, 0)": "predictions", EACH: ONES}),
        "padding is counted as a true tag 0",
    ),
    (
        "padding_as_both",
        changed({EACH: ONES}),
        "padding is counted as tag 0 that was predicted right",
    ),
    ("errors_only", given(returns=lambda n: n - n.diag().diag()), "only errors are counted"),
    ("hits_only", given(returns=lambda n: n.diag().diag()), "only right predictions are counted"),
    (
        "shares",
        given(returns=lambda n: n / n.sum(1, keepdim=True).clamp(min=1)),
        "each row is divided by its sum",
    ),
)
wrong.add(
    "lost_repeats",
    edited(confusion_matrix, {FILLED: "matrix[rows, columns] += real.long()\n    return matrix"}),
    "tokens that fall into the same field are counted once. Try matrix[rows, columns] += 1 with two equal pairs of indices.",
)


@wrong
def as_many_as_occur(predictions, tags, num_tags, ignore_index=PAD):
    """there are as many counts as the largest pair of tags that occurs asks for.
    How many counts does bincount give where the last tag never occurs?"""
    real = tags != ignore_index
    pairs = tags[real] * num_tags + predictions[real]
    return pairs.bincount().reshape(num_tags, num_tags)


wrong.add(
    "on_the_cpu",
    edited(confusion_matrix, {"tags.new_zeros(num_tags, num_tags)": ON_THE_CPU}),
    "the table is made on the CPU, wherever the tags are. On which device does torch.zeros make its tensor?",
)
wrong.family(
    FORM,
    (
        "size_by_what_occurs",
        changed({REAL: f"{REAL}\n    {LARGEST}"}),
        "the table is only as large as the tags that occur",
    ),
    (
        "one_tag_too_many",
        given(num_tags=lambda c: c + 1),
        "the table has a row and a column too many",
    ),
    ("flat", given(returns=Tensor.flatten), "the counts come in one row"),
    ("floats", given(returns=Tensor.float), "the counts are floats"),
    ("small_ints", given(returns=Tensor.int), "the counts are int32"),
    ("as_list", given(returns=Tensor.tolist), "the table comes as a list of lists"),
)


EXERCISE = Exercise(
    reference=confusion_matrix,
    inputs=inputs,
    points=8,
    axes={"B": 3, "T": 9, "C": 4},
    shapes={"predictions": "B T", "tags": "B T", "return": "C C"},
    cases=(
        Case(name="padding written as -1", inputs=marked(-1)),
        Case(name="padding written as 0", inputs=marked(0)),
        Case(name="tags that never occur", inputs=few_tags),
        edge(
            "nothing but padding",
            nothing_but_padding,
            "Without a real token every count is 0, and the table has its full size.",
        ),
        edge("a single tag", one_tag, "With one tag the table still has two axes."),
    ),
    mistakes=wrong,
    look=TABLE,
    when_right=(
        "A shorter way: make one number out of each pair, true tag times C plus predicted tag, "
        "count these numbers, and give the counts the shape (C, C). Say how many counts there "
        "have to be, or the table shrinks when the last tags do not occur. The trap of the other "
        "way is silent: adding 1 to a list of fields adds it only once to a field that is listed "
        "twice. Next question: how do you read the token accuracy off this table?"
    ),
)
