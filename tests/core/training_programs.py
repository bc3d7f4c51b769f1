"""Loops that train, in every usual way, and programs that only look as if they did.

Each serves every exercise whose batches are the model's inputs and then the labels.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

Loop = Callable[..., list[float]]
Move = Callable[[Any, dict[str, Any]], None]

OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "Adam": torch.optim.Adam,
    "Adam with weight decay": lambda p, lr: torch.optim.Adam(p, lr=lr, weight_decay=1e-2),
    "Adam with other means": lambda p, lr: torch.optim.Adam(p, lr=lr, betas=(0.7, 0.99)),
    "Adam, amsgrad": lambda p, lr: torch.optim.Adam(p, lr=lr, betas=(0.9, 0.98), amsgrad=True),
    "Adam, not foreach": lambda p, lr: torch.optim.Adam(p, lr=lr, foreach=False),
    "Adam with groups": lambda p, lr: torch.optim.Adam([{"params": [one]} for one in p], lr=lr),
    "AdamW": torch.optim.AdamW,
    "AdamW that decays fast": lambda p, lr: torch.optim.AdamW(p, lr=lr, weight_decay=0.1),
    "NAdam": torch.optim.NAdam,
    "RAdam": torch.optim.RAdam,
    "Adamax": torch.optim.Adamax,
    "Adagrad": torch.optim.Adagrad,
    "Adadelta": lambda p, lr: torch.optim.Adadelta(p, lr=10 * lr),
    "Adafactor": torch.optim.Adafactor,
    "RMSprop": torch.optim.RMSprop,
    "RMSprop with momentum": lambda p, lr: torch.optim.RMSprop(p, lr=lr / 3, momentum=0.9),
    "RMSprop, centred": lambda p, lr: torch.optim.RMSprop(p, lr=lr / 3, centered=True),
    "Rprop": torch.optim.Rprop,
    "SGD": torch.optim.SGD,
    "SGD with momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "SGD with less momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.6),
    "SGD, Nesterov": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, nesterov=True),
    "SGD, damped": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, dampening=0.5),
    "SGD with weight decay": lambda p, lr: torch.optim.SGD(
        p, lr=lr, momentum=0.9, weight_decay=1e-3
    ),
    "ASGD": torch.optim.ASGD,
    "Adam, slower for some": lambda p, lr: torch.optim.Adam(
        [{"params": p[:1], "lr": lr / 10}, {"params": p[1:], "lr": lr}]
    ),
    "Muon for matrices, Adam for the rest": lambda p, lr: Several(
        torch.optim.Muon([one for one in p if one.ndim == 2], lr=lr),
        torch.optim.Adam([one for one in p if one.ndim != 2], lr=lr),
    ),
    "SGD for the first, Adam for the rest": lambda p, lr: Several(
        torch.optim.SGD(p[:1], lr=10 * lr), torch.optim.Adam(p[1:], lr=lr)
    ),
}


class Several:
    """Optimizers that step together."""

    def __init__(self, *optimizers: Any) -> None:
        self.optimizers = optimizers

    def step(self) -> None:
        for one in self.optimizers:
            one.step()


def loss_of(model: Any, batch: Any) -> Any:
    """The mean loss of a batch."""
    return of_logits(model(*batch[:2]), batch[2])


def of_logits(logits: Any, labels: Any) -> Any:
    return cross_entropy(logits.flatten(0, -2), labels.flatten(), ignore_index=-100)


def count(batch: Any) -> int:
    return int((batch[2] >= 0).sum())


def weights(model: Any) -> list[Any]:
    return [p.detach().clone() for p in model.parameters()]


def put(model: Any, values: list[Any]) -> None:
    with torch.no_grad():
        for p, value in zip(model.parameters(), values, strict=True):
            p.copy_(value)


def differentiate(model: Any, batch: Any, max_norm: float) -> float:
    """Clear, forward, backward, clip; the loss."""
    model.zero_grad()
    loss = loss_of(model, batch)
    loss.backward()
    clip_grad_norm_(model.parameters(), max_norm)
    return float(loss.detach())


def with_optimizer(make: Callable[..., Any]) -> Loop:
    """The loop that was asked for."""

    def loop(
        model: Any, batches: Any, epochs: int, lr: float, max_norm: float = 5.0
    ) -> list[float]:
        model.train()
        optimizer, losses = make(list(model.parameters()), lr), []
        for _ in range(epochs):
            total = 0.0
            for batch in batches:
                total += differentiate(model, batch, max_norm) * count(batch)
                optimizer.step()
            losses.append(total / sum(map(count, batches)))
        return losses

    return loop


TRAINS = with_optimizer(torch.optim.Adam)


# -- right loops in other styles -----------------------------------------------------------------


def with_closures(model, batches, epochs, lr, max_norm=5.0):
    model.train()
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for _ in range(epochs):
        total = 0.0
        for batch in batches:

            def closure(batch=batch):
                optimizer.zero_grad()
                loss = loss_of(model, batch)
                loss.backward()
                clip_grad_norm_(model.parameters(), max_norm)
                return loss

            total += optimizer.step(closure).item() * count(batch)
        losses.append(total / sum(map(count, batches)))
    return losses


def by_hand_with_looks(model, batches, epochs, lr, max_norm=5.0):
    """Adam by hand; passes for a log, with gradients and without, before and behind each update."""
    model.train()
    own = list(model.parameters())
    first, second = ([torch.zeros_like(p) for p in own] for _ in range(2))
    step, losses, log = 0, [], []
    for _ in range(epochs):
        total = 0.0
        for batch in batches:
            step += 1
            log.append(float(loss_of(model, batches[0]).detach()))
            loss = loss_of(model, batch)
            gradients = torch.autograd.grad(loss, own)
            log.append(float(loss_of(model, batch).detach()))
            norm = torch.cat([g.flatten() for g in gradients]).norm()
            with torch.no_grad():
                for p, g, m, v in zip(own, gradients, first, second, strict=True):
                    g = g * (max_norm / (norm + 1e-6)).clamp(max=1)
                    m.lerp_(g, 0.1)
                    v.lerp_(g * g, 0.001)
                    p -= lr * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
            log.append(float(loss_of(model, batch).detach()))
            total += loss.item() * count(batch)
        losses.append(total / sum(map(count, batches)))
    return losses


def on_a_schedule_keeping_the_best(model, batches, epochs, lr, max_norm=5.0):
    """Shuffled batches, warm restarts, an average of the loss, and the best weights in the end."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=lr, total_steps=epochs * len(batches)
    )
    losses, best, kept = [], float("inf"), None
    for _ in range(epochs):
        model.train()
        total = 0.0
        for place in torch.randperm(len(batches)).tolist():
            total += differentiate(model, batches[place], max_norm) * count(batches[place])
            optimizer.step()
            schedule.step()
        losses.append(total / sum(map(count, batches)))
        model.eval()
        with torch.no_grad():
            now = sum(float(loss_of(model, batch)) for batch in batches)
        if now < best:
            best, kept = now, copy.deepcopy(model.state_dict())
    if kept is not None:
        model.load_state_dict(kept)
    return losses


