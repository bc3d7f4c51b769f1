"""Training, checked step by step from the weights that a model had at each of them.

A scenario notes with a `Record` what a model is asked and which weights it has then. Nothing of
that is believed: on the judge's side `facts_of_steps` goes through the steps again, with batches
of its own, and says whether each update is what some optimizer makes of the gradients so far, and
whether the losses are those of the weights on the way.

Whoever sends weights that pass has trained the model, wherever. The text of both travels, with
what it names.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec.optimizers import Kind, adafactor, kinds, muon

Rows = Callable[..., Sequence[Any]]
NONE, UNKNOWN = -1, -2
"""In place of a sample's number: where a batch is shorter than others, and for what is in none."""
DECAY = 0.02
"""The largest part of a weight that decay takes away in one step."""
PASSES = 16
"""How many passes are noted for each step that is due."""
AT_ONCE = 32
"""How many steps are gone through together."""
LIKE, MOSTLY_LIKE = 0.92, 0.75
"""The cosine with what an optimizer does: the mean over the steps, and all steps but a few."""
FEW = 0.1
"""That part of the steps."""
FASTER = 12.0
"""How many times longer than lr asks for an update may be: there are schedules."""
SOME = 500
"""About so many parameters are looked at first, to rule an optimizer out."""
SMALL = 0.1
"""An update counts for nothing that is shorter than this part of the mean."""


# -- in the scenario -----------------------------------------------------------------------------


class Record:
    """Notes the passes of a model: which samples it is asked, and the weights that it has then.

    steps: how many updates are due.  rows: the samples of a batch, ``rows(*inputs)``, as what can
    be compared and is hashable, without padding; its arguments have the names of the model's own.
    """

    def __init__(self, model: Any, batches: Sequence[Any], rows: Rows, steps: int) -> None:
        self._own = [value for _, value in sorted(model.named_parameters())]
        self._rows, self._most = rows, PASSES * (steps + 4)
        self._numbers = numbers(batches, rows)
        self._weights: list[Any] = []
        self._passes: list[tuple[int, list[int], list[bool]]] = []
        note = self._note

        class Recorded(type(model)):  # type: ignore[misc]
            def forward(self, *inputs: Any, **named: Any) -> Any:
                output = super().forward(*inputs, **named)
                if self is model:  # a copy of the model is on its own
                    note(output, inputs, named)
                return output

        Recorded.__name__ = Recorded.__qualname__ = type(model).__name__
        model.__class__ = Recorded

    def _note(self, output: Any, inputs: Any, named: Any) -> None:
        if len(self._passes) >= self._most:
            return
        now = self._now()
        if not self._weights or not torch.equal(now, self._weights[-1]):
            self._weights.append(now)
        samples = [self._numbers.get(row, UNKNOWN) for row in self._rows(*inputs, **named)]
        learnt = [False]
        first = output[0] if isinstance(output, tuple) else output
        if isinstance(first, torch.Tensor) and first.requires_grad:

            def differentiated(gradient: Any) -> None:
                learnt[0] = True

            hook: Any = first.register_hook
            hook(differentiated)
        self._passes.append((len(self._weights) - 1, samples, learnt))

    def _now(self) -> Any:
        return torch.cat([value.detach().reshape(-1) for value in self._own]).cpu()

    def found(self) -> dict[str, Any]:
        """The weights (step, all in one) and the samples (step, batch) of each pass that taught.

        Parameters are in the order of their names.
        """
        taught: list[tuple[int, list[int]]] = []
        if any(learnt[0] for *_, learnt in self._passes):
            for state, samples, learnt in self._passes:
                if learnt[0] and (not taught or taught[-1] != (state, samples)):
                    taught.append((state, samples))
        else:  # gradients came some other way: the last pass before each change
            pairs = itertools.pairwise([*self._passes, (-1, [], [])])
            taught = [(one[0], one[1]) for one, then in pairs if one[0] != then[0]]
        wide = max((len(samples) for _, samples in taught), default=0)
        rows = [samples + [NONE] * (wide - len(samples)) for _, samples in taught]
        weights = [self._weights[state] for state, _ in taught]
        return {
            "weights": torch.stack(weights) if weights else torch.zeros(0, len(self._now())),
            "samples": torch.tensor(rows, dtype=torch.int64).reshape(len(taught), wide),
        }


def numbers(batches: Sequence[Any], rows: Rows) -> dict[Any, int]:
    """The number of each sample in the order of the batches; equal ones have that of the first."""
    found: dict[Any, int] = {}
    for place, row in enumerate(row for batch in batches for row in rows(*batch)):
        found.setdefault(row, place)
    return found


