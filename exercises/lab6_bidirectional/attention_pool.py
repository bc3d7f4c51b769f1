"""A weighted sum of the real steps of each sequence, by softmax of their scores."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab6_bidirectional import _stand_ins
from exercises.lab6_bidirectional._draws import draw_lengths
from solutions.lab6_bidirectional import attention_pool

Answer = tuple[Tensor, Tensor]


def inputs(rng: np.random.Generator, B: int, T: int, F: int) -> Mapping[str, Any]:
    return {
        "output": rng.standard_normal((B, T, F)) + 0.3,
        "scores": rng.standard_normal((B, T)),
        "lengths": draw_lengths(rng, B, T),
    }


def drawn(
    *lengths: int, words: float = 0.0, padding: float = 0.0, spread: float = 1.0
) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Inputs of 7 steps, with something added to the scores of words and of padding."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        behind = np.arange(7) >= np.array(lengths)[:, None]
        scores = spread * rng.standard_normal(behind.shape)
        output = rng.standard_normal((len(lengths), 7, 3)) + 20.0 * behind[:, :, None]
        scores = scores + np.where(behind, padding, words)
        return {"output": output, "scores": scores, "lengths": np.array(lengths)}

    return draw


def real(scores: Tensor, lengths: Tensor, more: int = 0) -> Tensor:
    """(B, T), True on real steps and on `more` steps behind them."""
    return torch.arange(scores.shape[1], device=scores.device) < lengths[:, None] + more


def masked(scores: Tensor, lengths: Tensor, more: int = 0) -> Tensor:
    """Scores with −∞ on padding."""
    return scores.masked_fill(~real(scores, lengths, more), -torch.inf)


def pooling(
    weigh: Callable[[Tensor, Tensor], Tensor] = lambda s, n: masked(s, n).softmax(1),
    gather: Callable[[Tensor, Tensor], Tensor] = lambda w, o: (w[:, :, None] * o).sum(1),
) -> Callable[[Tensor, Tensor, Tensor], Answer]:
    """Pooling with one of its pieces replaced."""

    def changed(output: Tensor, scores: Tensor, lengths: Tensor) -> Answer:
        weights = weigh(scores, lengths)
        return gather(weights, output), weights

    return changed


def over_the_batch(scores: Tensor, lengths: Tensor) -> Tensor:
    return masked(scores, lengths).softmax(0)


def sigmoids(scores: Tensor, lengths: Tensor) -> Tensor:
    return scores.sigmoid() * real(scores, lengths)


def shared_sigmoids(scores: Tensor, lengths: Tensor) -> Tensor:
    weights = sigmoids(scores, lengths)
    return weights / weights.sum(1, keepdim=True)


def uniform(scores: Tensor, lengths: Tensor) -> Tensor:
    return real(scores, lengths) / lengths[:, None].to(scores.dtype) + 0 * scores


def hard(scores: Tensor, lengths: Tensor) -> Tensor:
    best = masked(scores, lengths).argmax(1)
    return torch.nn.functional.one_hot(best, scores.shape[1]).to(scores.dtype) + 0 * scores


def not_shifted(scores: Tensor, lengths: Tensor) -> Tensor:
    e = scores.exp() * real(scores, lengths)
    return e / e.sum(1, keepdim=True)


def shifted_by_all(scores: Tensor, lengths: Tensor) -> Tensor:
    weights = scores.softmax(1) * real(scores, lengths)
    return weights / weights.sum(1, keepdim=True)


def small_on_padding(scores: Tensor, lengths: Tensor) -> Tensor:
    return scores.masked_fill(~real(scores, lengths), -10.0).softmax(1)


def mask_on_the_cpu(scores: Tensor, lengths: Tensor) -> Tensor:
    padding = torch.arange(scores.shape[1]) >= lengths[:, None]
    return scores.masked_fill(padding, -torch.inf).softmax(1)


wrong = Mistakes()


@wrong
def edits_the_scores(output: Tensor, scores: Tensor, lengths: Tensor) -> Answer:
    """the caller's scores are changed.
    Compare the scores before and after the call."""
    scores[~real(scores, lengths)] = -1e9
    weights = scores.softmax(1)
    return (weights[:, :, None] * output).sum(1), weights


@wrong
def in_float32(output: Tensor, scores: Tensor, lengths: Tensor) -> Answer:
    """the results are float32 whatever the inputs are.
    Look at the dtype of your results."""
    return attention_pool(output.float(), scores.float(), lengths)


def by_product(output: Tensor, scores: Tensor, lengths: Tensor) -> Answer:
    lowest = torch.finfo(scores.dtype).min
    hidden = torch.where(real(scores, lengths), scores, scores.new_tensor(lowest))
    weights = torch.softmax(hidden, dim=-1)
    return torch.bmm(weights.unsqueeze(1), output).squeeze(1), weights


def row_by_row(output: Tensor, scores: Tensor, lengths: Tensor) -> Answer:
    weights = torch.zeros_like(scores)
    for row, n in enumerate(lengths.tolist()):
        weights[row, :n] = scores[row, :n].softmax(0)
    return torch.einsum("bt,btf->bf", weights, output), weights


def by_hand(output: Tensor, scores: Tensor, lengths: Tensor) -> list[Tensor]:
    mask = real(scores, lengths)
    hidden = scores.masked_fill(~mask, -1e9)
    e = (hidden - hidden.max(dim=1, keepdim=True).values).exp() * mask
    weights = e / e.sum(dim=1, keepdim=True)
    return [(output * weights.unsqueeze(-1)).sum(dim=1), weights]


def added_mask(output: Tensor, scores: Tensor, lengths: Tensor) -> Answer:
    mask = torch.zeros_like(scores).masked_fill(~real(scores, lengths), float("-inf"))
    logs = (scores + mask).log_softmax(dim=1)
    weights = logs.exp()
    return (weights.unsqueeze(2) * output).sum(-2), weights


wrong.add(
    "no_mask",
    pooling(lambda s, n: s.softmax(1)),
    "the padding takes part. Add up the weights of the real steps of a short sequence.",
)
wrong.add(
    "zero_scores",
    pooling(lambda s, n: (s * real(s, n)).softmax(1)),
    "the padding takes part with scores of 0. What is the softmax weight of a score of 0?",
)
wrong.add(
    "masked_afterwards",
    pooling(lambda s, n: s.softmax(1) * real(s, n)),
    "the mask is put on after the softmax. Add up the weights of a short sequence.",
)
wrong.add(
    "masked_and_zeroed",
    pooling(lambda s, n: (s * real(s, n)).softmax(1) * real(s, n)),
    "the padding gets scores of 0 and is taken out after the softmax. Add up the weights of a short sequence.",
)
wrong.add(
    "shifted_by_all",
    pooling(shifted_by_all),
    "the weights of the padding are taken out and the rest is made to add up to 1. What is left for the words if a score in the padding is very large?",
)
wrong.add(
    "not_shifted",
    pooling(not_shifted),
    "exp is taken of the scores as they are. What is exp(2000)?",
)
wrong.add(
    "small_on_padding",
    pooling(small_on_padding),
    "the padding gets a score that is merely small. Which score has a weight of exactly 0, whatever the others are?",
)
wrong.add(
    "inverted_mask",
    pooling(lambda s, n: s.masked_fill(real(s, n), -torch.inf).softmax(1)),
    "the mask is inverted. What does True stand for in your mask?",
)
wrong.add(
    "one_step_too_many",
    pooling(lambda s, n: masked(s, n, 1).softmax(1)),
    "the first step of the padding takes part. Which is the last real step of a sequence of n?",
)
wrong.add(
    "one_step_too_few",
    pooling(lambda s, n: masked(s, (n - 1).clamp(min=1)).softmax(1)),
    "the last real step is left out. Which is the last real step of a sequence of n?",
)
wrong.add(
    "over_the_batch",
    pooling(over_the_batch),
    "the softmax runs over the batch. Which weights should add up to 1?",
)
wrong.add(
    "over_everything",
    pooling(lambda s, n: masked(s, n).flatten().softmax(0).view_as(s)),
    "the softmax runs over the whole batch at once. Which weights should add up to 1?",
)
wrong.add(
    "sigmoids",
    pooling(sigmoids),
    "each weight is a sigmoid of its own. Add up the weights of a sequence.",
)
wrong.add(
    "shared_sigmoids",
    pooling(shared_sigmoids),
    "sigmoids are made to add up to 1. Compare your weights with the formula.",
)
wrong.add(
    "uniform", pooling(uniform), "the scores are not used. Do your weights change with the scores?"
)
wrong.add(
    "hard",
    pooling(hard),
    "the step with the highest score takes all. Compare your weights with the formula.",
)
wrong.add(
    "softmax_twice",
    pooling(lambda s, n: masked(masked(s, n).softmax(1), n).softmax(1)),
    "the softmax is taken twice. Compare your weights with the formula.",
)
wrong.add(
    "scaled_scores",
    lambda output, scores, lengths: attention_pool(
        output, scores / output.shape[2] ** 0.5, lengths
    ),
    "the scores are divided by the root of the number of features. Compare your weights with the formula.",
)
wrong.add(
    "negative_scores",
    pooling(lambda s, n: masked(-s, n).softmax(1)),
    "a high score gets a low weight. Which of your steps has the largest weight?",
)
wrong.add(
    "logarithms",
    pooling(lambda s, n: masked(s, n).log_softmax(1).clamp(min=-1e4)),
    "the weights are logarithms. Between which bounds does a weight lie?",
)
wrong.add(
    "divided_by_lengths",
    pooling(gather=lambda w, o: (w[:, :, None] * o).sum(1) / (w > 0).sum(1, keepdim=True)),
    "the weighted sum is divided once more. The weights add up to 1 already.",
)
wrong.add(
    "plain_mean",
    pooling(gather=lambda w, o: o.mean(1) + 0 * w.sum(1, keepdim=True)),
    "the context is the plain mean. Does your context change with the weights?",
)
wrong.add(
    "not_summed",
    pooling(gather=lambda w, o: w[:, :, None] * o),
    "the steps are weighted and not added up. Look at the shape of your context.",
)
wrong.add(
    "weights_first",
    but(attention_pool, returns=lambda pair: (pair[1], pair[0])),
    "the weights come before the context. Look at the order of what you return.",
)
wrong.add(
    "context_only",
    but(attention_pool, returns=lambda pair: pair[0]),
    "the weights are missing. Count what you return.",
)
wrong.add(
    "weights_with_an_axis",
    but(attention_pool, returns=lambda pair: (pair[0], pair[1][:, :, None])),
    "the weights have an axis of size 1 too many. Look at the shape of the weights.",
)
wrong.add(
    "scores_detached",
    but(attention_pool, scores=lambda s: s.detach()),
    "the values are right and no gradient reaches the scores. What has to learn, for the weights to get better?",
)
wrong.add(
    "weights_detached",
    pooling(gather=lambda w, o: (w.detach()[:, :, None] * o).sum(1)),
    "the values are right and the context has no gradient for the scores. What has to learn, for the weights to get better?",
)
wrong.add(
    "mask_on_the_cpu",
    pooling(mask_on_the_cpu),
    "the mask lives on the CPU wherever the scores are. Look at the device of the tensors that you make.",
)


EXERCISE = Exercise(
    reference=attention_pool,
    inputs=inputs,
    points=10,
    axes={"B": 4, "T": 6, "F": 3},
    shapes={"output": "B T F", "scores": "B T", "lengths": "B"},
    parts=("context", "weights"),
    cases=(
        Case(name="padding behind every sequence", inputs=drawn(2, 5, 4)),
        Case(name="scores far below zero", inputs=drawn(2, 7, 4, words=-200.0, spread=2.0)),
        Case(
            name="large scores",
            inputs=drawn(2, 7, 4, words=2000.0, spread=3.0),
            value=False,
            why="Scores may be of any size: exp(2000) is no finite number.",
        ),
        Case(
            name="large scores on padding",
            inputs=drawn(3, 7, 5, padding=3000.0),
            value=False,
            why="What stands in padding is arbitrary, large scores too: it must have no influence "
            "before the softmax either.",
        ),
        Case(
            name="no padding at all",
            inputs=drawn(7, 7),
            value=False,
            why="Where every length is T a plain softmax is due.",
        ),
        Case(
            name="lengths 1",
            inputs=drawn(1, 1, 1),
            value=False,
            why="One real step has the weight 1, all others 0.",
        ),
    ),
    mistakes=wrong,
    stand_in=_stand_ins.weighted_sum,
    also_right=(by_product, row_by_row, by_hand, added_mask, pooling()),
    look="Take one sequence of two steps in a row of three, with scores 0, 0 and 5.",
)
