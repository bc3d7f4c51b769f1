"""The mean cross-entropy over real tokens."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab7_tagging._draws import PAD, Floats, Ints, padded_tags
from exercises.lab7_tagging._scenarios import back_from_nothing
from solutions.lab7_tagging import tagging_loss

Weigh = Callable[[Tensor, Tensor, Tensor], Tensor]
"""A loss from the negative log-likelihoods, the mask and the tags, each (B, T)."""


def inputs(rng: np.random.Generator, B: int, T: int, C: int) -> Mapping[str, Floats | Ints]:
    return {"logits": 1.5 * rng.standard_normal((B, T, C)), "tags": padded_tags(rng, B, T, C)}


def as_many_steps_as_tags(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, B=3, T=5, C=5)


def marked(ignore_index: int) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Padding written with another number, which is handed over."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        return {
            "logits": 1.5 * rng.standard_normal((3, 6, 4)),
            "tags": padded_tags(rng, 3, 6, 4, ignore_index),
            "ignore_index": ignore_index,
        }

    return draw


def one_row_of_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = dict(inputs(rng, B=4, T=5, C=3))
    draw["tags"][rng.integers(4)] = PAD
    return draw


def one_real_token(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = dict(inputs(rng, B=2, T=4, C=3))
    tags = np.full((2, 4), PAD)
    tags[1, 0] = draw["logits"][1, 0].argmax()
    return {**draw, "tags": tags}


def nothing_but_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"logits": rng.standard_normal((2, 4, 3)), "tags": np.full((2, 4), PAD)}


def large_logits(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, B=3, T=5, C=4)
    return {**draw, "logits": 1000 * draw["logits"]}


def parts(logits: Tensor, tags: Tensor, ignore_index: int) -> tuple[Tensor, Tensor, Tensor]:
    """−log p of each tag (0 on padding), the mask, and the tags with 0 on padding."""
    real = tags != ignore_index
    safe = tags.masked_fill(~real, 0)
    nll = F.cross_entropy(logits.transpose(1, 2), safe, reduction="none")
    return nll, real, safe


def weighing(weigh: Weigh) -> Callable[..., Tensor]:
    """Another way to average; 0 where there is no real token."""

    def changed(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
        nll, real, safe = parts(logits, tags, ignore_index)
        return weigh(nll, real, safe) if bool(real.any()) else logits.sum() * 0

    return changed


def scored(change: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The logits are changed first."""

    def changed(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
        return tagging_loss(change(logits), tags, ignore_index)

    return changed


def mean_of_means(nll: Tensor, real: Tensor, _: Tensor) -> Tensor:
    rows = real.any(1)
    return ((nll * real).sum(1)[rows] / real.sum(1)[rows]).mean()


def mean_of_step_means(nll: Tensor, real: Tensor, _: Tensor) -> Tensor:
    steps = real.any(0)
    return ((nll * real).sum(0)[steps] / real.sum(0)[steps]).mean()


wrong = Mistakes()


@wrong
def logits_masked(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    """the logits are set to zero on padding, which then counts as a token.
    What is the cross-entropy of a step whose logits are all zero?"""
    real = tags != ignore_index
    if not bool(real.any()):
        return logits.sum() * 0
    return parts(logits * real[..., None], tags, ignore_index)[0].mean()


def over_time(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    _, real, safe = parts(logits, tags, ignore_index)
    picked = -logits.log_softmax(1).gather(2, safe[..., None])[..., 0]
    return (picked * real).sum() / real.sum().clamp(min=1)


def as_they_are(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    total = F.cross_entropy(logits, tags, ignore_index=ignore_index, reduction="sum")
    return total / (tags != ignore_index).sum().clamp(min=1)


@wrong
def scrambled(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    """the classes are brought to axis 1 with reshape or view, which scrambles them.
    Compare a reshape with a transpose on torch.arange(6).reshape(1, 2, 3)."""
    B, T, C = logits.shape
    return tagging_loss(logits.reshape(B, C, T).transpose(1, 2), tags, ignore_index)


def flattened_after_transposing(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    turned = logits.transpose(1, 2).reshape(logits.shape)
    return tagging_loss(turned, tags, ignore_index)


@wrong
def mask_on_the_cpu(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    """a new tensor, such as a mask, is made on the CPU, wherever the logits are.
    On which device does torch.ones make its tensor?"""
    nll, real, _ = parts(logits, tags, ignore_index)
    weights = torch.ones(tags.shape, dtype=logits.dtype)
    weights[~real] = 0.0
    return (nll * weights).sum() / real.sum().clamp(min=1)


def nan_without_tokens(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1), tags.flatten(), ignore_index=ignore_index)


def constant_zero(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    if bool((tags == ignore_index).all()):
        return logits.new_zeros(())
    return tagging_loss(logits, tags, ignore_index)


@wrong
def log_of_softmax(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    """the logarithm is taken of a softmax that has already rounded to 0.
    Look for a function that does the softmax and the logarithm in one."""
    _, real, safe = parts(logits, tags, ignore_index)
    picked = -logits.softmax(-1).log().gather(2, safe[..., None])[..., 0]
    return picked.where(real, 0.0).sum() / real.sum().clamp(min=1)


def no_softmax(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    _, real, safe = parts(logits, tags, ignore_index)
    picked = -logits.gather(2, safe[..., None])[..., 0]
    return (picked * real).sum() / real.sum().clamp(min=1)


@wrong
def negative_is_padding(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    """every negative tag is taken for padding, and nothing else.
    Try ignore_index=0."""
    return tagging_loss(logits, tags.where(tags >= 0, PAD))


def float_of(loss: Tensor) -> float:
    return float(loss)


def one_hot_and_einsum(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    real = tags.ne(ignore_index)
    wanted = F.one_hot(torch.where(real, tags, torch.zeros_like(tags)), logits.shape[-1])
    weights = wanted * real.unsqueeze(-1)
    total = -torch.einsum("btc,btc->", weights.to(logits.dtype), torch.log_softmax(logits, dim=-1))
    return total / max(int(real.sum()), 1)


def only_the_real_ones(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    real = tags != ignore_index
    if not real.any():
        return logits.sum() * 0.0
    loss: Tensor = nn.CrossEntropyLoss()(logits[real], tags[real])
    return loss


def chosen_at_once(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    real = tags != ignore_index
    total = F.cross_entropy(logits[real], tags[real], reduction="sum")
    return total / max(1, real.count_nonzero().item())


def log_sum_exp(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    scores, flat = logits.reshape(-1, logits.size(-1)), tags.reshape(-1)
    keep = (flat != ignore_index).to(logits.dtype)
    own = scores.gather(1, (flat * keep.long()).unsqueeze(1)).squeeze(1)
    return ((scores.logsumexp(1) - own) * keep).sum() / keep.sum().clamp(min=1.0)


def row_by_row(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    total, count = logits.sum() * 0, 0
    for row, wanted in zip(logits, tags, strict=True):
        for scores, tag in zip(row, wanted.tolist(), strict=True):
            if tag != ignore_index:
                total = total - scores.log_softmax(0)[tag]
                count += 1
    return total / max(1, count)


def with_the_module(logits: Tensor, tags: Tensor, ignore_index: int = PAD) -> Tensor:
    loss_fn = nn.CrossEntropyLoss(ignore_index=ignore_index, reduction="none")
    each: Tensor = loss_fn(logits.permute(0, 2, 1), tags)
    number = torch.count_nonzero(tags - ignore_index)
    return each.sum() / torch.where(number == 0, 1, number)


def library_loss(logits: Any, tags: Any, ignore_index: int = -100) -> Any:
    """What stands in for a wrong loss while train_tagger is judged."""
    from torch.nn import functional

    total = functional.cross_entropy(
        logits.flatten(0, 1), tags.flatten(), ignore_index=ignore_index, reduction="sum"
    )
    return total / (tags != ignore_index).sum().clamp(min=1)


COUNT = "Write down which tokens enter the sum, and by which number the sum is divided."
AXIS = "Which axis of your logits holds the classes at the moment when you hand them on?"
LOGITS = "Ask what the function that you call expects: scores, probabilities or their logarithms?"
NOTHING = "Try a batch in which every tag is ignore_index, and call backward() on the loss."

wrong.add(
    "padding_as_tag_0",
    weighing(lambda nll, real, tags: nll.mean()),
    "padding is counted as tag 0. " + COUNT,
)
wrong.add(
    "argument_ignored",
    but(tagging_loss, ignore_index=lambda _: PAD),
    "padding is taken to be -100 whatever ignore_index says. Where does your code use ignore_index?",
)
wrong.add(
    "divided_by_all",
    weighing(lambda nll, real, tags: (nll * real).sum() / real.numel()),
    "the sum over real tokens is divided by B·T. " + COUNT,
)
wrong.add(
    "divided_by_batch",
    weighing(lambda nll, real, tags: (nll * real).sum() / len(real)),
    "the sum over real tokens is divided by the number of sequences. " + COUNT,
)
wrong.add(
    "summed",
    weighing(lambda nll, real, tags: (nll * real).sum()),
    "the losses are added up and not averaged. " + COUNT,
)
wrong.add(
    "one_too_many",
    weighing(lambda nll, real, tags: (nll * real).sum() / (real.sum() + 1)),
    "the sum is divided by one more than the number of real tokens. " + COUNT,
)
wrong.add(
    "mean_of_means",
    weighing(mean_of_means),
    "each sequence is averaged first, and then the averages. " + COUNT,
)
wrong.add(
    "mean_of_step_means",
    weighing(mean_of_step_means),
    "each time step is averaged first, and then the averages. " + COUNT,
)
wrong.add(
    "softmax_first",
    scored(lambda logits: logits.softmax(-1)),
    "the logits go through a softmax twice. " + LOGITS,
)
wrong.add(
    "sigmoid_first", scored(torch.sigmoid), "the logits go through a sigmoid first. " + LOGITS
)
wrong.add(
    "no_softmax",
    no_softmax,
    "the logits are used as if they were logarithms of probabilities. " + LOGITS,
)
wrong.add("over_time", over_time, "the softmax runs over time. " + AXIS)
wrong.add(
    "as_they_are", as_they_are, "the logits are handed to cross_entropy as they are. " + AXIS
)
wrong.add(
    "flattened_after_transposing",
    flattened_after_transposing,
    "the logits are flattened while the classes stand on axis 1. " + AXIS,
)
wrong.add(
    "nan_without_tokens", nan_without_tokens, "a batch without a real token gives nan. " + NOTHING
)
wrong.add(
    "constant_zero",
    constant_zero,
    "the 0 of a batch without a real token is a constant, cut from the logits. " + NOTHING,
)
wrong.add(
    "detached",
    but(tagging_loss, returns=Tensor.detach),
    "the loss is cut from the graph. What does backward() say?",
)
wrong.add(
    "as_float",
    but(tagging_loss, returns=float_of),
    "the loss comes as a Python float. Can you call backward() on what you return?",
)
wrong.add(
    "as_float32",
    but(tagging_loss, returns=Tensor.float),
    "the loss is float32 whatever the logits are. Which dtype do your logits have, and which your loss?",
)


EXERCISE = Exercise(
    reference=tagging_loss,
    inputs=inputs,
    points=12,
    axes={"B": 3, "T": 5, "C": 4},
    shapes={"logits": "B T C", "tags": "B T"},
    cases=(
        Case(name="as many steps as tags (T = C = 5)", inputs=as_many_steps_as_tags),
        Case(name="padding written as -1", inputs=marked(-1)),
        Case(name="padding written as 0", inputs=marked(0)),
        Case(name="a sequence that is all padding", inputs=one_row_of_padding),
        Case(
            name="a single real token",
            inputs=one_real_token,
            value=False,
            why="The mean of one number is that number.",
        ),
        Case(
            name="nothing but padding",
            inputs=nothing_but_padding,
            scenario=back_from_nothing,
            value=False,
            why="Without a real token the loss is 0, and backward() works on it.",
        ),
        Case(
            name="very large logits",
            inputs=large_logits,
            value=False,
            why="Logits in the thousands must give a finite loss: keep the softmax and the "
            "logarithm together.",
        ),
    ),
    mistakes=wrong,
    also_right=(
        one_hot_and_einsum,
        only_the_real_ones,
        chosen_at_once,
        log_sum_exp,
        row_by_row,
        with_the_module,
    ),
    stand_in=library_loss,
    look=COUNT,
)
