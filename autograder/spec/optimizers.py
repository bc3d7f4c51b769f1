"""What optimizers make of a sequence of gradients: the direction of each update, for lr = 1.

Gradients and weights are arrays (step, parameter). Which optimizer a program has used is not known
and need not be: `kinds` gives what each usual one would have done at every step. Formulas are
those of torch.optim; its Lion-like and hand-written kin have the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.floating[Any]]
Kind = Callable[[Steps, Steps], Steps]
"""From gradients and weights, (step, parameter), to directions."""
EPS = 1e-8
MOMENTA = (0.9, 0.8, 0.95, 0.5, 0.7, 0.98)
SQUARES = (0.999, 0.99, 0.98, 0.95, 0.9)
"""How much means of gradients, and of their squares, remember from step to step."""
DECAYS = (1e-4, 1e-3, 1e-2, 1e-1)
"""Usual weight decays that are added to gradients."""


def kinds() -> Iterator[Kind]:
    """What each optimizer that treats every weight by itself adds to them, but for the sign.

    Usual ones come first.
    """
    found: list[Callable[[Steps], Steps]] = [adam, descent]
    for keeps in (*MOMENTA, 0.99):
        found += [partial(momentum, keeps=keeps), partial(nesterov, keeps=keeps)]
    for keeps in (0.99, 0.9):
        found += [partial(kind, keeps=keeps) for kind in (rmsprop, rmsprop_momentum, centred)]
    found += [adagrad, adadelta, rprop, nadam, radam, adamax, lion]
    for forgets in SQUARES:
        found += [partial(adam, keeps=keeps, forgets=forgets) for keeps in MOMENTA]
        found.append(partial(amsgrad, forgets=forgets))
    for kind in found:
        yield partial(decayed, kind, 0.0)
    for decay in DECAYS:
        for kind in (adam, momentum, rmsprop):
            yield partial(decayed, kind, decay)


def decayed(
    kind: Callable[[Steps], Steps], decay: float, gradients: Steps, weights: Steps
) -> Steps:
    """What an optimizer makes of gradients to which weight decay is added."""
    return kind(gradients + decay * weights)


def running(values: Steps, keeps: float) -> Steps:
    """The running mean that starts from zero."""
    found, last = np.empty_like(values), np.zeros(values.shape[1:])
    for place, value in enumerate(values):
        last = keeps * last + (1 - keeps) * value
        found[place] = last
    return found


def mean(values: Steps, keeps: float) -> Steps:
    """The running mean, corrected for its start."""
    return running(values, keeps) / missing(keeps, len(values))


def missing(keeps: float, steps: int) -> Steps:
    """How much of a whole mean there is after each step."""
    found: Steps = 1 - keeps ** np.arange(1, steps + 1)[:, None]
    return found


def root(squares: Steps) -> Steps:
    """What gradients are divided by."""
    return np.sqrt(np.maximum(squares, 0.0)) + EPS


def adam(gradients: Steps, keeps: float = 0.9, forgets: float = 0.999) -> Steps:
    """Means over the roots of mean squares."""
    return mean(gradients, keeps) / root(mean(gradients**2, forgets))


def amsgrad(gradients: Steps, forgets: float) -> Steps:
    """Means over the roots of the largest mean squares so far."""
    largest = np.maximum.accumulate(running(gradients**2, forgets))
    return mean(gradients, 0.9) / root(largest / missing(forgets, len(gradients)))


def radam(gradients: Steps) -> Steps:
    """Adam that takes the means alone for its first steps."""
    found = adam(gradients)
    found[:5] = mean(gradients, 0.9)[:5]
    return found


def momentum(gradients: Steps, keeps: float = 0.9) -> Steps:
    """Sums that forget."""
    return running(gradients, keeps) / (1 - keeps)


def rmsprop(gradients: Steps, keeps: float = 0.99) -> Steps:
    """Gradients over their usual size."""
    return gradients / root(running(gradients**2, keeps))


def centred(gradients: Steps, keeps: float) -> Steps:
    """Gradients over how much they usually differ from their mean."""
    return gradients / root(running(gradients**2, keeps) - running(gradients, keeps) ** 2)


def descent(gradients: Steps) -> Steps:
    """Gradients as they are."""
    return gradients


def nesterov(gradients: Steps, keeps: float) -> Steps:
    """Sums that forget, one step ahead."""
    return gradients + keeps * momentum(gradients, keeps)


def rmsprop_momentum(gradients: Steps, keeps: float) -> Steps:
    """Sums that forget, of gradients over their usual size."""
    return momentum(rmsprop(gradients, keeps))


def adagrad(gradients: Steps) -> Steps:
    """Gradients over what they have been so far."""
    return gradients / root(np.cumsum(gradients**2, 0))


def nadam(gradients: Steps) -> Steps:
    """Adam with Nesterov's momentum, which grows."""
    found, product, last = np.empty_like(gradients), 1.0, np.zeros(gradients.shape[1:])
    squares = mean(gradients**2, 0.999)
    for place, gradient in enumerate(gradients):
        now, then = (0.9 * (1 - 0.5 * 0.96 ** (0.004 * (place + n))) for n in (1, 2))
        product *= now
        last = 0.9 * last + 0.1 * gradient
        ahead = then * last / (1 - product * then)
        found[place] = ahead + (1 - now) * gradient / (1 - product)
    return found / root(squares)


