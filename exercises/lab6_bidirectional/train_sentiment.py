"""Training, judged by the weights that come back and by what the model was asked on the way."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from autograder.spec import Case, Close, Exercise, Mistakes, but
from exercises.lab6_bidirectional._draws import Floats, draw_lengths
from exercises.lab6_bidirectional._training import trained, view
from solutions.lab6_bidirectional import train_sentiment

Batch = tuple[Tensor, Tensor, Tensor]
Draw = Callable[[np.random.Generator], Mapping[str, Any]]


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


def watched(lr: float, epochs: int, max_norm: float | None = None, scale: float = 1.0) -> Draw:
    """A few small batches of three classes, on which every update is looked at."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        batches = []
        for B, T in ((5, 6), (3, 4), (1, 5)):
            lengths = np.maximum(draw_lengths(rng, B, T), 2)
            labels = (np.arange(B) + rng.integers(3)) % 3
            batches.append((rng.integers(4, 20, (B, T)), lengths, labels))
        options = [epochs, lr] if max_norm is None else [epochs, lr, max_norm]
        weights = draw_weights(rng, 20, 4, 6, 3, scale)
        return {"weights": weights, "batches": batches, "options": options, "watch": True}

    return draw


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    return watched(1e-9, 2, scale=10.0)(rng)


def sentences(rng: np.random.Generator) -> Mapping[str, Any]:
    """Praise (1) and complaints (0) made of the same words: "good … not bad", "bad … not good".

    Ids: 4 is "not", 5 to 8 are kind words, 9 to 12 unkind ones, from 13 on words that say nothing.
    """
    batches = []
    for _ in range(16):
        rows, labels = [], rng.integers(0, 2, 20)
        for label in labels:
            kind, unkind = int(rng.integers(5, 9)), int(rng.integers(9, 13))
            plain, opposite = (kind, unkind) if label else (unkind, kind)
            clauses = [[plain], [4, opposite]]
            if rng.random() < 0.5:
                clauses.reverse()
            row: list[int] = []
            for clause in (*clauses, []):
                row += [int(n) for n in rng.integers(13, 20, rng.integers(0, 3))] + clause
            rows.append(row)
        lengths = np.array([len(row) for row in rows])
        tokens = rng.integers(4, 20, (20, lengths.max()))
        for place, row in enumerate(rows):
            tokens[place, : len(row)] = row
        batches.append((tokens, lengths, labels))
    weights = draw_weights(rng, 20, 8, 24, 2)
    return {"weights": weights, "batches": batches, "options": [12, 0.05], "watch": False}


def no_epoch(rng: np.random.Generator) -> Mapping[str, Any]:
    return watched(0.01, 0)(rng)


def mean_over_sentences(seen: list[tuple[float, int]]) -> float:
    """The loss of an epoch from the loss and the size of each batch."""
    return sum(loss * n for loss, n in seen) / sum(n for _, n in seen)


def loop(
    make: Callable[[nn.Module, float], torch.optim.Optimizer] = (
        lambda model, lr: torch.optim.Adam(model.parameters(), lr=lr)
    ),
    loss_of: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    before: Callable[[torch.optim.Optimizer], None] = lambda optimizer: optimizer.zero_grad(),
    between: Callable[[torch.optim.Optimizer], None] = lambda optimizer: None,
    clip: Callable[[nn.Module, float], object] = (
        lambda model, max_norm: clip_grad_norm_(model.parameters(), max_norm)
    ),
    after: Callable[[nn.Module, float], object] = lambda model, max_norm: None,
    step: bool = True,
    each: Callable[[list[tuple[float, int]]], Any] = mean_over_sentences,
    keep: bool = False,
    default: float = 5.0,
    batches_of: Callable[[Iterable[Batch]], Iterable[Batch]] = lambda batches: batches,
) -> Callable[..., Any]:
    """Training with one of its pieces replaced."""

    def changed(
        model: nn.Module,
        batches: Iterable[Batch],
        epochs: int,
        lr: float,
        max_norm: float = default,
    ) -> list[Any]:
        optimizer = make(model, lr)
        losses = []
        seen: list[tuple[float, int]] = []
        for _ in range(epochs):
            seen = seen if keep else []
            for tokens, lengths, labels in batches_of(batches):
                before(optimizer)
                loss = loss_of(model(tokens, lengths), labels)
                loss.backward()
                between(optimizer)
                clip(model, max_norm)
                if step:
                    optimizer.step()
                after(model, max_norm)
                seen.append((loss.item(), len(labels)))
            losses.append(each(seen))
        return losses

    return changed


