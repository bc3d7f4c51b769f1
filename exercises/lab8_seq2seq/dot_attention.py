"""Scaled dot-product attention over the steps that may be read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab8_seq2seq._decoding import Draw
from solutions.lab8_seq2seq import dot_attention


def holes(rng: np.random.Generator, B: int, T: int) -> Any:
    """(B, T), True at one step of each row at least, and False at one where there are two.

    Neither the first nor the last steps alone are False, so that no length says the same.
    """
    mask = rng.random((B, T)) < 0.6
    for row in mask:
        one, other = rng.choice(T, 2, replace=False) if T > 1 else (0, 0)
        row[other], row[one] = False, True
    return mask


def inputs(rng: np.random.Generator, B: int, T: int, H: int, F: int) -> Mapping[str, Any]:
    return {
        "query": 1.5 * rng.standard_normal((B, H)),
        "keys": rng.standard_normal((B, T, H)),
        "values": rng.standard_normal((B, T, F)) + 0.3,
        "mask": holes(rng, B, T),
    }


def drawn(
    mask: str = "holes", score: float = 0.0, spread: float = 1.0, masked: float = 0.0
) -> Draw:
    """Inputs of 4 rows and 6 steps.

    score: what all scores are about.  spread: by how much they differ.  masked: what is added to
    keys and values where the mask is False, the keys along the query.
    """

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        found = dict(inputs(rng, 4, 6, 5, 3))
        query, keys, values = found["query"], spread * found["keys"], found["values"]
        square = (query**2).sum(axis=1)[:, None, None]
        keys = keys + score * np.sqrt(5) * query[:, None, :] / square
        masks = {
            "holes": found["mask"],
            "all": np.ones((4, 6), dtype=bool),
            "one": np.arange(6) == rng.permutation(6)[:4, None],
            "left": np.arange(6) >= np.array([3, 0, 5, 1])[:, None],
        }
        hidden = ~masks[mask][:, :, None]
        return {
            **found,
            "keys": keys + masked * hidden * query[:, None, :],
            "values": values + masked * hidden,
            "mask": masks[mask],
        }

    return draw


changed = partial(edited, dot_attention)
given = partial(but, dot_attention)

WEIGHTS = 'scores.masked_fill(~mask, float("-inf")).softmax(dim=-1)'
CONTEXT = 'torch.einsum("bt,btf->bf", weights, values)'
SCORES = 'torch.einsum("bh,bth->bt", query, keys) / query.shape[-1] ** 0.5'


def weights(text: str) -> Any:
    """The reference with other weights."""
    return changed({WEIGHTS: text})


def context(text: str) -> Any:
    """The reference with another context."""
    return changed({CONTEXT: text})


def scores(text: str) -> Any:
    """The reference with other scores."""
    return changed({SCORES: text})


ADD_UP = "Add up the weights of the steps that may be read, row by row."
SCALE = "Take a query and a key of four ones each: which score is due?"

wrong = Mistakes()
printed(wrong, dot_attention)
wrong.family(
    SCALE,
    (
        "not_scaled",
        scores('torch.einsum("bh,bth->bt", query, keys)'),
        "the scores are not divided",
    ),
    ("divided_by_H", changed({" ** 0.5": ""}), "the scores are divided by H"),
    (
        "divided_by_the_root_of_F",
        changed({"query.shape[-1] **": "values.shape[-1] **"}),
        "the scores are divided by the root of the number of values",
    ),
    (
        "divided_by_the_root_of_T",
        changed({"query.shape[-1] **": "keys.shape[1] **"}),
        "the scores are divided by the root of the number of steps",
    ),
    (
        "multiplied",
        changed({"keys) / query": "keys) * query"}),
        "the scores are multiplied by the root of H",
    ),
    (
        "cosines",
        scores("F.cosine_similarity(query[:, None, :], keys, dim=-1)"),
        "the scores are cosines",
    ),
    (
        "by_distance",
        scores("-((query[:, None] - keys) ** 2).sum(dim=-1) / query.shape[-1] ** 0.5"),
        "the scores are distances",
    ),
    ("turned_round", given(query=torch.neg), "a key that fits gets a low weight"),
)
wrong.family(
    "Take a memory of two steps, of which one may be read, with the scores 0 and 5.",
    ("no_mask", weights("scores.softmax(-1)"), "the mask is not used"),
    (
        "zero_scores",
        weights("(scores * mask).softmax(-1)"),
        "the steps that may not be read take part, with scores of 0",
    ),
    (
        "turned_mask",
        weights("scores.masked_fill(mask & ~mask.all(1, keepdim=True), -torch.inf).softmax(-1)"),
        "the mask is read the wrong way round",
    ),
    (
        "first_steps",
        given(mask=lambda m: torch.arange(m.shape[1], device=m.device) < m.sum(1, keepdim=True)),
        "the mask is taken for a length",
    ),
    (
        "mask_of_the_first_row",
        given(mask=lambda m: m[:1].expand_as(m)),
        "every row gets the mask of the first",
    ),
)
wrong.family(
    ADD_UP,
    (
        "masked_afterwards",
        weights("scores.softmax(-1) * mask"),
        "the mask is put on after the softmax",
    ),
    ("sigmoids", weights("scores.sigmoid() * mask"), "each weight is a sigmoid of its own"),
    (
        "over_the_batch",
        changed({"softmax(dim=-1)": "softmax(dim=0).nan_to_num()"}),
        "the softmax runs over the batch",
    ),
    (
        "over_one",
        weights("scores[:, :, None].softmax(-1)[:, :, 0] * mask"),
        "the softmax runs over an axis of size 1",
    ),
    (
        "over_everything",
        changed({"softmax(dim=-1)": "flatten().softmax(0).view_as(scores)"}),
        "the softmax runs over the whole batch at once",
    ),
)
wrong.family(
    "Which numbers may stand where the mask is False, and which scores may the others have?",
    (
        "small_where_masked",
        weights("scores.masked_fill(~mask, -10.0).softmax(dim=-1)"),
        "steps that may not be read get a score that is merely small",
    ),
    (
        "ten_thousand_below",
        weights("scores.masked_fill(~mask, -1e4).softmax(dim=-1)"),
        "steps that may not be read get a score of -1e4, which others may have too",
    ),
    (
        "taken_off",
        weights("(scores - 1e4 * ~mask).softmax(dim=-1)"),
        "1e4 is taken off the scores of steps that may not be read, however large they are",
    ),
    (
        "made_up_for",
        weights("scores.softmax(-1) * mask; weights = weights / weights.sum(-1, keepdim=True)"),
        "the weights of some steps are taken out after the softmax and the rest is scaled up",
    ),
    (
        "exp_as_it_is",
        weights("scores.exp() * mask; weights = weights / weights.sum(-1, keepdim=True)"),
        "exp is taken of the scores as they are",
    ),
)
wrong.family(
    "Compare your weights with the formula.",
    (
        "uniform",
        weights("mask / mask.sum(-1, keepdim=True) + 0 * scores"),
        "all steps that may be read get the same weight",
    ),
    (
        "hard",
        weights(f"F.one_hot({WEIGHTS}.argmax(-1), scores.shape[1]).to(scores.dtype) + 0 * scores"),
        "the step that fits best takes all",
    ),
    (
        "softmax_twice",
        weights(f"{WEIGHTS}.masked_fill(~mask, -torch.inf).softmax(-1)"),
        "the softmax is taken twice",
    ),
    ("raw_scores", weights("scores * mask"), "the scores are the weights"),
)
wrong.family(
    "What is weighted and added up: which tensor, and over which axis?",
    (
        "keys_read",
        context('torch.einsum("bt,bth->bh", weights, keys)'),
        "the keys are added up and not the values",
    ),
    ("plain_mean", context(f"values.mean(dim=1) + 0 * {CONTEXT}"), "the context is a plain mean"),
    (
        "divided_once_more",
        context(f"{CONTEXT} / mask.sum(dim=1, keepdim=True)"),
        "the context is divided by the number of steps",
    ),
    (
        "context_unmasked",
        context('torch.einsum("bt,btf->bf", scores.softmax(-1), values)'),
        "the context is made with other weights than those returned",
    ),
    ("not_summed", context("weights[:, :, None] * values"), "the values are not added up"),
    (
        "with_an_axis_more",
        context("(weights[:, None, :] @ values)"),
        "the context has an axis of size 1 too many",
    ),
)
wrong.family(
    "Compare what you return with the last lines of the exercise.",
    (
        "weights_first",
        given(returns=lambda pair: (pair[1], pair[0])),
        "the weights come before the context",
    ),
    ("context_only", given(returns=lambda pair: pair[0]), "the context alone is returned"),
    (
        "scores_returned",
        changed({"values), weights": "values), scores"}),
        "the scores are returned in place of the weights",
    ),
    (
        "logarithms",
        given(returns=lambda pair: (pair[0], pair[1].log().clamp(min=-1e4))),
        "the weights come as logarithms",
    ),
)
wrong.family(
    "What has to learn, so that the right step is read?",
    (
        "scores_detached",
        given(query=torch.Tensor.detach, keys=torch.Tensor.detach),
        "the values are right and no gradient reaches the query",
    ),
    (
        "weights_detached",
        context('torch.einsum("bt,btf->bf", weights.detach(), values)'),
        "the values are right and the context has no gradient for the query",
    ),
    ("keys_detached", given(keys=torch.Tensor.detach), "no gradient reaches the keys"),
    ("values_detached", given(values=torch.Tensor.detach), "no gradient reaches the values"),
)
wrong.add(
    "in_float32",
    given(query=torch.Tensor.float, keys=torch.Tensor.float, values=torch.Tensor.float),
    "the results are float32 whatever comes in. Look at the dtype of your results.",
)
said = "a new tensor is made on the CPU, wherever the query is. Look at the device of each tensor that you make."
wrong.add(
    "made_on_the_cpu",
    changed(
        {
            WEIGHTS: "(scores + torch.zeros(scores.shape).masked_fill(~mask, -torch.inf))"
            ".softmax(dim=-1)"
        }
    ),
    said,
)


def also(name: str, draw: Draw, why: str) -> Case:
    return Case(name=name, inputs=draw, why=why, value=False)


EXERCISE = Exercise(
    reference=dot_attention,
    inputs=inputs,
    points=9,
    axes={"B": 4, "T": 6, "H": 5, "F": 3},
    shapes={"query": "B H", "keys": "B T H", "values": "B T F", "mask": "B T"},
    parts=("context", "weights"),
    cases=(
        Case(name="padding on the left", inputs=drawn("left")),
        Case(
            name="large numbers behind the mask",
            inputs=drawn(masked=1e4),
            value=False,
            why="Where the mask is False anything finite may stand, and it must not be seen.",
        ),
        also(
            "every step may be read", drawn("all"), "Then a plain softmax over all steps is due."
        ),
        also("one step may be read", drawn("one"), "That one has the weight 1, all others 0."),
        also(
            "scores around -20,000",
            drawn(score=-2e4),
            "However low the scores are, a step behind the mask has the weight 0.",
        ),
        also(
            "scores around 20,000",
            drawn(score=2e4),
            "Scores may be of any size: exp(20,000) is no finite number.",
        ),
    ),
    mistakes=wrong,
    look="Take one row with two steps and write down its two scores by hand.",
    when_right=(
        "PyTorch's scaled_dot_product_attention gives the same context, with an axis more for "
        "several queries, and keeps the weights to itself. A mask after the softmax leaves "
        "weights that do not add up to 1, and a score of −10,000 is a score like any other: large "
        "ones may lie below it. Minus infinity is what the softmax turns into exactly 0. Next "
        "question: what comes out for a row that may read no step at all?"
    ),
)