def adamax(gradients: Steps) -> Steps:
    """Means over the largest gradient so far, which is slowly forgotten."""
    largest, last = np.empty_like(gradients), np.zeros(gradients.shape[1:])
    for place, gradient in enumerate(gradients):
        last = np.maximum(0.999 * last, np.abs(gradient) + EPS)
        largest[place] = last
    return mean(gradients, 0.9) / largest


def lion(gradients: Steps) -> Steps:
    """Signs of a mean of the gradient and of those before."""
    before = np.zeros_like(gradients)
    before[1:] = running(gradients, 0.99)[:-1]
    return np.sign(0.9 * before + 0.1 * gradients)


def adadelta(gradients: Steps) -> Steps:
    """Gradients over their usual size, times the usual size of an update."""
    found, made = np.empty_like(gradients), np.zeros(gradients.shape[1:])
    squares = running(gradients**2, 0.9)
    for place, gradient in enumerate(gradients):
        found[place] = gradient * np.sqrt((made + 1e-6) / (squares[place] + 1e-6))
        made = 0.9 * made + 0.1 * found[place] ** 2
    return found


def rprop(gradients: Steps) -> Steps:
    """Signs times step sizes that grow while the sign stays."""
    found, before = np.empty_like(gradients), np.zeros(gradients.shape[1:])
    sizes = np.ones(gradients.shape[1:])
    for place, gradient in enumerate(gradients):
        same = np.sign(gradient * before)
        sizes = sizes * np.where(same > 0, 1.2, np.where(same < 0, 0.5, 1.0))
        before = np.where(same < 0, 0.0, gradient)
        found[place] = np.sign(before) * sizes
    return found


def adafactor(gradients: Steps, weights: Steps, shapes: Sequence[Sequence[int]]) -> Steps:
    """Gradients over their usual size in row and column, in steps as large as the weights."""
    found, start = np.empty_like(gradients), 0
    keeps = 1 - np.arange(1, len(gradients) + 1) ** -0.8
    for shape in shapes:
        part = slice(start, start := start + int(np.prod(shape)))
        values = gradients[:, part].reshape(-1, *shape)
        axes = (-1, -2) if len(shape) > 1 else ()
        sums = [np.zeros_like((values[0] ** 2).mean(axis, keepdims=True)) for axis in axes or [()]]
        for place, value in enumerate(values):
            for n, axis in enumerate(axes or [()]):
                now: Any = (value**2).mean(axis, keepdims=True)
                sums[n] = keeps[place] * sums[n] + (1 - keeps[place]) * now
            squares = sums[0]
            if axes:
                squares = sums[0] * sums[1] / np.maximum(sums[0].mean(-2, keepdims=True), 1e-300)
            update = value / np.sqrt(np.maximum(squares, 1e-32))
            size = max(1e-3, float(np.sqrt((weights[place, part] ** 2).mean())))
            length = max(1.0, float(np.sqrt((update**2).mean())))
            found[place, part] = (size / length * update).reshape(-1)
    return found


def muon(gradients: Steps, weights: Steps, shape: Sequence[int]) -> Steps:
    """Nesterov's means of a matrix, its larger singular values made about one.

    By five Newton-Schulz steps, whose factors are Muon's.
    """
    means = 0.05 * gradients + 0.95 * running(gradients, 0.95)
    if len(shape) != 2:
        return means
    found = means.reshape(-1, *shape)
    if tall := shape[0] > shape[1]:
        found = found.swapaxes(1, 2)
    found = found / np.maximum(np.linalg.norm(found, axis=(1, 2), keepdims=True), 1e-7)
    for _ in range(5):
        square = found @ found.swapaxes(1, 2)
        found = 3.4445 * found + (-4.7750 * square + 2.0315 * square @ square) @ found
    made: Steps = (found.swapaxes(1, 2) if tall else found).reshape(means.shape)
    return made
