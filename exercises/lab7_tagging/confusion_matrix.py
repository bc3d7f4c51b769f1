"""Counts of true against predicted tags."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab7_tagging._draws import PAD, Ints, padded_tags, padding, unequal_lengths
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


def marked(ignore_index: int) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Padding written with another number, which is handed over."""
    return lambda rng: {**inputs(rng, 4, 8, 3, ignore_index), "ignore_index": ignore_index}


def few_tags(rng: np.random.Generator) -> Mapping[str, Any]:
    """Of eight tags, only three are ever true and three others predicted."""
    tags: Ints = rng.integers(1, 4, size=(3, 6))
    tags[padding(unequal_lengths(rng, 3, 6), 6)] = PAD
    return {"predictions": rng.integers(3, 6, size=(3, 6)), "tags": tags, "num_tags": 8}


def nothing_but_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    return {
        "predictions": rng.integers(3, size=(2, 4)),
        "tags": np.full((2, 4), PAD),
        "num_tags": 3,
    }


def one_tag(rng: np.random.Generator) -> Mapping[str, Any]:
    tags = np.zeros((3, 5), dtype=np.int64)
    tags[padding(unequal_lengths(rng, 3, 5), 5)] = PAD
    return {"predictions": np.zeros((3, 5), dtype=np.int64), "tags": tags, "num_tags": 1}


def padding_counts(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    safe = tags.where(tags != ignore_index, 0)
    return confusion_matrix(predictions, safe, num_tags, -1)


def padding_as_both(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    real = tags != ignore_index
    return confusion_matrix(predictions.where(real, 0), tags.where(real, 0), num_tags, -1)


wrong = Mistakes()


@wrong
def lost_repeats(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    """tokens that fall into the same field are counted once.
    Try matrix[rows, columns] += 1 with two equal pairs of indices."""
    real = tags != ignore_index
    matrix = tags.new_zeros(num_tags, num_tags)
    matrix[tags.where(real, 0), predictions.where(real, 0)] += real.long()
    return matrix


def size_by_what_occurs(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    real = tags != ignore_index
    seen = torch.cat([tags[real], predictions[real]])
    size = int(seen.max()) + 1 if len(seen) else 0
    return confusion_matrix(predictions, tags, size, ignore_index)


def first_tag_left_out(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    matrix = confusion_matrix(predictions, tags, num_tags, ignore_index).clone()
    matrix[0] = 0
    return matrix


def errors_only(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    matrix = confusion_matrix(predictions, tags, num_tags, ignore_index)
    return matrix - matrix.diag().diag()


def hits_only(predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD) -> Tensor:
    return confusion_matrix(predictions, tags, num_tags, ignore_index).diag().diag()


def predictions_decide(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    real = (tags != ignore_index) & (predictions != 0)
    return confusion_matrix(predictions, tags.where(real, PAD), num_tags)


@wrong
def negative_is_padding(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    """every negative tag is taken for padding, and nothing else.
    Try ignore_index=0."""
    return confusion_matrix(predictions, tags.where(tags >= 0, PAD), num_tags)


@wrong
def on_the_cpu(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    """the table is made on the CPU, wherever the tags are.
    On which device does torch.zeros make its tensor?"""
    real = tags != ignore_index
    matrix = torch.zeros(num_tags, num_tags, dtype=torch.int64)
    places = (tags.where(real, 0), predictions.where(real, 0))
    return matrix.index_put(places, real.long(), accumulate=True)


def shares(matrix: Tensor) -> Tensor:
    return matrix / matrix.sum(1, keepdim=True).clamp(min=1)


def token_by_token(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    matrix = torch.zeros((num_tags, num_tags), dtype=torch.long, device=tags.device)
    for guess, tag in zip(predictions.flatten().tolist(), tags.flatten().tolist(), strict=True):
        if tag != ignore_index:
            matrix[tag, guess] += 1
    return matrix


def by_bincount(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    real = tags != ignore_index
    places = tags[real] * num_tags + predictions[real]
    return torch.bincount(places, minlength=num_tags * num_tags).view(num_tags, num_tags)


def by_one_hot(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    real = (tags != ignore_index).reshape(-1)
    wanted = F.one_hot(tags.reshape(-1) * real, num_tags) * real[:, None]
    return wanted.T @ F.one_hot(predictions.reshape(-1), num_tags)


def turned_view(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    real = tags != ignore_index
    rows = [
        [((predictions == j) & (tags == i) & real).sum() for i in range(num_tags)]
        for j in range(num_tags)
    ]
    return torch.stack([torch.stack(row) for row in rows]).T


def compared_at_once(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD
) -> Tensor:
    every = torch.arange(num_tags, device=tags.device)
    real = (tags != ignore_index)[..., None]
    is_true = (tags[..., None] == every) & real
    is_guess = predictions[..., None] == every
    return torch.einsum("bti,btj->ij", is_true.long(), is_guess.long())


TABLE = "Take three tokens with known tags, and put the counts into the table by hand."
COUNT = "The sum of all entries: which number should it be?"
FORM = "Print the shape and the dtype of what you return."

wrong.add(
    "turned", but(confusion_matrix, returns=Tensor.t), "rows and columns are exchanged. " + TABLE
)
wrong.add("padding_counts", padding_counts, "padding is counted as a true tag 0. " + COUNT)
wrong.add(
    "padding_as_both",
    padding_as_both,
    "padding is counted as tag 0 that was predicted right. " + COUNT,
)
wrong.add(
    "argument_ignored",
    but(confusion_matrix, ignore_index=lambda _: PAD),
    "padding is taken to be -100 whatever ignore_index says. Where does your code use ignore_index?",
)
wrong.add(
    "size_by_what_occurs",
    size_by_what_occurs,
    "the table is only as large as the tags that occur. " + FORM,
)
wrong.add(
    "one_tag_too_many",
    but(confusion_matrix, num_tags=lambda c: c + 1),
    "the table has a row and a column too many. " + FORM,
)
wrong.add("first_tag_left_out", first_tag_left_out, "true tags 0 are left out. " + TABLE)
wrong.add(
    "predictions_decide",
    predictions_decide,
    "tokens that are predicted as 0 are left out. " + TABLE,
)
wrong.add("errors_only", errors_only, "only errors are counted. " + COUNT)
wrong.add("hits_only", hits_only, "only right predictions are counted. " + COUNT)
wrong.add(
    "flat", but(confusion_matrix, returns=Tensor.flatten), "the counts come in one row. " + FORM
)
wrong.add("floats", but(confusion_matrix, returns=Tensor.float), "the counts are floats. " + FORM)
wrong.add("small_ints", but(confusion_matrix, returns=Tensor.int), "the counts are int32. " + FORM)
wrong.add(
    "shares", but(confusion_matrix, returns=shares), "each row is divided by its sum. " + COUNT
)
wrong.add(
    "as_list",
    but(confusion_matrix, returns=Tensor.tolist),
    "the table comes as a list of lists. " + FORM,
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
        Case(
            name="nothing but padding",
            inputs=nothing_but_padding,
            value=False,
            why="Without a real token every count is 0, and the table has its full size.",
        ),
        Case(
            name="a single tag",
            inputs=one_tag,
            value=False,
            why="With one tag the table still has two axes.",
        ),
    ),
    mistakes=wrong,
    also_right=(token_by_token, by_bincount, by_one_hot, turned_view, compared_at_once),
    look=TABLE,
)
