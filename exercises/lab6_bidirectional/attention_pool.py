"""A weighted sum of the real steps of each sequence, by softmax of their scores."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab6_bidirectional._draws import Draw, draw_lengths, draw_steps
from solutions.lab6_bidirectional import attention_pool


def inputs(rng: np.random.Generator, B: int, T: int, F: int) -> Mapping[str, Any]:
    return {
        "output": rng.standard_normal((B, T, F)) + 0.3,
        "scores": rng.standard_normal((B, T)),
        "lengths": draw_lengths(rng, B, T),
    }


def drawn(*lengths: int, words: float = 0.0, padding: float = 0.0, spread: float = 1.0) -> Draw:
    """Inputs of 7 steps, with something added to the scores of words and of padding."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        behind = np.arange(7) >= np.array(lengths)[:, None]
        scores = spread * rng.standard_normal(behind.shape)
        return {
            "output": draw_steps(rng, lengths, 20.0),
            "scores": scores + np.where(behind, padding, words),
            "lengths": np.array(lengths),
        }

    return draw


def scores_of_zero(rng: np.random.Generator) -> Mapping[str, Any]:
    found = dict(drawn(3, 7, 5)(rng))
    found["scores"][:, 1:3] = 0.0
    return found


changed = partial(edited, attention_pool)
WEIGHTS = "scores.masked_fill(padding, -torch.inf).softmax(dim=1)"
CONTEXT = "(weights[:, :, None] * output).sum(dim=1)"


def weights(text: str) -> Any:
    """The reference with other weights."""
    return changed({WEIGHTS: text})


def context(text: str) -> Any:
    """The reference with another context."""
    return changed({CONTEXT: text})


wrong = Mistakes()
printed(wrong, attention_pool)