def nothing(*_: object) -> None:
    """In place of a step that is left out."""


def clip_each(model: nn.Module, max_norm: float) -> None:
    for p in model.parameters():
        clip_grad_norm_([p], max_norm)


def always_scale(model: nn.Module, max_norm: float) -> None:
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    norm = torch.stack([g.norm() for g in grads]).norm()
    for g in grads:
        g.mul_(max_norm / norm)


def sgd(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=lr)


wrong = Mistakes()


@wrong
def no_backward(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    """the loss is never differentiated.
    Where do the gradients come from?"""
    optimizer = sgd(model, lr)
    losses = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for tokens, lengths, labels in batches:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(tokens, lengths), labels)
            clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            total, count = total + loss.item() * len(labels), count + len(labels)
        losses.append(total / count)
    return losses


@wrong
def one_update_per_epoch(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    """only the last batch of an epoch leads to an update.
    How far are backward and step indented?"""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for tokens, lengths, labels in batches:
            loss = F.cross_entropy(model(tokens, lengths), labels)
            total, count = total + loss.item() * len(labels), count + len(labels)
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(total / count)
    return losses


@wrong
def step_outside_the_loop(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    """there is one update at the end of each epoch.
    How far is step indented?"""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for tokens, lengths, labels in batches:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(tokens, lengths), labels)
            loss.backward()
            clip_grad_norm_(model.parameters(), max_norm)
            total, count = total + loss.item() * len(labels), count + len(labels)
        optimizer.step()
        losses.append(total / count)
    return losses


@wrong
def returns_early(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    """training ends after the first epoch.
    How far is your return indented?"""
    return train_sentiment(model, list(batches), min(epochs, 1), lr, max_norm)


@wrong
def all_steps_real(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    """the model is told that every sentence fills its row.
    Which lengths does the model get?"""
    full = [(t, torch.full_like(n, t.shape[1]), y) for t, n, y in batches]
    return train_sentiment(model, full, epochs, lr, max_norm)


@wrong
def labels_slipped(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    """the labels belong to other sentences.
    Which label belongs to which row?"""
    slipped = [(t, n, y.roll(1)) for t, n, y in batches]
    return train_sentiment(model, slipped, epochs, lr, max_norm)


@wrong
def lr_ignored(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    """lr is not used.
    How far do the weights move for a tiny lr?"""
    return train_sentiment(model, list(batches), epochs, 1e-3, max_norm)


@wrong
def max_norm_ignored(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    """max_norm is not used.
    How long is the gradient that the update uses, for max_norm = 0.01?"""
    return train_sentiment(model, list(batches), epochs, lr)


def only_the_last_layer(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    layer: Any = model.fc
    return torch.optim.Adam(layer.parameters(), lr=lr)


def without_biases(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.Adam([p for p in model.parameters() if p.dim() > 1], lr=lr)


@wrong
def in_eval_mode(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[Any]:
    """the model is in eval mode while it learns.
    In which mode does a model learn, and where do you set it?"""
    found: list[Any] = loop()(model.eval(), batches, epochs, lr, max_norm)
    return found


def sorted_and_cut(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[Any]:
    ready = []
    for tokens, lengths, labels in batches:
        order = lengths.argsort(descending=True)
        ready.append((tokens[order, : int(lengths.max())], lengths[order], labels[order]))
    found: list[Any] = loop()(model, ready, epochs, lr, max_norm)
    return found


def measured_afterwards(
    model: nn.Module, batches: Any, epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    history = []
    for _ in range(epochs):
        model.train()
        for tokens, lengths, labels in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(tokens, lengths), labels).backward()
            clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
        model.eval()
        found = [F.cross_entropy(model(t, n), y, reduction="sum").item() for t, n, y in batches]
        history.append(sum(found) / sum(len(y) for _, _, y in batches))
    return history


def updated_by_hand(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    weights = list(model.parameters())
    speed = [torch.zeros_like(w) for w in weights]
    history = []
    for _ in range(epochs):
        losses, sizes = [], []
        for tokens, lengths, labels in batches:
            logits = model(tokens, lengths)
            loss = -logits.log_softmax(-1)[torch.arange(len(labels)), labels].mean()
            grads = torch.autograd.grad(loss, weights)
            norm = torch.sqrt(sum((g**2).sum() for g in grads))  # type: ignore[arg-type]
            factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
            with torch.no_grad():
                for w, g, v in zip(weights, grads, speed, strict=True):
                    v.mul_(0.9).add_(factor * g)
                    w.sub_(lr * v)
            losses.append(loss.item())
            sizes.append(len(labels))
        history.append(float(np.average(losses, weights=sizes)))
    return history


def shuffled_with_momentum(
    model: nn.Module, batches: Any, epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
    generator = torch.Generator().manual_seed(1)
    history = []
    for _ in range(epochs):
        model.train()
        losses = []
        for place in torch.randperm(len(batches), generator=generator).tolist():
            tokens, lengths, labels = batches[place]
            loss = F.cross_entropy(model(tokens, lengths), labels, reduction="none")
            loss.mean().backward()
            clip_grad_norm_(list(model.parameters()), max_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
            losses += loss.tolist()
        history.append(sum(losses) / len(losses))
    return history


def plain_descent(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> tuple[float, ...]:
    found = loop(
        make=sgd,
        before=nothing,
        between=nothing,
        loss_of=nn.CrossEntropyLoss(),
        after=lambda model, _: model.zero_grad(),
    )
    return tuple(found(model, batches, epochs, lr, max_norm))


def with_a_schedule(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.97)
    history = []
    for _ in range(epochs):
        total, count = torch.zeros(()), 0
        for tokens, lengths, labels in batches:
            model.zero_grad()
            loss = F.cross_entropy(model(tokens, lengths), labels, reduction="sum")
            (loss / len(labels)).backward()
            clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            total, count = total + loss.detach(), count + labels.numel()
        schedule.step()
        history.append((total / count).item())
    return history


def rms(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(model.parameters(), lr=lr)


wrong.add(
    "never_cleared",
    loop(before=nothing),
    "the gradients are never cleared. What does backward() do to gradients that are there already?",
)
wrong.add(
    "cleared_after_backward",
    loop(between=lambda optimizer: optimizer.zero_grad()),
    "the gradients are cleared between backward and step. Which gradients does the update see?",
)
wrong.add(
    "no_step",
    loop(step=False),
    "there is no update. Compare the weights before and after one batch.",
)
wrong.add(
    "not_clipped",
    loop(clip=nothing),
    "the update uses gradients that are not clipped. Between which two lines does the clipping have to stand?",
)
wrong.add(
    "clipped_by_value",
    loop(clip=lambda model, max_norm: clip_grad_value_(model.parameters(), max_norm)),
    "each entry is clipped by itself. Does your clipping change the direction of the gradient?",
)
wrong.add(
    "clipped_one_by_one",
    loop(clip=clip_each),
    "each parameter is clipped by itself. One norm over all parameters, or one norm for each?",
)
wrong.add(
    "always_scaled",
    loop(clip=always_scale),
    "short gradients are stretched to max_norm. What should happen to a gradient that is shorter than max_norm?",
)
wrong.add(
    "default_of_one",
    loop(default=1.0),
    "the default of max_norm is 1. Compare your signature with the one in the exercise.",
)
wrong.add(
    "default_of_ten",
    loop(default=10.0),
    "the default of max_norm is 10. Compare your signature with the one in the exercise.",
)
wrong.add(
    "uphill",
    loop(make=lambda model, lr: torch.optim.Adam(model.parameters(), lr=lr, maximize=True)),
    "the steps go up the gradient. Should the loss rise or fall?",
)
wrong.add(
    "only_the_last_layer",
    loop(make=only_the_last_layer),
    "only fc is trained. Which parameters did you hand to the optimiser?",
)
wrong.add(
    "without_biases",
    loop(make=without_biases),
    "the biases are not trained. Which parameters did you hand to the optimiser?",
)
wrong.add(
    "first_batch_only",
    loop(batches_of=lambda batches: [next(iter(batches))]),
    "each epoch ends after its first batch. How many batches does one epoch use?",
)
wrong.add(
    "last_batch_left_out",
    loop(batches_of=lambda batches: [*batches][:-1]),
    "the last batch is left out. How many batches does one epoch use?",
)
wrong.add(
    "softmax_first",
    loop(loss_of=lambda logits, y: F.cross_entropy(logits.softmax(1), y)),
    "a softmax stands in front of the cross-entropy. What does cross_entropy want: logits or probabilities?",
)
wrong.add(
    "mean_of_means",
    loop(each=lambda seen: sum(a for a, _ in seen) / len(seen)),
    "the mean of the batch means is listed. How much does a batch of one sentence count, next to one of five?",
)
wrong.add(
    "sum_of_means",
    loop(each=lambda seen: sum(a for a, _ in seen)),
    "the sum over the batches is listed. What should the loss of an epoch be: a sum or a mean?",
)
wrong.add(
    "sum_over_sentences",
    loop(each=lambda seen: sum(a * n for a, n in seen)),
    "the sum over the sentences is listed. What should the loss of an epoch be: a sum or a mean?",
)
wrong.add(
    "means_by_sentences",
    loop(each=lambda seen: sum(a for a, _ in seen) / sum(n for _, n in seen)),
    "the sum of the batch means is divided by the number of sentences. What do you add up, and what do you divide by?",
)
wrong.add(
    "last_loss",
    loop(each=lambda seen: seen[-1][0]),
    "the loss of the last batch is listed. Which batches does the loss of an epoch speak for?",
)
wrong.add(
    "running_total",
    loop(each=lambda seen: sum(a * n for a, n in seen) / 9, keep=True),
    "the total is not set back at the start of an epoch. Where do you set your total to zero?",
)
wrong.add(
    "mean_since_the_start",
    loop(keep=True),
    "each loss is the mean over all epochs so far. Where do you set your total and your count to zero?",
)
wrong.add(
    "by_batches",
    loop(each=lambda seen: sum(a * n for a, n in seen) / len(seen)),
    "the sum over the sentences is divided by the number of batches. What do you add up, and what do you divide by?",
)
wrong.add(
    "one_loss_per_batch",
    lambda *args: [one for row in loop(each=list)(*args) for one, _ in row],
    "a loss is listed for each batch. How many losses are due?",
)
wrong.add(
    "as_tensors",
    but(train_sentiment, returns=lambda losses: [torch.tensor(loss) for loss in losses]),
    "the losses are tensors. Look at the type of what is in your list.",
)
wrong.add(
    "as_a_tensor",
    but(train_sentiment, returns=torch.tensor),
    "the losses come back as one tensor. Look at the type of what you return.",
)
wrong.add(
    "nothing_returned",
    but(train_sentiment, returns=lambda losses: None),
    "nothing is returned. Does your function end with a return?",
)


EXERCISE = Exercise(
    reference=train_sentiment,
    inputs=inputs,
    points=11,
    scenario=trained,
    view=view,
    training=True,
    close=Close(rtol=1e-5, atol=1e-6),
    cases=(
        Case(
            name="new sentences",
            inputs=sentences,
            why="The word order has to be learnt: does each batch change the weights?",
        ),
        Case(name="a small max_norm", inputs=watched(0.01, 2, 0.02)),
        Case(name="a large max_norm", inputs=watched(0.01, 2, 1e4)),
        Case(
            name="no epoch at all",
            inputs=no_epoch,
            value=False,
            why="With epochs = 0 there is no loss to list.",
        ),
    ),
    mistakes=wrong,
    also_right=(
        updated_by_hand,
        shuffled_with_momentum,
        plain_descent,
        with_a_schedule,
        loop(make=rms),
        sorted_and_cut,
        measured_afterwards,
    ),
    look="Follow one batch: clear, forward, loss, backward, clip, update.",
)
