"""The share of real tokens with the right tag."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab7_tagging._draws import PAD, Floats, Ints, missed, padded_tags, scores_for
from solutions.lab7_tagging import sequence_accuracy, token_accuracy

Share = Callable[[Tensor, Tensor, Tensor, Tensor], Any]
"""A number from predictions, tags, the mask, and the logits."""


def inputs(
    rng: np.random.Generator, B: int, T: int, C: int, ignore_index: int = PAD
) -> Mapping[str, Floats | Ints]:
    """About half of the tokens are right; on padding some predictions are 0."""
    tags = padded_tags(rng, B, T, C, ignore_index)
    predictions = np.where(rng.random((B, T)) < 0.5, tags, missed(rng, tags, C))
    padding = tags == ignore_index
    predictions[padding] = rng.integers(2, size=int(padding.sum()))
    real = np.argwhere(~padding)
    row, step = real[rng.integers(len(real))]
    predictions[row, step] = (tags[row, step] + 1) % C
    return {"logits": scores_for(rng, predictions, C), "tags": tags}


def marked(ignore_index: int) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Padding written with another number, which is handed over."""
    return lambda rng: {**inputs(rng, 4, 6, 5, ignore_index), "ignore_index": ignore_index}


def all_right(rng: np.random.Generator) -> Mapping[str, Any]:
    tags = padded_tags(rng, 3, 5, 4)
    return {"logits": scores_for(rng, tags % 4, 4), "tags": tags}


def all_wrong(rng: np.random.Generator) -> Mapping[str, Any]:
    tags = padded_tags(rng, 3, 5, 4)
    return {"logits": scores_for(rng, missed(rng, tags, 4), 4), "tags": tags}


def one_real_token(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = dict(inputs(rng, B=2, T=4, C=3))
    tags = np.full((2, 4), PAD)
    tags[1, 0] = draw["logits"][1, 0].argmax()
    return {**draw, "tags": tags}


def nothing_but_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"logits": rng.standard_normal((2, 4, 3)), "tags": np.full((2, 4), PAD)}


def one_row_of_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = dict(inputs(rng, B=4, T=5, C=3))
    draw["tags"][rng.permutation(4)[0]] = PAD
    return draw


def below_zero(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, B=4, T=5, C=3)
    return {**draw, "logits": draw["logits"] - 10}