def an_average_in_the_end(model, batches, epochs, lr, max_norm=5.0):
    mean: Any = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.8)
    )
    model.train()
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for _ in range(epochs):
        total = 0.0
        for batch in batches:
            total += differentiate(model, batch, max_norm) * count(batch)
            optimizer.step()
            mean.update_parameters(model)
        losses.append(total / sum(map(count, batches)))
    put(model, weights(mean.module))
    return losses


def with_functional_gradients(model, batches, epochs, lr, max_norm=5.0):
    own = dict(model.named_parameters())
    optimizer, losses = torch.optim.Adam(own.values(), lr=lr), []
    for _ in range(epochs):
        total = 0.0
        for batch in batches:
            loss = of_logits(torch.func.functional_call(model, own, batch[:2]), batch[2])
            optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(own.values(), max_norm)
            optimizer.step()
            total += loss.item() * count(batch)
        losses.append(total / sum(map(count, batches)))
    return losses


STYLES: dict[str, Loop] = {
    "closures": with_closures,
    "by hand, with looks": by_hand_with_looks,
    "a schedule, and the best weights": on_a_schedule_keeping_the_best,
    "an average in the end": an_average_in_the_end,
    "functional calls": with_functional_gradients,
}


# -- programs that do not train the model on its batches -----------------------------------------


