"""The mean cross-entropy over real tokens."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab7_tagging import _draws as draws
from exercises.lab7_tagging._draws import PAD, Draw, edge, padded_tags
from exercises.lab7_tagging._programs import about_padding
from exercises.lab7_tagging._scenarios import back_from_nothing
from solutions.lab7_tagging import tagging_loss


def inputs(
    rng: np.random.Generator, B: int, T: int, C: int, ignore_index: int = PAD
) -> Mapping[str, Any]:
    logits = 1.5 * rng.standard_normal((B, T, C))
    return {"logits": logits, "tags": padded_tags(rng, B, T, C, ignore_index)}


def marked(ignore_index: int) -> Draw:
    """Padding written with another number, which is handed over."""
    return lambda rng: {**inputs(rng, 3, 6, 4, ignore_index), "ignore_index": ignore_index}


def one_row_of_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, B=4, T=5, C=3)
    draw["tags"][rng.integers(4)] = PAD
    return draw


def large_logits(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, B=3, T=5, C=4)
    return {**draw, "logits": 1000 * draw["logits"]}


def weighing(weigh: Callable[[Tensor, Tensor], Tensor]) -> Any:
    """A loss from −log p of each tag (0 stands in for padding) and the mask, both (B, T).

    It is 0 where there is no real token.
    """

    def changed(logits, tags, ignore_index=PAD):
        real = tags != ignore_index
        safe = tags.masked_fill(~real, 0)
        nll = F.cross_entropy(logits.transpose(1, 2), safe, reduction="none")
        return weigh(nll, real) if real.any() else logits.sum() * 0

    return changed


def means(axis: int) -> Any:
    """The mean of the means along an axis."""

    def mean(nll: Tensor, real: Tensor) -> Tensor:
        some = real.any(axis)
        return ((nll * real).sum(axis)[some] / real.sum(axis)[some]).mean()

    return weighing(mean)


def picking(score: str) -> Any:
    """The loss whose −log p of each token is a score that is read at its tag."""
    return edited(tagging_loss, {CALL: PICKED.format(score=score)})


changed = partial(edited, tagging_loss)
given = partial(but, tagging_loss)

CALL = """total = F.cross_entropy(
        logits.transpose(1, 2), tags, ignore_index=ignore_index, reduction="sum"
    )"""
PICKED = """mask = tags != ignore_index
    picked = {score}.gather(2, tags.where(mask, 0)[..., None])[..., 0]
    total = -picked.where(mask, 0.0).sum()"""
TURNED = "logits.transpose(1, 2)"
MASKED = """weights = torch.ones(tags.shape, dtype=logits.dtype)
    weights[tags == ignore_index] = 0.0
    return (total * weights).sum()"""

COUNT = "Write down which tokens enter the sum, and by which number the sum is divided."
AXIS = "Which axis of your logits holds the classes at the moment when you hand them on?"
LOGITS = "Ask what the function that you call expects: scores, probabilities or their logarithms?"
NOTHING = "Try a batch in which every tag is ignore_index, and call backward() on the loss."

wrong = Mistakes()
printed(wrong, tagging_loss)
about_padding(wrong, tagging_loss)
wrong.family(
    COUNT,
    ("padding_as_tag_0", weighing(lambda nll, real: nll.mean()), "padding is counted as tag 0"),
    ("mean_of_means", means(1), "each sequence is averaged first, and then the averages"),
    ("mean_of_step_means", means(0), "each time step is averaged first, and then the averages"),
    (
        "summed",
        changed({"return total / real.clamp(min=1)": "return total"}),
        "the losses are added up and not averaged",
    ),
    (
        "divided_by_all",
        changed({"real.clamp(min=1)": "tags.numel()"}),
        "the sum over real tokens is divided by B·T",
    ),
    (
        "divided_by_batch",
        changed({"real.clamp(min=1)": "len(tags)"}),
        "the sum over real tokens is divided by the number of sequences",
    ),
    (
        "one_too_many",
        changed({"real.clamp(min=1)": "(real + 1)"}),
        "the sum is divided by one more than the number of real tokens",
    ),
)


@wrong
def logits_masked(logits, tags, ignore_index=PAD):
    """the logits are set to zero on padding, which then counts as a token.
    What is the cross-entropy of a step whose logits are all zero?"""
    real = tags != ignore_index
    logits = logits * real[..., None]
    if not real.any():
        return logits.sum() * 0
    return F.cross_entropy(logits.transpose(1, 2), tags.where(real, 0))


wrong.family(
    LOGITS,
    (
        "softmax_first",
        changed({TURNED: "logits.softmax(-1).transpose(1, 2)"}),
        "the logits go through a softmax twice",
    ),
    (
        "sigmoid_first",
        changed({TURNED: "logits.sigmoid().transpose(1, 2)"}),
        "the logits go through a sigmoid first",
    ),
    (
        "held_within_bounds",
        changed({TURNED: "logits.clamp(-30, 30).transpose(1, 2)"}),
        "large logits are cut off",
    ),
    (
        "no_softmax",
        picking("logits"),
        "the logits are used as if they were logarithms of probabilities",
    ),
)
wrong.add(
    "log_of_softmax",
    picking("logits.softmax(-1).log()"),
    "the logarithm is taken of a softmax that has already rounded to 0. Look for a function that does the softmax and the logarithm in one.",
)
wrong.family(
    AXIS,
    ("over_time", picking("logits.log_softmax(1)"), "the softmax runs over time"),
    (
        "as_they_are",
        changed({TURNED: "logits"}),
        "the logits are handed to cross_entropy as they are",
    ),
    (
        "flattened_after_transposing",
        given(logits=lambda z: z.transpose(1, 2).reshape(z.shape)),
        "the logits are flattened while the classes stand on axis 1",
    ),
)
wrong.add(
    "scrambled",
    edited(tagging_loss, {"transpose(1, 2)": "reshape(len(logits), logits.shape[2], -1)"}),
    "the classes are brought to axis 1 with reshape or view, which scrambles them. Compare a reshape with a transpose on torch.arange(6).reshape(1, 2, 3).",
)
wrong.add(
    "mask_on_the_cpu",
    edited(tagging_loss, {'reduction="sum"': 'reduction="none"', "return total": MASKED}),
    "a new tensor, such as a mask, is made on the CPU, wherever the logits are. On which device does torch.ones make its tensor?",
)
wrong.family(
    NOTHING,
    (
        "nan_without_tokens",
        changed({".clamp(min=1)": ""}),
        "a batch without a real token gives nan",
    ),
    (
        "constant_zero",
        changed({"return total": "return total.new_zeros(()) if real == 0 else total"}),
        "the 0 of a batch without a real token is a constant, cut from the logits",
    ),
)
wrong.add(
    "detached",
    given(returns=Tensor.detach),
    "the loss is cut from the graph. What does backward() say?",
)
wrong.add(
    "as_float",
    given(returns=float),
    "the loss comes as a Python float. Can you call backward() on what you return?",
)
wrong.add(
    "as_float32",
    given(returns=Tensor.float),
    "the loss is float32 whatever the logits are. Which dtype do your logits have, and which your loss?",
)


EXERCISE = Exercise(
    reference=tagging_loss,
    inputs=inputs,
    points=12,
    axes={"B": 3, "T": 5, "C": 4},
    shapes={"logits": "B T C", "tags": "B T"},
    cases=(
        Case(
            name="as many steps as tags (T = C = 5)", inputs=lambda rng: inputs(rng, B=3, T=5, C=5)
        ),
        Case(name="padding written as -1", inputs=marked(-1)),
        Case(name="padding written as 0", inputs=marked(0)),
        Case(name="a sequence that is all padding", inputs=one_row_of_padding),
        edge(
            "a single real token",
            lambda rng: draws.one_real_token(inputs(rng, B=2, T=4, C=3)),
            "The mean of one number is that number.",
        ),
        edge(
            "nothing but padding",
            draws.nothing_but_padding,
            "Without a real token the loss is 0, and backward() works on it.",
            scenario=back_from_nothing,
        ),
        edge(
            "very large logits",
            large_logits,
            "Logits in the thousands must give a finite loss: keep the softmax and the logarithm together.",
        ),
    ),
    mistakes=wrong,
    look=COUNT,
    when_right=(
        "Flattening batch and time into one axis does as well as moving the classes: then each "
        "row is one token. A reshape that only gets the axes to fit is a trap, because it mixes "
        "tokens and classes and raises nothing. The mean that PyTorch offers is nan where every "
        "token is ignored, so the sum and your own count are safer. Next question: one batch has "
        "10 real tokens, the next 1,000, and each makes one update. Which tokens have more say?"
    ),
)
