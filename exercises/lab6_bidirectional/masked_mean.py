"""The mean over the real steps of each sequence."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab6_bidirectional import _stand_ins
from exercises.lab6_bidirectional._draws import draw_lengths
from solutions.lab6_bidirectional import masked_mean


def inputs(rng: np.random.Generator, B: int, T: int, F: int) -> Mapping[str, Any]:
    return {"output": rng.standard_normal((B, T, F)) + 0.3, "lengths": draw_lengths(rng, B, T)}


def with_lengths(
    *lengths: int, padding: float = 0.0
) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Inputs of 7 steps with lengths of their own, and something added to the padding."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        behind = np.arange(7) >= np.array(lengths)[:, None]
        output = rng.standard_normal((len(lengths), 7, 3)) + padding * behind[:, :, None]
        return {"output": output, "lengths": np.array(lengths)}

    return draw


def real(output: Tensor, lengths: Tensor, more: int = 0) -> Tensor:
    """(B, T, 1), True on real steps and on `more` steps behind them."""
    t = torch.arange(output.shape[1], device=output.device)
    return (t < lengths[:, None] + more)[:, :, None]


def mean(
    over: Callable[[Tensor, Tensor], Tensor] = lambda o, n: (o * real(o, n)).sum(1),
    by: Callable[[Tensor, Tensor], Any] = lambda o, n: n[:, None],
) -> Callable[[Tensor, Tensor], Tensor]:
    """A sum over something divided by something."""
    return lambda output, lengths: over(output, lengths) / by(output, lengths)


def all_steps(output: Tensor, lengths: Tensor) -> Tensor:
    return output.sum(1)


wrong = Mistakes()


@wrong
def of_the_others(output: Tensor, lengths: Tensor) -> Tensor:
    """the mask is inverted.
    What does True stand for in your mask?"""
    return (output * ~real(output, lengths)).sum(1) / lengths[:, None]


@wrong
def largest(output: Tensor, lengths: Tensor) -> Tensor:
    """the largest value is taken in place of the mean.
    Which summary is asked for?"""
    return output.masked_fill(~real(output, lengths), -torch.inf).amax(1)


@wrong
def last_step(output: Tensor, lengths: Tensor) -> Tensor:
    """the last real step is taken in place of the mean.
    Which summary is asked for?"""
    return output[torch.arange(len(output), device=output.device), lengths - 1]


@wrong
def steps_on_the_cpu(output: Tensor, lengths: Tensor) -> Tensor:
    """the mask lives on the CPU wherever the input is.
    Look at the device of the tensors that you make."""
    mask = torch.arange(output.shape[1]) < lengths[:, None]
    return (output * mask[:, :, None]).sum(1) / lengths[:, None]


@wrong
def in_float32(output: Tensor, lengths: Tensor) -> Tensor:
    """the result is float32 whatever the input is.
    Look at the dtype of your result."""
    return masked_mean(output, lengths).float()


@wrong
def in_float64(output: Tensor, lengths: Tensor) -> Tensor:
    """the result is float64 whatever the input is.
    Call with float32: what is the dtype of your result, and where does it change?"""
    return (output * real(output, lengths).double()).sum(1) / lengths[:, None]


@wrong
def zeroes_the_padding(output: Tensor, lengths: Tensor) -> Tensor:
    """the caller's output is changed.
    Compare output before and after the call."""
    output *= real(output, lengths)
    return output.sum(1) / lengths[:, None]


def row_by_row(output: Tensor, lengths: Tensor) -> Tensor:
    rows = [row[:n].mean(0) for row, n in zip(output, lengths.tolist(), strict=True)]
    return torch.stack(rows)


def by_product(output: Tensor, lengths: Tensor) -> Tensor:
    weights = real(output, lengths).to(output) / lengths.to(output)[:, None, None]
    return torch.einsum("btf,bto->bf", output, weights)


def nan_mean(output: Tensor, lengths: Tensor) -> Tensor:
    return output.masked_fill(~real(output, lengths), torch.nan).nanmean(dim=1)


def where_and_count(output: Tensor, lengths: Tensor) -> Tensor:
    mask = real(output, lengths).expand_as(output)
    kept = torch.where(mask, output, torch.zeros_like(output))
    return kept.sum(dim=1) / mask.sum(dim=1).clamp(min=1)


def by_running_sums(output: Tensor, lengths: Tensor) -> Tensor:
    kept = output * real(output, lengths).type_as(output)
    place = (lengths - 1)[:, None, None].expand(-1, 1, output.shape[2])
    return kept.cumsum(1).gather(1, place)[:, 0] / lengths.unsqueeze(1)


wrong.add(
    "plain_mean",
    mean(over=all_steps, by=lambda o, n: o.shape[1]),
    "the padding counts like any other step. Which steps does your sum run over?",
)
wrong.add(
    "all_by_lengths",
    mean(over=all_steps),
    "the sum runs over the padding as well. Which steps does your sum run over?",
)
wrong.add(
    "by_width",
    mean(by=lambda o, n: o.shape[1]),
    "the sum over the real steps is divided by the width of the batch. What do you divide by?",
)
wrong.add(
    "by_all_lengths",
    mean(by=lambda o, n: n.sum()),
    "each sum is divided by the real steps of the whole batch. What do you divide by?",
)
wrong.add(
    "by_longest",
    mean(by=lambda o, n: n.max()),
    "each sum is divided by the largest length. What do you divide by?",
)
wrong.add(
    "by_batch",
    mean(by=lambda o, n: o.shape[0]),
    "each sum is divided by the size of the batch. What do you divide by?",
)
wrong.add(
    "by_one_less",
    mean(by=lambda o, n: (n - 1).clamp(min=1)[:, None]),
    "each sum is divided by one step too few. What do you divide by?",
)
wrong.add(
    "by_one_more",
    mean(by=lambda o, n: n[:, None] + 1),
    "each sum is divided by one step too many. What do you divide by?",
)
wrong.add("sum", mean(by=lambda o, n: 1), "nothing is divided. Sum or mean?")
wrong.add(
    "one_step_too_many",
    mean(over=lambda o, n: (o * real(o, n, 1)).sum(1)),
    "the first step of the padding counts as real. Which is the last real step of a sequence of n?",
)
wrong.add(
    "one_step_too_few",
    mean(over=lambda o, n: (o * real(o, n, -1)).sum(1)),
    "the last real step is left out of the sum. Which is the last real step of a sequence of n?",
)
wrong.add(
    "counts_one_step_too_many",
    mean(over=lambda o, n: (o * real(o, n, 1)).sum(1), by=lambda o, n: real(o, n, 1).sum(1)),
    "the first step of the padding counts as real, in the sum and in the count. Which is the last real step of a sequence of n?",
)
wrong.add(
    "over_the_features",
    mean(over=lambda o, n: (o * real(o, n)).sum(2), by=lambda o, n: o.shape[2]),
    "the mean runs over the features. Which axis is time?",
)
wrong.add(
    "over_the_batch",
    mean(over=lambda o, n: (o * real(o, n)).sum(0), by=lambda o, n: o.shape[0]),
    "the mean runs over the batch. Which axis is time?",
)
wrong.add(
    "keeps_the_axis",
    but(masked_mean, returns=lambda m: m[:, None]),
    "the time axis is kept. Look at the shape of your result.",
)
wrong.add(
    "rounded_down",
    lambda output, lengths: (output * real(output, lengths)).sum(1) // lengths[:, None],
    "the division rounds down. Look at the sign with which you divide.",
)
wrong.add(
    "detached",
    but(masked_mean, returns=lambda m: m.detach()),
    "the values are right and no gradient comes back. Call backward() on the sum of your result: what is output.grad?",
)


EXERCISE = Exercise(
    reference=masked_mean,
    inputs=inputs,
    points=7,
    axes={"B": 4, "T": 6, "F": 3},
    shapes={"output": "B T F", "lengths": "B", "return": "B F"},
    cases=(
        Case(name="padding behind every sequence", inputs=with_lengths(2, 5, 4, padding=50.0)),
        Case(
            name="no padding at all",
            inputs=with_lengths(7, 7),
            value=False,
            why="Where every length is T the plain mean is due.",
        ),
        Case(
            name="lengths 1",
            inputs=with_lengths(1, 1, 1),
            value=False,
            why="The mean of one step is that step.",
        ),
    ),
    mistakes=wrong,
    stand_in=_stand_ins.mean_of_real,
    also_right=(row_by_row, by_product, nan_mean, where_and_count, by_running_sums),
    look="Take one sequence of two steps in a row of three, and do the sum by hand.",
)