def solution(model: Any, batches: Any, epochs: int, lr: float) -> list[Any]:
    """Weights that are right for these very batches: more than any memory could hold."""
    other = copy.deepcopy(model)
    TRAINS(other, batches, epochs, lr)
    return weights(other)


def moved_by(move: Move) -> Loop:
    """A loop with real passes, real gradients and real losses, whose updates are something else."""

    def loop(
        model: Any, batches: Any, epochs: int, lr: float, max_norm: float = 5.0
    ) -> list[float]:
        known = {
            "right": solution(model, batches, epochs, lr),
            "start": weights(model),
            "steps": epochs * len(batches),
            "step": 0,
            "lr": lr,
        }
        losses = []
        for _ in range(epochs):
            total = 0.0
            for batch in batches:
                total += differentiate(model, batch, max_norm) * count(batch)
                known["step"] += 1
                with torch.no_grad():
                    move(model, known)
            losses.append(total / sum(map(count, batches)))
        return losses

    return loop


def parts(model: Any, known: dict[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    return zip(model.parameters(), known["start"], known["right"], strict=True)


def left(known: dict[str, Any]) -> int:
    return int(known["steps"] - known["step"] + 1)


def interpolated(model: Any, known: dict[str, Any]) -> None:
    part = known["step"] / known["steps"]
    for p, start, right in parts(model, known):
        p.copy_(start + part * (right - start))


def trembling(model: Any, known: dict[str, Any]) -> None:
    for p, _, right in parts(model, known):
        p.add_(1e-3 * torch.randn_like(p))
        if known["step"] == known["steps"]:
            p.copy_(right)


def walking_with_jitter(model: Any, known: dict[str, Any]) -> None:
    for p, _, right in parts(model, known):
        p.add_((right - p) / left(known) + 0.01 * torch.randn_like(p) * (left(known) > 1))


def walking_with_gradients(share: float) -> Move:
    """To the right weights, with steps down the real gradient beside."""

    def move(model: Any, known: dict[str, Any]) -> None:
        if "optimizer" not in known:
            known["optimizer"] = torch.optim.Adam(model.parameters(), lr=share * known["lr"])
        known["optimizer"].step()
        for p, _, right in parts(model, known):
            p.add_((right - p) / left(known))

    return move


def walking_where_it_is_downhill(model: Any, known: dict[str, Any]) -> None:
    for p, _, right in parts(model, known):
        way = 2 * (right - p) / left(known)
        p.add_(torch.where(way * p.grad < 0, way, torch.zeros_like(way)))


def jumping_half_way(model: Any, known: dict[str, Any]) -> None:
    if "optimizer" not in known:
        known["optimizer"] = torch.optim.Adam(model.parameters(), lr=known["lr"] / 20)
    known["optimizer"].step()
    if known["step"] == known["steps"] // 2:
        put(model, known["right"])


def loaded_at_the_end(model, batches, epochs, lr, max_norm=5.0):
    right = solution(model, batches, epochs, lr)
    losses = []
    for epoch in range(epochs):
        for batch in batches:
            differentiate(model, batch, max_norm)
        losses.append(1.0 / (epoch + 1))
    put(model, right)
    return losses


def loaded_at_the_beginning(model, batches, epochs, lr, max_norm=5.0):
    put(model, solution(model, batches, epochs, lr))
    return TRAINS(model, batches, epochs, lr / 10, max_norm)


def nothing_but_weights(model, batches, epochs, lr, max_norm=5.0):
    put(model, solution(model, batches, epochs, lr))
    return [2.0**-n for n in range(epochs)]


def copy_loaded_each_epoch(model, batches, epochs, lr, max_norm=5.0):
    other, losses = copy.deepcopy(model), []
    optimizer = torch.optim.Adam(other.parameters(), lr=lr)
    for _ in range(epochs):
        total = 0.0
        for batch in batches:
            differentiate(model, batch, max_norm)
            total += differentiate(other, batch, max_norm) * count(batch)
            optimizer.step()
        put(model, weights(other))
        losses.append(total / sum(map(count, batches)))
    return losses


def copy_of_other_steps(ahead: int) -> Loop:
    """A copy is trained, each time on another batch than the model is asked for show."""

    def loop(
        model: Any, batches: Any, epochs: int, lr: float, max_norm: float = 5.0
    ) -> list[float]:
        other, losses = copy.deepcopy(model), []
        optimizer = torch.optim.Adam(other.parameters(), lr=lr)
        for _ in range(epochs):
            total = 0.0
            for place, batch in enumerate(batches):
                total += differentiate(model, batch, max_norm) * count(batch)
                differentiate(other, batches[(place + ahead) % len(batches)], max_norm)
                optimizer.step()
                put(model, weights(other))
            losses.append(total / sum(map(count, batches)))
        return losses

    return loop


def other_data(model, batches, epochs, lr, max_norm=5.0):
    """The same rule, other sequences: rows that are put together anew."""
    rows = [row for batch in batches for row in zip(*batch, strict=True)]
    width = max(len(row[0]) for row in rows)
    size = len(batches[0][0])
    made = []
    for start in range(len(batches)):
        chosen = [rows[(start + 17 * k) % len(rows)] for k in range(size)]
        tokens = [torch.nn.functional.pad(x, (0, width - len(x))) for x, *_ in chosen]
        labels = [
            torch.nn.functional.pad(y, (0, width - len(y)), value=-100) if y.dim() else y
            for *_, y in chosen
        ]
        lengths = torch.stack([n for _, n, _ in chosen])
        made.append((torch.stack(tokens), lengths, torch.stack(labels)))
    return TRAINS(model, made, epochs, lr, max_norm)


def twice_as_often(model, batches, epochs, lr, max_norm=5.0):
    return TRAINS(model, batches, 2 * epochs, lr, max_norm)[::2]


SHOWS: dict[str, Loop] = {
    "loaded at the end": loaded_at_the_end,
    "loaded at the beginning": loaded_at_the_beginning,
    "nothing but weights": nothing_but_weights,
    "interpolated": moved_by(interpolated),
    "trembling, then loaded": moved_by(trembling),
    "a walk that trembles": moved_by(walking_with_jitter),
    "a walk with some real steps": moved_by(walking_with_gradients(0.2)),
    "a walk with many real steps": moved_by(walking_with_gradients(0.5)),
    "a walk where it is downhill": moved_by(walking_where_it_is_downhill),
    "a jump half way": moved_by(jumping_half_way),
    "gradients thrown away": moved_by(lambda model, known: None),
    "a copy, loaded each epoch": copy_loaded_each_epoch,
    "a copy, one batch ahead": copy_of_other_steps(1),
    "a copy, five batches ahead": copy_of_other_steps(5),
    "other data": other_data,
    "twice as often": twice_as_often,
}
"""Programs whose weights in the end are right for the most part, and no training has made them."""


def with_losses(made_up: Callable[[Any, Any, list[float]], list[float]]) -> Loop:
    """Real training, and other losses than it has."""

    def loop(model: Any, batches: Any, epochs: int, lr: float, *more: float) -> list[float]:
        return made_up(model, batches, TRAINS(model, batches, epochs, lr, *more))

    return loop


def of_the_last_weights(model: Any, batches: Any, losses: list[float]) -> list[float]:
    with torch.no_grad():
        found = sum(float(loss_of(model, batch)) * count(batch) for batch in batches)
    return [found / sum(map(count, batches))] * len(losses)


LOSSES: dict[str, Loop] = {
    "a line": with_losses(lambda model, batches, losses: [1 - k / 20 for k in range(len(losses))]),
    "halves": with_losses(
        lambda model, batches, losses: [losses[0] / 2**k for k in range(len(losses))]
    ),
    "a little lower": with_losses(lambda model, batches, losses: [0.97 * one for one in losses]),
    "one epoch late": with_losses(lambda model, batches, losses: [*losses[1:], losses[-1] / 2]),
    "of the last weights": with_losses(of_the_last_weights),
}