# -- in the view ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Training:
    """A training as it was asked for, and how to go through it again.

    start: the weights handed in, by name.  batches: the inputs of the model in each batch.  rows:
    as for `Record`.  data: tensors (sample, …), in the order of the batches and padded alike.
    sums: ``sums(weights, *data)`` is the loss of each sample, (N, B), of a model at N steps, with
    weights (N, …) and data (N, B, …).  sizes: (sample,), what a sample counts in a mean: 1, or its
    tokens.  size: of batches that the entry point makes itself; 0 where they are handed in.
    afterwards: whether a loss may be measured after the update too, or at the end of its epoch.
    """

    start: Mapping[str, Any]
    batches: Sequence[Any]
    rows: Rows
    data: Sequence[Any]
    sums: Callable[..., Any]
    sizes: Any
    epochs: int
    lr: float
    max_norm: float = 5.0
    size: int = 0
    afterwards: bool = False


@dataclass(frozen=True)
class Steps:
    """What was noted, and what comes out when it is gone through again.

    weights: (N + 1, P), those before each step and those in the end.  samples: (N, B).  losses:
    (N,), before each update.  gradients: (N, P), clipped.
    """

    weights: Any
    samples: Any
    losses: Any
    gradients: Any

    @property
    def updates(self) -> Any:
        """(N, P): how each step changed the weights."""
        return self.weights[1:] - self.weights[:-1]


def facts_of_steps(
    training: Training, record: Mapping[str, Any], end: Mapping[str, Any], losses: Any
) -> dict[str, bool]:
    """What should hold of each step of a training, of its beginning, its end, and its losses."""
    names = (
        "each epoch makes one update with each batch",
        "training goes on from the weights that were handed in",
        "each update follows from the gradients of its batch and of those before",
        "each loss is that of the weights on the way",
    )
    if not once_each(training, record["samples"]):
        return dict.fromkeys(names, False)
    steps = gone_through(training, record, end)
    found = (
        all_moved(steps),
        close(steps.weights[0], flat(training.start)),
        follow(training, steps),
        honest(training, steps, losses),
    )
    return dict(zip(names, found, strict=True))


def flat(weights: Mapping[str, Any]) -> Any:
    """All weights in one, by the order of their names."""
    return torch.cat([weights[name].reshape(-1) for name in sorted(weights)]).double()


def close(one: Any, other: Any) -> bool:
    """Whether weights are the same but for rounding."""
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-5, atol=1e-7)


def once_each(training: Training, samples: Any) -> bool:
    """Whether the samples are those of each batch once in each epoch, in any order."""
    known = numbers(training.batches, training.rows)
    own = [[known[row] for row in training.rows(*batch)] for batch in training.batches]
    every = sorted(number for batch in own for number in batch)
    per_epoch = math.ceil(len(every) / training.size) if training.size else len(own)
    turns = [sorted(row for row in turn if row != NONE) for turn in samples.tolist()]
    if len(turns) != training.epochs * per_epoch or not all(turns):
        return False
    due = sorted(map(sorted, own))
    for first in range(0, len(turns), per_epoch):
        epoch = turns[first : first + per_epoch]
        if training.size:
            together = sorted(row for turn in epoch for row in turn)
            fits = together == every and max(map(len, epoch)) <= training.size
        else:
            fits = sorted(epoch) == due
        if not fits:
            return False
    return True


def gone_through(training: Training, record: Mapping[str, Any], end: Mapping[str, Any]) -> Steps:
    """The steps with their losses and gradients, computed anew."""
    samples = record["samples"]
    weights = torch.cat([record["weights"].double(), flat(end)[None]])
    losses, gradients = [], []
    for first in range(0, len(samples), AT_ONCE):
        part = slice(first, min(len(samples), first + AT_ONCE))
        leaf = weights[part].clone().requires_grad_()
        sums, counts = summed(training, leaf, samples[part])
        found = sums.sum(1) / counts.sum(1)
        gradients.append(torch.autograd.grad(found.sum(), leaf)[0])
        losses.append(found.detach())
    whole = torch.cat(gradients) if gradients else weights[:0]
    norms = whole.norm(dim=1, keepdim=True)
    clipped = whole * (training.max_norm / (norms + 1e-6)).clamp(max=1.0)
    return Steps(weights, samples, torch.cat(losses) if losses else weights[:0, 0], clipped)


def summed(training: Training, weights: Any, samples: Any) -> tuple[Any, Any]:
    """The loss of each sample (N, B), and what it counts in the mean; 0 where there is none."""
    there = samples >= 0
    chosen = samples.clamp(min=0)
    by_name, place = {}, 0
    for name in sorted(training.start):
        shape = training.start[name].shape
        by_name[name] = weights[:, place : place + shape.numel()].reshape(-1, *shape)
        place += shape.numel()
    sums = training.sums(by_name, *(one[chosen] for one in training.data))
    return sums * there, training.sizes[chosen] * there


def all_moved(steps: Steps) -> bool:
    """Whether every step changed the weights, unless its gradient is zero."""
    moved = steps.updates.abs().amax(1) > 0
    return bool((moved | (steps.gradients.abs().amax(1) < 1e-9)).all())


