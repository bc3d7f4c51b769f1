"""Training, judged by the weights that come back and by what the model was asked on the way."""

from collections.abc import Mapping, Sequence
from functools import partial
from textwrap import dedent, indent
from typing import Any

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_

from autograder.spec import Case, Close, Exercise, Mistakes, but, edited
from exercises.lab6_bidirectional._draws import Draw, Floats, draw_lengths
from exercises.lab6_bidirectional._training import draw_sentences, trained, view
from solutions.lab6_bidirectional import train_sentiment


def draw_weights(
    rng: np.random.Generator, V: int, E: int, K: int, C: int, scale: float = 1.0
) -> dict[str, Floats]:
    """The start of a model that reads pairs of neighbouring words (see `_training`)."""
    return {
        "embedding.weight": 1.5 * rng.standard_normal((V, E)),
        "pairs.weight": 0.25 * rng.standard_normal((K, E, 2)),
        "pairs.bias": 0.25 * rng.standard_normal(K),
        "fc.weight": scale * 0.5 * rng.standard_normal((C, K)),
        "fc.bias": scale * 0.5 * rng.standard_normal(C),
    }


def watched(
    lr: float,
    epochs: int,
    max_norm: float | None = None,
    scale: float = 1.0,
    mode: str = "train",
    sizes: Sequence[tuple[int, int]] = ((5, 6), (3, 4), (1, 5)),
) -> Draw:
    """A few small batches of three classes, on which every update is looked at."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        batches = []
        for B, T in sizes:
            lengths = np.maximum(draw_lengths(rng, B, T), 2)
            labels = (np.arange(B) + rng.integers(3)) % 3
            batches.append((rng.integers(4, 20, (B, T)), lengths, labels))
        options = [epochs, lr] if max_norm is None else [epochs, lr, max_norm]
        weights = draw_weights(rng, 20, 4, 6, 3, scale)
        return {
            "weights": weights,
            "batches": batches,
            "options": options,
            "watch": True,
            "mode": mode,
        }

    return draw


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    """One batch and one epoch: the first update alone."""
    return watched(1e-9, 1, scale=10.0, sizes=[(5, 6)])(rng)


def sentences(rng: np.random.Generator) -> Mapping[str, Any]:
    """Enough sentences to learn what decides; which ids mean what, and the sizes, are drawn."""
    words = 4 + rng.permutation(16)
    batches = []
    for _ in range(16):
        labels = rng.integers(0, 2, 20)
        batches.append((*draw_sentences(rng, labels, words), labels))
    weights = draw_weights(rng, 20, int(rng.integers(8, 11)), int(rng.integers(24, 29)), 2)
    options = [12, 0.05]
    return {
        "weights": weights,
        "batches": batches,
        "options": options,
        "watch": False,
        "words": words,
    }


CLIP = "nn.utils.clip_grad_norm_(model.parameters(), max_norm)"
UPDATE = f"""            loss.backward()
            {CLIP}
            optimizer.step()