said = "the caller's scores are changed. Compare the scores before and after the call."
wrong.add("edits_the_scores", changed({"fill(padding, -torch.inf)": "fill_(padding, -1e9)"}), said)
wrong.add(
    "in_float32",
    but(attention_pool, output=torch.Tensor.float, scores=torch.Tensor.float),
    "the results are float32 whatever the inputs are. Look at the dtype of your results.",
)
said = "the padding takes part. Add up the weights of the real steps of a short sequence."
wrong.add("no_mask", weights("scores.softmax(1)"), said)
said = "the padding takes part with scores of 0. What is the softmax weight of a score of 0?"
wrong.add("zero_scores", weights("(scores * ~padding).softmax(1)"), said)
wrong.family(
    "Add up the weights of a short sequence.",
    (
        "masked_afterwards",
        weights("scores.softmax(1) * ~padding"),
        "the mask is put on after the softmax",
    ),
    (
        "masked_and_zeroed",
        weights("(scores * ~padding).softmax(1) * ~padding"),
        "the padding gets scores of 0 and is taken out after the softmax",
    ),
)
wrong.add(
    "shifted_by_all",
    weights("scores.softmax(1) * ~padding; weights = weights / weights.sum(1, keepdim=True)"),
    "the weights of the padding are taken out and the rest is made to add up to 1. What is left for the words if a score in the padding is very large?",
)
wrong.add(
    "not_shifted",
    weights("scores.exp() * ~padding; weights = weights / weights.sum(1, keepdim=True)"),
    "exp is taken of the scores as they are. What is exp(2000)?",
)
wrong.family(
    "Which score has a weight of exactly 0, whatever the others are?",
    (
        "small_on_padding",
        changed({"-torch.inf": "-10.0"}),
        "the padding gets a score that is merely small",
    ),
    (
        "ten_thousand_below",
        changed({"-torch.inf": "-1e4"}),
        "the padding gets a score of -1e4, which real steps may have too",
    ),
)
said = "a score of 0 is taken for padding. Who says where a sequence ends: the scores, or lengths?"
wrong.add(
    "zeros_masked",
    changed({"softmax(dim=1)": "masked_fill(scores == 0, -torch.inf).softmax(dim=1)"}),
    said,
)
said = "the weights are masked and the context is not. Which weights does your sum use?"
wrong.add("context_unmasked", context("(scores.softmax(1)[:, :, None] * output).sum(dim=1)"), said)
said = "the mask is inverted. What does True stand for in your mask?"
wrong.add("inverted_mask", changed({">= lengths[:": "< lengths[:"}), said)
wrong.family(
    "Which is the last real step of a sequence of n?",
    (
        "one_step_too_many",
        changed({">= lengths[:": "> lengths[:"}),
        "the first step of the padding takes part",
    ),
    (
        "one_step_too_few",
        but(attention_pool, lengths=lambda lengths: (lengths - 1).clamp(min=1)),
        "the last real step is left out",
    ),
)
wrong.family(
    "Which weights should add up to 1?",
    (
        "over_the_batch",
        changed({"softmax(dim=1)": "softmax(dim=0)"}),
        "the softmax runs over the batch",
    ),
    (
        "over_one",
        weights("scores[:, :, None].softmax(2)[:, :, 0] * ~padding"),
        "the softmax runs over an axis of size 1, and every real step gets the weight 1",
    ),
    (
        "over_everything",
        changed({"softmax(dim=1)": "flatten().softmax(0).view_as(scores)"}),
        "the softmax runs over the whole batch at once",
    ),
)
said = "each weight is a sigmoid of its own. Add up the weights of a sequence."
wrong.add("sigmoids", weights("scores.sigmoid() * ~padding"), said)
said = "the scores are not used. Do your weights change with the scores?"
wrong.add("uniform", weights("~padding / lengths[:, None].to(scores.dtype) + 0 * scores"), said)
wrong.family(
    "Compare your weights with the formula.",
    (
        "shared_sigmoids",
        weights("scores.sigmoid() * ~padding; weights = weights / weights.sum(1, keepdim=True)"),
        "sigmoids are made to add up to 1",
    ),
    (
        "hard",
        weights(f"F.one_hot({WEIGHTS}.argmax(1), scores.shape[1]).to(scores.dtype) + 0 * scores"),
        "the step with the highest score takes all",
    ),
    (
        "softmax_twice",
        weights(f"{WEIGHTS}.masked_fill(padding, -torch.inf).softmax(1)"),
        "the softmax is taken twice",
    ),
    (
        "scaled_scores",
        changed({"scores.masked_fill": "(scores / output.shape[2] ** 0.5).masked_fill"}),
        "the scores are divided by the root of the number of features",
    ),
)
said = "a high score gets a low weight. Which of your steps has the largest weight?"
wrong.add("negative_scores", but(attention_pool, scores=torch.neg), said)
said = "the weights are logarithms. Between which bounds does a weight lie?"
wrong.add("logarithms", changed({"softmax(dim=1)": "log_softmax(dim=1).clamp(min=-1e4)"}), said)
said = "the weighted sum is divided once more. The weights add up to 1 already."
wrong.add("divided_by_lengths", context(f"{CONTEXT} / (weights > 0).sum(1, keepdim=True)"), said)
said = "the context is the plain mean. Does your context change with the weights?"
wrong.add("plain_mean", context("output.mean(1) + 0 * weights.sum(1, keepdim=True)"), said)
said = "the steps are weighted and not added up. Look at the shape of your context."
wrong.add("not_summed", context("weights[:, :, None] * output"), said)
said = "the weights come before the context. Look at the order of what you return."
wrong.add("weights_first", but(attention_pool, returns=lambda pair: (pair[1], pair[0])), said)
said = "the weights are missing. Count what you return."
wrong.add("context_only", but(attention_pool, returns=lambda pair: pair[0]), said)
wrong.add(
    "weights_with_an_axis",
    but(attention_pool, returns=lambda pair: (pair[0], pair[1][:, :, None])),
    "the weights have an axis of size 1 too many. Look at the shape of the weights.",
)
wrong.family(
    "What has to learn, for the weights to get better?",
    (
        "scores_detached",
        but(attention_pool, scores=torch.Tensor.detach),
        "the values are right and no gradient reaches the scores",
    ),
    (
        "weights_detached",
        context("(weights.detach()[:, :, None] * output).sum(dim=1)"),
        "the values are right and the context has no gradient for the scores",
    ),
)
said = "the mask lives on the CPU wherever the scores are. Look at the device of the tensors that you make."
wrong.add("mask_on_the_cpu", changed({", device=scores.device": ""}), said)


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
            name="real scores around -20,000",
            inputs=drawn(2, 7, 1, words=-2e4, spread=2.0),
            value=False,
            why="However low the scores of the real steps are, the padding has the weight 0.",
        ),
        Case(
            name="scores of 0",
            inputs=scores_of_zero,
            value=False,
            why="A score of 0 is a score: which steps are real is said by the lengths.",
        ),
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
    look="Take one sequence of two steps in a row of three, with scores 0, 0 and 5.",
    when_right=(
        "Masking before the softmax does in one go what taking the softmax, masking and dividing "
        "again do in three. The two agree until a loud score in the padding lets all the real "
        "weights round to 0. Minus infinity is safe here, since every sentence has a real step; "
        "with a length of 0 the softmax would give nan. Next question: with which scores does "
        "this become the masked mean?"
    ),
)