def follow(training: Training, steps: Steps) -> bool:
    """Whether the updates are those of an optimizer, of whichever kind, and of none but that.

    In the end the weights may go back to those of some time before, or to a mean of them.
    """
    shapes = [tuple(training.start[name].shape) for name in sorted(training.start)]
    kept = len(steps.updates) - between(steps.weights)
    some = 1 + steps.gradients.shape[1] // SOME
    three = [one.numpy() for one in (steps.updates, steps.gradients, steps.weights[:-1])]

    def fits(kind: Kind, part: slice) -> bool:
        updates, gradients, weights = (one[:, part] for one in three)
        directed = kind(gradients, weights)
        return alike(updates[:kept], directed[:kept], weights[:kept], training.lr)

    def by_tensor(gradients: Any, weights: Any) -> Any:
        return adafactor(gradients, weights, shapes)

    whole, start = slice(None), 0
    possible = itertools.chain(
        (kind for kind in kinds() if fits(kind, slice(None, None, some))), [by_tensor]
    )
    if any(fits(kind, whole) for kind in possible):
        return True
    for shape in shapes:  # each parameter may have an optimizer, or a learning rate, of its own
        part = slice(start, start := start + math.prod(shape))
        its_own: Iterator[Kind] = itertools.chain(kinds(), [partial(muon, shape=shape)])
        idle = not three[0][:, part].any() and np.abs(three[1][:, part]).max(initial=0) < 1e-9
        if not idle and not any(fits(kind, part) for kind in its_own):
            return False
    return True


def alike(updates: Any, directed: Any, weights: Any, lr: float) -> bool:
    """Whether updates go where an optimizer goes, which may let the weights decay as well.

    How far is left to schedules, within limits.
    """
    left = updates - decay(updates, directed, weights)
    sizes, due = np.linalg.norm(left, axis=1), np.linalg.norm(directed, axis=1)
    counted = sizes > SMALL * sizes.mean() if len(sizes) else np.zeros(0, bool)
    if not counted.any():
        return False
    cosines = -(left * directed).sum(1) / np.maximum(sizes * due, 1e-300)
    mean = float((cosines * sizes).sum() / sizes.sum())
    far = sizes[counted] > FASTER * lr * due[counted]
    mostly = float(np.quantile(cosines[counted], FEW))
    return mean >= LIKE and mostly >= MOSTLY_LIKE and float(far.mean()) <= FEW


def decay(updates: Any, directed: Any, weights: Any) -> Any:
    """The part of each update that makes all weights smaller, by the same small share."""
    dd, ww, dw = ((one * other).sum(1) for one, other in pairs(directed, weights))
    ud, uw = (updates * directed).sum(1), (updates * weights).sum(1)
    share = (uw * dd - ud * dw) / np.maximum(ww * dd - dw**2, 1e-300)
    return np.clip(share, -DECAY, 0.0)[:, None] * weights


def pairs(one: Any, other: Any) -> tuple[tuple[Any, Any], ...]:
    """Each with itself, and one with the other."""
    return (one, one), (other, other), (one, other)


def between(weights: Any) -> bool:
    """Whether the last weights lie, one by one, between some that there were before."""
    before, last = weights[:-1], weights[-1]
    low, high = before.amin(0) - 1e-6, before.amax(0) + 1e-6
    return bool(((last >= low) & (last <= high)).all())


def honest(training: Training, steps: Steps, losses: Any) -> bool:
    """Whether the losses of the epochs are those that were met on the way."""
    if not isinstance(losses, list | tuple) or len(losses) != training.epochs:
        return False
    if not all(isinstance(one, int | float) for one in losses):
        return False
    told = torch.tensor([float(one) for one in losses], dtype=torch.float64)
    return any(agree(told, due) for due in losses_on_the_way(training, steps))


def agree(told: Any, due: Any) -> bool:
    """Whether losses are the same but for the rounding of float32."""
    return bool(torch.allclose(told, due, rtol=2e-4, atol=1e-6))


def losses_on_the_way(training: Training, steps: Steps) -> Any:
    """The mean loss of each epoch, measured at each time that is allowed."""
    there = steps.samples >= 0
    counts = (training.sizes[steps.samples.clamp(min=0)] * there).sum(1)
    by_epoch = counts.reshape(training.epochs, -1)

    def means(of_steps: Any) -> Any:
        return (of_steps.reshape(training.epochs, -1) * by_epoch).sum(1) / by_epoch.sum(1)

    yield means(steps.losses)
    if not training.afterwards:
        return
    with torch.no_grad():
        sums, _ = summed(training, steps.weights[1:], steps.samples)
        yield means(sums.sum(1) / counts)
        ends = steps.weights[by_epoch.shape[1] :: by_epoch.shape[1]]
        every = torch.arange(len(training.sizes)).expand(len(ends), -1)
        sums, sizes = summed(training, ends, every)
        yield sums.sum(1) / sizes.sum(1)
