"""The share of real tokens with the right tag."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab7_tagging import _draws as draws
from exercises.lab7_tagging._draws import PAD, Draw, edge, missed, padded_tags, scores_for
from exercises.lab7_tagging._programs import FORM, NOTHING, about_accuracy, about_padding
from solutions.lab7_tagging import sequence_accuracy, token_accuracy


def inputs(
    rng: np.random.Generator, B: int, T: int, C: int, ignore_index: int = PAD
) -> Mapping[str, Any]:
    """About half of the tokens are right; on padding some predictions are 0."""
    tags = padded_tags(rng, B, T, C, ignore_index)
    predictions = np.where(rng.random((B, T)) < 0.5, tags, missed(rng, tags, C))
    padding = tags == ignore_index
    predictions[padding] = rng.integers(2, size=int(padding.sum()))
    real = np.argwhere(~padding)
    row, step = real[rng.integers(len(real))]
    predictions[row, step] = (tags[row, step] + 1) % C
    return {"logits": scores_for(rng, predictions, C), "tags": tags}


def marked(ignore_index: int) -> Draw:
    """Padding written with another number, which is handed over."""
    return lambda rng: {**inputs(rng, 4, 6, 5, ignore_index), "ignore_index": ignore_index}


def all_right(rng: np.random.Generator) -> Mapping[str, Any]:
    tags = padded_tags(rng, 3, 5, 4)
    return {"logits": scores_for(rng, tags % 4, 4), "tags": tags}


def one_row_of_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, B=4, T=5, C=3)
    draw["tags"][rng.permutation(4)[0]] = PAD
    return draw


def below_zero(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, B=4, T=5, C=3)
    return {**draw, "logits": draw["logits"] - 10}


def counting(count: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> Any:
    """A number from the predictions, the tags, the mask and the logits.

    It is 0.0 where there is no real token.
    """

    def changed(logits, tags, ignore_index=PAD):
        real = tags != ignore_index
        return float(count(logits.argmax(-1), tags, real, logits)) if real.any() else 0.0

    return changed


def mean_of_means(guess, tags, real, z):
    rows = real.any(1)
    return (((guess == tags) & real).sum(1)[rows] / real.sum(1)[rows]).mean()


def at_the_last_step(guess, tags, real, z):
    last = (real.long().sum(1) - 1).clamp(min=0)
    hits = (guess == tags).gather(1, last[:, None])[:, 0]
    return hits[real.any(1)].double().mean()


def over_half(guess, tags, real, z):
    sure = z.softmax(-1).amax(-1) > 0.5
    return ((guess == tags) & sure & real).sum() / real.sum()


changed = partial(edited, token_accuracy)

COUNT = "Write down which tokens you count, and how many you divide by."
GUESS = "Print the shape of your predictions. It should be that of the tags."

wrong = Mistakes()
wrong.family(
    COUNT,
    (
        "padding_wrong",
        changed({"max(1, int(real.sum()))": "real.numel()"}),
        "padding is counted as wrong",
    ),
    ("errors", changed({"== tags)": "!= tags)"}), "the errors are counted"),
    (
        "padding_right",
        counting(lambda guess, tags, real, z: ((guess == tags) | ~real).double().mean()),
        "padding is counted as right",
    ),
    (
        "padding_as_tag_0",
        counting(lambda guess, tags, real, z: (guess == tags.where(real, 0)).double().mean()),
        "padding is counted as tag 0",
    ),
    (
        "mean_of_means",
        counting(mean_of_means),
        "each sequence is averaged first, and then the averages",
    ),
    (
        "last_steps_only",
        counting(at_the_last_step),
        "only the last real token of each sequence is counted",
    ),
    ("whole_sequences", sequence_accuracy, "whole sequences are counted and not tokens"),
)
wrong.add(
    "no_mask",
    lambda logits, tags, ignore_index=PAD: float((logits.argmax(-1) == tags).double().mean()),
    "padding is a token like any other, on both sides of the fraction. Which tokens are real, and who says so?",
)
wrong.add(
    "padding_in_the_numerator",
    edited(token_accuracy, {" & real": ""}),
    "padding can be counted as right, but not as a token. Try ignore_index=0 with predictions that are 0 on padding.",
)
about_padding(wrong, token_accuracy)
about_accuracy(wrong, token_accuracy)
wrong.add(
    "over_half",
    counting(over_half),
    "a prediction counts only if its probability is above one half. Which tag is predicted if no probability is above one half?",
)
wrong.family(
    GUESS,
    ("smallest", changed({"argmax": "argmin"}), "the tag with the smallest logit is predicted"),
    (
        "over_time",
        counting(lambda guess, tags, real, z: (z.argmax(1) == tags)[real].double().mean()),
        "the largest logit is looked for along time",
    ),
)
wrong.family(
    FORM,
    (
        "counted",
        changed({" / max(1, int(real.sum()))": ""}),
        "the right tokens are counted, and not divided by anything",
    ),
)
wrong.add(
    "rounded",
    but(token_accuracy, returns=lambda share: round(share, 2)),
    "the accuracy is rounded. Return the number as it is.",
)
wrong.family(
    NOTHING,
    (
        "mean_of_nothing",
        changed(
            {"float(right.sum()) / max(1, int(real.sum()))": "float(right[real].double().mean())"}
        ),
        "a batch without a real token gives nan",
    ),
)


EXERCISE = Exercise(
    reference=token_accuracy,
    inputs=inputs,
    points=6,
    axes={"B": 3, "T": 7, "C": 4},
    without=frozenset({"classes of size 1"}),
    shapes={"logits": "B T C", "tags": "B T"},
    cases=(
        Case(name="padding written as -1", inputs=marked(-1)),
        Case(name="padding written as 0", inputs=marked(0)),
        Case(name="a sequence that is all padding", inputs=one_row_of_padding),
        edge(
            "logits below zero",
            below_zero,
            "Only the order of the logits matters, not their signs.",
        ),
        edge("every token right", all_right, "A tagger without errors has accuracy 1."),
        edge(
            "every token wrong", draws.all_wrong, "A tagger that is always wrong has accuracy 0."
        ),
        edge(
            "a single real token",
            lambda rng: draws.one_real_token(inputs(rng, B=2, T=4, C=3)),
            "One real token of one is a share of 1.",
        ),
        edge(
            "nothing but padding",
            draws.nothing_but_padding,
            "Without a real token the accuracy is 0.0.",
        ),
    ),
    mistakes=wrong,
    look=COUNT,
    when_right=(
        "You can also pick out the real tokens first and average what is left, but the mean of "
        "nothing is nan, so this way needs a case of its own. No softmax is needed: it does not "
        "change which logit is the largest. With ignore_index = 0 a tagger that says 0 on padding "
        "seems to be right there, unless the mask is applied to both parts of the fraction. Next "
        "question: what does a tagger score that always says the most frequent tag?"
    ),
)