"""
LOSS, COUNT = "loss.item() * labels.shape[0]", "count += labels.shape[0]"
LISTED = "        losses.append(total / count)"


def always_scale(model: Any, max_norm: float) -> None:
    norm = clip_grad_norm_(model.parameters(), float("inf"))
    for p in model.parameters():
        p.grad.mul_(max_norm / norm)


changed = partial(edited, train_sentiment)
wrong = Mistakes()

said = "the loss is never differentiated. Where do the gradients come from?"
wrong.add("no_backward", changed({"loss.backward()": "pass"}), said)
wrong.add(
    "one_update_per_epoch",
    changed({UPDATE: "", LISTED: indent(dedent(UPDATE), " " * 8) + LISTED}),
    "only the last batch of an epoch leads to an update. How far are backward and step indented?",
)
wrong.add(
    "step_outside_the_loop",
    changed({"    optimizer.step()": "", LISTED: f"        optimizer.step()\n{LISTED}"}),
    "there is one update at the end of each epoch. How far is step indented?",
)
said = "training ends after the first epoch. How far is your return indented?"
wrong.add("returns_early", changed({LISTED: f"{LISTED}\n        return losses"}), said)
wrong.add(
    "all_steps_real",
    changed({"(tokens, lengths), ": "(tokens, torch.full_like(lengths, tokens.shape[1])), "}),
    "the model is told that every sentence fills its row. Which lengths does the model get?",
)
said = "the labels belong to other sentences. Which label belongs to which row?"
wrong.add("labels_slipped", changed({"lengths), labels)": "lengths), labels.roll(1))"}), said)
said = "lr is not used. How far do the weights move for a tiny lr?"
wrong.add("lr_ignored", but(train_sentiment, lr=lambda lr: 1e-3), said)
said = "max_norm is not used. How long is the gradient that the update uses, for max_norm = 0.01?"
wrong.add("max_norm_ignored", but(train_sentiment, max_norm=lambda max_norm: 5.0), said)
wrong.family(
    "In which mode does a model learn, and where do you set it?",
    (
        "in_eval_mode",
        changed({"model.train()": "model.eval()"}),
        "the model is in eval mode while it learns",
    ),
    (
        "mode_as_it_came",
        changed({"model.train()": "pass"}),
        "the model learns in the mode in which it came",
    ),
)
wrong.add(
    "never_cleared",
    changed({"optimizer.zero_grad()": "pass"}),
    "the gradients are never cleared. What does backward() do to gradients that are there already?",
)
wrong.add(
    "cleared_after_backward",
    changed({"loss.backward()": "loss.backward(); optimizer.zero_grad()"}),
    "the gradients are cleared between backward and step. Which gradients does the update see?",
)
said = "there is no update. Compare the weights before and after one batch."
wrong.add("no_step", changed({"optimizer.step()": "pass"}), said)
said = "the update uses gradients that are not clipped. Between which two lines does the clipping have to stand?"
wrong.add("not_clipped", changed({CLIP: "pass"}), said)
said = "each entry is clipped by itself. Does your clipping change the direction of the gradient?"
wrong.add("clipped_by_value", changed({"clip_grad_norm_": "clip_grad_value_"}), said)
wrong.add(
    "clipped_by_value_as_well",
    changed({CLIP: f"{CLIP}; nn.utils.clip_grad_value_(model.parameters(), 1.0)"}),
    "the entries are cut off at ±1 as well. What should happen to a gradient that is shorter than max_norm, however large its entries are?",
)
wrong.add(
    "clipped_one_by_one",
    changed({CLIP: "for p in model.parameters(): nn.utils.clip_grad_norm_([p], max_norm)"}),
    "each parameter is clipped by itself. One norm over all parameters, or one norm for each?",
)
said = "short gradients are stretched to max_norm. What should happen to a gradient that is shorter than max_norm?"
wrong.add("always_scaled", changed({CLIP: "scale(model, max_norm)"}, scale=always_scale), said)
wrong.family(
    "Compare your signature with the one in the exercise.",
    (
        "default_of_one",
        but(train_sentiment, defaults={"max_norm": 1.0}),
        "the default of max_norm is 1",
    ),
    (
        "default_of_ten",
        but(train_sentiment, defaults={"max_norm": 10.0}),
        "the default of max_norm is 10",
    ),
)
said = "the steps go up the gradient. Should the loss rise or fall?"
wrong.add("uphill", changed({"lr=lr": "lr=lr, maximize=True"}), said)
wrong.family(
    "Which parameters did you hand to the optimiser?",
    ("only_the_last_layer", changed({"Adam(model.": "Adam(model.fc."}), "only fc is trained"),
    (
        "without_biases",
        changed(
            {"(model.parameters(), lr": "([p for p in model.parameters() if p.dim() > 1], lr"}
        ),
        "the biases are not trained",
    ),
)
wrong.family(
    "How many batches does one epoch use?",
    (
        "first_batch_only",
        but(train_sentiment, batches=lambda batches: batches[:1]),
        "each epoch ends after its first batch",
    ),
    (
        "last_batch_left_out",
        but(train_sentiment, batches=lambda batches: batches[:-1]),
        "the last batch is left out",
    ),
)
said = "a softmax stands in front of the cross-entropy. What does cross_entropy want: logits or probabilities?"
wrong.add("softmax_first", changed({"lengths), labels": "lengths).softmax(1), labels"}), said)
said = "the mean of the batch means is listed. How much does a batch of one sentence count, next to one of five?"
wrong.add("mean_of_means", changed({LOSS: "loss.item()", COUNT: "count += 1"}), said)
wrong.family(
    "What should the loss of an epoch be: a sum or a mean?",
    (
        "sum_of_means",
        changed({LOSS: "loss.item()", "total / count": "total"}),
        "the sum over the batches is listed",
    ),
    (
        "sum_over_sentences",
        changed({"total / count": "total"}),
        "the sum over the sentences is listed",
    ),
)
wrong.family(
    "What do you add up, and what do you divide by?",
    (
        "means_by_sentences",
        changed({LOSS: "loss.item()"}),
        "the sum of the batch means is divided by the number of sentences",
    ),
    (
        "by_batches",
        changed({COUNT: "count += 1"}),
        "the sum over the sentences is divided by the number of batches",
    ),
)
said = "the loss of the last batch is listed. Which batches does the loss of an epoch speak for?"
wrong.add("last_loss", changed({"total / count": "loss.item()"}), said)
wrong.add(
    "running_total",
    changed({"losses = []": "losses, total = [], 0.0", "total, count = 0.0, 0": "count = 0"}),
    "the total is not set back at the start of an epoch. Where do you set your total to zero?",
)
wrong.add(
    "mean_since_the_start",
    changed({"losses = []": "losses, total, count = [], 0.0, 0", "total, count = 0.0, 0": "pass"}),
    "each loss is the mean over all epochs so far. Where do you set your total and your count to zero?",
)
wrong.add(
    "one_loss_per_batch",
    changed({f"total += {LOSS}": "losses.append(loss.item())", LISTED: ""}),
    "a loss is listed for each batch. How many losses are due?",
)
wrong.add(
    "as_tensors",
    but(train_sentiment, returns=lambda losses: [torch.tensor(loss) for loss in losses]),
    "the losses are tensors. Look at the type of what is in your list.",
)
said = "the losses come back as one tensor. Look at the type of what you return."
wrong.add("as_a_tensor", but(train_sentiment, returns=torch.tensor), said)
said = "nothing is returned. Does your function end with a return?"
wrong.add("nothing_returned", but(train_sentiment, returns=lambda losses: None), said)


EXERCISE = Exercise(
    reference=train_sentiment,
    inputs=inputs,
    points=11,
    shapes={"the losses with weights that hardly move": "epoch"},
    scenario=trained,
    view=view,
    training=True,
    close=Close(rtol=1e-5, atol=1e-6),
    without=frozenset({"values of draw 2", "values of draw 3"}),
    cases=(
        Case(name="three batches, one epoch", inputs=watched(1e-9, 1, scale=10.0)),
        Case(
            name="three batches, two epochs",
            inputs=watched(1e-9, 2, scale=10.0),
            why="Each epoch goes through all batches, and each batch has an update of its own.",
        ),
        Case(
            name="new sentences",
            inputs=sentences,
            why="The word order has to be learnt: does each batch change the weights?",
        ),
        Case(name="a small max_norm", inputs=watched(0.01, 2, 0.02)),
        Case(name="a large max_norm", inputs=watched(0.01, 2, 1e4, scale=10.0)),
        Case(
            name="a model in eval mode before the call",
            inputs=watched(0.01, 2, 1e4, mode="eval"),
            value=False,
            why="Train in train mode, whatever mode the model comes in.",
        ),
        Case(
            name="no epoch at all",
            inputs=watched(0.01, 0),
            value=False,
            why="With epochs = 0 there is no loss to list.",
        ),
    ),
    mistakes=wrong,
    look="Follow one batch: clear, forward, loss, backward, clip, update.",
    when_right=(
        "Asking cross_entropy for the sum would save the multiplication, but its gradient is then "
        "B times as long, and clipping and step change with the batch. The mean of the batch "
        "means gives a small last batch too much weight. A falling loss is no proof: with a "
        "softmax too many, or without clipping, it falls as well. Next question: which two "
        "sentences would you try first to see whether the model has learnt what 'not' does?"
    ),
)