def counting(count: Share) -> Callable[..., Any]:
    """Another number from the same pieces; 0.0 where there is no real token."""

    def changed(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Any:
        real = tags != ignore_index
        if not bool(real.any()):
            return 0.0
        found = count(logits.argmax(-1), tags, real, logits)
        return float(found) if isinstance(found, Tensor) else found

    return changed


def mean_of_means(guess: Tensor, tags: Tensor, real: Tensor, _: Tensor) -> Tensor:
    rows = real.any(1)
    return (((guess == tags) & real).sum(1)[rows] / real.sum(1)[rows]).mean()


def at_the_last_step(guess: Tensor, tags: Tensor, real: Tensor, _: Tensor) -> Tensor:
    rows = real.any(1)
    last = (real.long().sum(1) - 1).clamp(min=0)
    hits = (guess == tags).gather(1, last[:, None])[:, 0]
    return hits[rows].double().mean()


def over_half(guess: Tensor, tags: Tensor, real: Tensor, logits: Tensor) -> Tensor:
    sure = logits.softmax(-1).amax(-1) > 0.5
    return ((guess == tags) & sure & real).sum() / real.sum()


def over_classes_of_time(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    real = tags != ignore_index
    if not bool(real.any()):
        return 0.0
    return float((logits.argmax(1) == tags)[real].double().mean())


wrong = Mistakes()


@wrong
def mask_on_the_cpu(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    """a new tensor, such as a mask, is made on the CPU, wherever the tags are.
    On which device does torch.zeros make its tensor?"""
    mask = torch.zeros(tags.shape, dtype=torch.bool)
    mask[tags != ignore_index] = True
    right = int(((logits.argmax(-1) == tags) & mask).sum())
    return right / max(1, int(mask.sum()))


def nothing_divided_by_nothing(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    real = tags != ignore_index
    return int(((logits.argmax(-1) == tags) & real).sum()) / int(real.sum())


def mean_of_nothing(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    real = tags != ignore_index
    return float((logits.argmax(-1) == tags)[real].double().mean())


def one_for_nothing(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    if bool((tags == ignore_index).all()):
        return 1.0
    return token_accuracy(logits, tags, ignore_index)


@wrong
def negative_is_padding(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    """every negative tag is taken for padding, and nothing else.
    Try ignore_index=0."""
    return token_accuracy(logits, tags.where(tags >= 0, PAD))


def only_the_real_ones(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    real = tags != ignore_index
    if real.sum() == 0:
        return 0.0
    return (logits[real].argmax(1) == tags[real]).double().mean().item()


def token_by_token(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> float:
    right = count = 0
    for scores, wanted in zip(logits.tolist(), tags.tolist(), strict=True):
        for row, tag in zip(scores, wanted, strict=True):
            if tag != ignore_index:
                count += 1
                right += row.index(max(row)) == tag
    return right / count if count else 0.0


def by_probabilities(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Any:
    guess = torch.softmax(logits, dim=2).max(dim=2).indices
    weight = (tags != ignore_index).double()
    total = weight.sum().item()
    return ((guess == tags).double() * weight).sum().item() / total if total > 0 else 0


def in_numpy(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Any:
    guess, wanted = logits.numpy().argmax(-1), tags.numpy()
    real = wanted != ignore_index
    return np.mean(guess[real] == wanted[real]) if real.any() else np.float64(0)


COUNT = "Write down which tokens you count, and how many you divide by."
GUESS = "Print the shape of your predictions. It should be that of the tags."
FORM = "What is the type of what you return, and between which numbers does it lie?"
NOTHING = "Try tags that are all ignore_index."

wrong.add(
    "padding_wrong",
    counting(lambda guess, tags, real, z: ((guess == tags) & real).double().mean()),
    "padding is counted as wrong. " + COUNT,
)
wrong.add(
    "padding_right",
    counting(lambda guess, tags, real, z: ((guess == tags) | ~real).double().mean()),
    "padding is counted as right. " + COUNT,
)
wrong.add(
    "padding_as_tag_0",
    counting(lambda guess, tags, real, z: (guess == tags.where(real, 0)).double().mean()),
    "padding is counted as tag 0. " + COUNT,
)
wrong.add(
    "padding_in_the_numerator",
    counting(lambda guess, tags, real, z: (guess == tags).sum() / real.sum()),
    "padding can be counted as right, but not as a token. Try ignore_index=0 with predictions that are 0 on padding.",
)
wrong.add(
    "argument_ignored",
    but(token_accuracy, ignore_index=lambda _: PAD),
    "padding is taken to be -100 whatever ignore_index says. Where does your code use ignore_index?",
)
wrong.add(
    "mean_of_means",
    counting(mean_of_means),
    "each sequence is averaged first, and then the averages. " + COUNT,
)
wrong.add(
    "last_steps_only",
    counting(at_the_last_step),
    "only the last real token of each sequence is counted. " + COUNT,
)
wrong.add(
    "whole_sequences", sequence_accuracy, "whole sequences are counted and not tokens. " + COUNT
)
wrong.add(
    "over_half",
    counting(over_half),
    "a prediction counts only if its probability is above one half. Which tag is predicted if no probability is above one half?",
)
wrong.add(
    "smallest",
    counting(lambda guess, tags, real, z: ((z.argmin(-1) == tags) & real).sum() / real.sum()),
    "the tag with the smallest logit is predicted. " + GUESS,
)
wrong.add(
    "over_time", over_classes_of_time, "the largest logit is looked for along time. " + GUESS
)
wrong.add(
    "errors",
    counting(lambda guess, tags, real, z: ((guess != tags) & real).sum() / real.sum()),
    "the errors are counted. " + COUNT,
)
wrong.add(
    "percent",
    but(token_accuracy, returns=lambda share: 100 * share),
    "the accuracy is given in percent. " + FORM,
)
wrong.add(
    "counted",
    counting(lambda guess, tags, real, z: ((guess == tags) & real).sum()),
    "the right tokens are counted, and not divided by anything. " + FORM,
)
wrong.add(
    "as_tensor",
    but(token_accuracy, returns=torch.tensor),
    "the accuracy comes as a tensor. " + FORM,
)
wrong.add(
    "rounded",
    but(token_accuracy, returns=lambda share: round(share, 2)),
    "the accuracy is rounded. Return the number as it is.",
)
wrong.add(
    "nothing_divided_by_nothing",
    nothing_divided_by_nothing,
    "a batch without a real token divides by zero. " + NOTHING,
)
wrong.add("mean_of_nothing", mean_of_nothing, "a batch without a real token gives nan. " + NOTHING)
wrong.add(
    "one_for_nothing",
    one_for_nothing,
    "a batch without a real token counts as all right. " + NOTHING,
)


EXERCISE = Exercise(
    reference=token_accuracy,
    inputs=inputs,
    points=6,
    axes={"B": 3, "T": 7, "C": 4},
    shapes={"logits": "B T C", "tags": "B T"},
    cases=(
        Case(name="padding written as -1", inputs=marked(-1)),
        Case(name="padding written as 0", inputs=marked(0)),
        Case(name="a sequence that is all padding", inputs=one_row_of_padding),
        Case(
            name="logits below zero",
            inputs=below_zero,
            value=False,
            why="Only the order of the logits matters, not their signs.",
        ),
        Case(
            name="every token right",
            inputs=all_right,
            value=False,
            why="A tagger without errors has accuracy 1.",
        ),
        Case(
            name="every token wrong",
            inputs=all_wrong,
            value=False,
            why="A tagger that is always wrong has accuracy 0.",
        ),
        Case(
            name="a single real token",
            inputs=one_real_token,
            value=False,
            why="One real token of one is a share of 1.",
        ),
        Case(
            name="nothing but padding",
            inputs=nothing_but_padding,
            value=False,
            why="Without a real token the accuracy is 0.0.",
        ),
    ),
    mistakes=wrong,
    also_right=(only_the_real_ones, token_by_token, by_probabilities, in_numpy),
    look=COUNT,
)
