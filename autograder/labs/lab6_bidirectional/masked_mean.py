"""The mean over the real steps of each sequence."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.labs.lab6_bidirectional import _stand_ins
from autograder.labs.lab6_bidirectional._draws import draw_lengths
from autograder.spec import Case, Exercise, Mistake, but
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


def of_the_others(output: Tensor, lengths: Tensor) -> Tensor:
    return (output * ~real(output, lengths)).sum(1) / lengths[:, None]


def largest(output: Tensor, lengths: Tensor) -> Tensor:
    return output.masked_fill(~real(output, lengths), -torch.inf).amax(1)


def last_step(output: Tensor, lengths: Tensor) -> Tensor:
    return output[torch.arange(len(output), device=output.device), lengths - 1]


def steps_on_the_cpu(output: Tensor, lengths: Tensor) -> Tensor:
    mask = torch.arange(output.shape[1]) < lengths[:, None]
    return (output * mask[:, :, None]).sum(1) / lengths[:, None]


def in_float32(output: Tensor, lengths: Tensor) -> Tensor:
    return masked_mean(output, lengths).float()


def in_float64(output: Tensor, lengths: Tensor) -> Tensor:
    return (output * real(output, lengths).double()).sum(1) / lengths[:, None]


def zeroes_the_padding(output: Tensor, lengths: Tensor) -> Tensor:
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


EXERCISE = Exercise(
    reference=masked_mean,
    inputs=inputs,
    points=7,
    axes={"B": 4, "T": 6, "F": 3},
    shapes={"output": "B T F", "lengths": "B", "return": "B F"},
    cases=(
        Case(name="padding behind every sequence", inputs=with_lengths(2, 5, 4, padding=50.0)),
        Case(name="no padding at all", inputs=with_lengths(7, 7), value=False,
             why="Where every length is T the plain mean is due."),
        Case(name="lengths 1", inputs=with_lengths(1, 1, 1), value=False,
             why="The mean of one step is that step."),
    ),
    mistakes=(
        Mistake("plain_mean", mean(over=all_steps, by=lambda o, n: o.shape[1]),
                when="the padding counts like any other step",
                look="Which steps does your sum run over?"),
        Mistake("all_by_lengths", mean(over=all_steps),
                when="the sum runs over the padding as well",
                look="Which steps does your sum run over?"),
        Mistake("by_width", mean(by=lambda o, n: o.shape[1]),
                when="the sum over the real steps is divided by the width of the batch",
                look="What do you divide by?"),
        Mistake("by_all_lengths", mean(by=lambda o, n: n.sum()),
                when="each sum is divided by the real steps of the whole batch",
                look="What do you divide by?"),
        Mistake("by_longest", mean(by=lambda o, n: n.max()),
                when="each sum is divided by the largest length",
                look="What do you divide by?"),
        Mistake("by_batch", mean(by=lambda o, n: o.shape[0]),
                when="each sum is divided by the size of the batch",
                look="What do you divide by?"),
        Mistake("by_one_less", mean(by=lambda o, n: (n - 1).clamp(min=1)[:, None]),
                when="each sum is divided by one step too few",
                look="What do you divide by?"),
        Mistake("by_one_more", mean(by=lambda o, n: n[:, None] + 1),
                when="each sum is divided by one step too many",
                look="What do you divide by?"),
        Mistake("sum", mean(by=lambda o, n: 1),
                when="nothing is divided",
                look="Sum or mean?"),
        Mistake("one_step_too_many", mean(over=lambda o, n: (o * real(o, n, 1)).sum(1)),
                when="the first step of the padding counts as real",
                look="Which is the last real step of a sequence of n?"),
        Mistake("one_step_too_few", mean(over=lambda o, n: (o * real(o, n, -1)).sum(1)),
                when="the last real step is left out of the sum",
                look="Which is the last real step of a sequence of n?"),
        Mistake("counts_one_step_too_many", mean(
                    over=lambda o, n: (o * real(o, n, 1)).sum(1),
                    by=lambda o, n: real(o, n, 1).sum(1)),
                when="the first step of the padding counts as real, in the sum and in the count",
                look="Which is the last real step of a sequence of n?"),
        Mistake("of_the_others", of_the_others,
                when="the mask is inverted",
                look="What does True stand for in your mask?"),
        Mistake("over_the_features", mean(
                    over=lambda o, n: (o * real(o, n)).sum(2), by=lambda o, n: o.shape[2]),
                when="the mean runs over the features",
                look="Which axis is time?"),
        Mistake("over_the_batch", mean(
                    over=lambda o, n: (o * real(o, n)).sum(0), by=lambda o, n: o.shape[0]),
                when="the mean runs over the batch",
                look="Which axis is time?"),
        Mistake("keeps_the_axis", but(masked_mean, returns=lambda m: m[:, None]),
                when="the time axis is kept",
                look="Look at the shape of your result."),
        Mistake("rounded_down", lambda output, lengths: (
                    (output * real(output, lengths)).sum(1) // lengths[:, None]),
                when="the division rounds down",
                look="Look at the sign with which you divide."),
        Mistake("largest", largest,
                when="the largest value is taken in place of the mean",
                look="Which summary is asked for?"),
        Mistake("last_step", last_step,
                when="the last real step is taken in place of the mean",
                look="Which summary is asked for?"),
        Mistake("detached", but(masked_mean, returns=lambda m: m.detach()),
                when="the values are right and no gradient comes back",
                look="Call backward() on the sum of your result: what is output.grad?"),
        Mistake("in_float32", in_float32,
                when="the result is float32 whatever the input is",
                look="Look at the dtype of your result."),
        Mistake("in_float64", in_float64,
                when="the result is float64 whatever the input is",
                look="Call with float32: what is the dtype of your result, and where does it change?"),
        Mistake("steps_on_the_cpu", steps_on_the_cpu,
                when="the mask lives on the CPU wherever the input is",
                look="Look at the device of the tensors that you make."),
        Mistake("zeroes_the_padding", zeroes_the_padding,
                when="the caller's output is changed",
                look="Compare output before and after the call."),
    ),
    stand_in=_stand_ins.mean_of_real,
    also_right=(row_by_row, by_product, nan_mean, where_and_count, by_running_sums),
    look="Take one sequence of two steps in a row of three, and do the sum by hand.",
)  # fmt: skip
