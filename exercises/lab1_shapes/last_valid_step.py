"""The output at the last real step of each padded sequence."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes
from exercises.lab1_shapes._draws import uneven_lengths
from solutions.lab1_shapes import last_valid_step


def inputs(rng: np.random.Generator, B: int, T: int, H: int) -> Mapping[str, Any]:
    return {"output": rng.standard_normal((B, T, H)), "lengths": uneven_lengths(rng, B, T)}


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, B=5, T=7, H=4)


def _with_lengths(
    rng: np.random.Generator, *lengths: int, T: int, H: int = 4
) -> Mapping[str, Any]:
    drawn = rng.standard_normal((len(lengths), T, H))
    return {"output": drawn, "lengths": np.array(lengths, dtype=np.int64)}


def all_full(rng: np.random.Generator) -> Mapping[str, Any]:
    return _with_lengths(rng, 6, 6, 6, T=6)


def all_one(rng: np.random.Generator) -> Mapping[str, Any]:
    return _with_lengths(rng, 1, 1, 1, 1, T=6)


def none_full(rng: np.random.Generator) -> Mapping[str, Any]:
    return _with_lengths(rng, 3, 5, 2, 3, T=8)


def as_many_sequences_as_steps(rng: np.random.Generator) -> Mapping[str, Any]:
    return _with_lengths(rng, 3, 4, 1, 2, T=4)


wrong = Mistakes()


@wrong
def end_of_block(output: Tensor, lengths: Tensor) -> Tensor:
    """the last step of the block is read, padding or not.
    At which step does a sequence shorter than the block end?"""
    return output[:, -1]


@wrong
def first_step(output: Tensor, lengths: Tensor) -> Tensor:
    """the first step is read.
    Which step does the exercise ask for?"""
    return output[:, 0]


@wrong
def step_of_length(output: Tensor, lengths: Tensor) -> Tensor:
    """the step after the last real one is read, which a full sequence does not have.
    Steps are counted from 0: which number does the last of n steps have?"""
    return output[torch.arange(len(output), device=output.device), lengths]


@wrong
def step_of_length_clamped(output: Tensor, lengths: Tensor) -> Tensor:
    """the step after the last real one is read, held to the end of the block.
    Steps are counted from 0: which number does the last of n steps have?"""
    rows = torch.arange(len(output), device=output.device)
    return output[rows, lengths.clamp(max=output.shape[1] - 1)]


@wrong
def one_too_early(output: Tensor, lengths: Tensor) -> Tensor:
    """the step before the last real one is read.
    Steps are counted from 0: which number does the last of n steps have?"""
    rows = torch.arange(len(output), device=output.device)
    return output[rows, (lengths - 2).clamp(min=0)]


@wrong
def wraps_round(output: Tensor, lengths: Tensor) -> Tensor:
    """the step before the last real one is read, and −1 wraps round to the end.
    Steps are counted from 0: which number does the last of n steps have?"""
    return output[torch.arange(len(output), device=output.device), lengths - 2]


@wrong
def from_the_end(output: Tensor, lengths: Tensor) -> Tensor:
    """the lengths are counted from the end of the block.
    At which end does the padding stand?"""
    return output[torch.arange(len(output), device=output.device), -lengths]


def every_pair(output: Tensor, lengths: Tensor) -> Tensor:
    return output[:, lengths - 1]


def longest_for_all(output: Tensor, lengths: Tensor) -> Tensor:
    return output[:, lengths.max() - 1]


def first_length_for_all(output: Tensor, lengths: Tensor) -> Tensor:
    return output[:, lengths[0] - 1]


def last_length_for_all(output: Tensor, lengths: Tensor) -> Tensor:
    return output[:, lengths[-1] - 1]


def shortest_for_all(output: Tensor, lengths: Tensor) -> Tensor:
    return output[:, lengths.min() - 1]


def longest_first(output: Tensor, lengths: Tensor) -> Tensor:
    return last_valid_step(output, lengths)[lengths.argsort(descending=True, stable=True)]


def unsorted_by_order(output: Tensor, lengths: Tensor) -> Tensor:
    order = lengths.argsort(descending=True, stable=True)
    return last_valid_step(output, lengths)[order][order]


def lengths_sorted(output: Tensor, lengths: Tensor) -> Tensor:
    return last_valid_step(output, lengths.sort(descending=True).values)


@wrong
def mean_of_valid(output: Tensor, lengths: Tensor) -> Tensor:
    """the mean over the real steps is taken.
    One step is asked for, not a summary of all."""
    steps = torch.arange(output.shape[1], device=output.device)
    mask = (steps < lengths[:, None]).unsqueeze(-1)
    return (output * mask).sum(1) / lengths[:, None]


@wrong
def sum_of_valid(output: Tensor, lengths: Tensor) -> Tensor:
    """the real steps are added up.
    One step is asked for, not a summary of all."""
    steps = torch.arange(output.shape[1], device=output.device)
    return (output * (steps < lengths[:, None]).unsqueeze(-1)).sum(1)


@wrong
def largest_of_valid(output: Tensor, lengths: Tensor) -> Tensor:
    """the largest value of the real steps is taken.
    One step is asked for, not a summary of all."""
    steps = torch.arange(output.shape[1], device=output.device)
    padding = (steps >= lengths[:, None]).unsqueeze(-1)
    return output.masked_fill(padding, -torch.inf).amax(1)


@wrong
def time_axis_kept(output: Tensor, lengths: Tensor) -> Tensor:
    """an axis of size 1 for time is left over.
    How many axes should the result have?"""
    return last_valid_step(output, lengths).unsqueeze(1)


@wrong
def first_unit_only(output: Tensor, lengths: Tensor) -> Tensor:
    """only the first unit of each sequence is gathered.
    gather gives as many numbers as its index has: look at the index's shape."""
    return output.gather(1, (lengths - 1)[:, None, None]).squeeze(1)


@wrong
def squeezed(output: Tensor, lengths: Tensor) -> Tensor:
    """axes of size 1 are lost.
    What does squeeze() do to a batch of one?"""
    return last_valid_step(output, lengths).squeeze()


@wrong
def lengths_lowered(output: Tensor, lengths: Tensor) -> Tensor:
    """one is subtracted from the caller's own lengths.
    Look for -= on something that was handed in."""
    lengths -= 1
    return output[torch.arange(len(output), device=output.device), lengths]


@wrong
def padding_cleared(output: Tensor, lengths: Tensor) -> Tensor:
    """the padding of the caller's output is overwritten.
    Look for what you write into something that was handed in."""
    steps = torch.arange(output.shape[1], device=output.device)
    right = last_valid_step(output, lengths).clone()
    output *= (steps < lengths[:, None]).unsqueeze(-1)
    return right


@wrong
def through_lists(output: Tensor, lengths: Tensor) -> Tensor:
    """the numbers pass through Python lists, which lose dtype and gradient.
    Stay with tensors from beginning to end."""
    rows = [sequence[n - 1].tolist() for sequence, n in zip(output, lengths.tolist(), strict=True)]
    return torch.tensor(rows)


@wrong
def rewrapped(output: Tensor, lengths: Tensor) -> Tensor:
    """the numbers are read out and wrapped in a new tensor without a gradient.
    Stay with tensors from beginning to end."""
    rows = [sequence[n - 1].tolist() for sequence, n in zip(output, lengths.tolist(), strict=True)]
    return torch.tensor(rows, dtype=output.dtype, device=output.device)


@wrong
def default_buffer(output: Tensor, lengths: Tensor) -> Tensor:
    """the result is written into a tensor of PyTorch's default dtype and device.
    A new tensor should take dtype and device from output."""
    result = torch.zeros(output.shape[0], output.shape[2])
    for b, n in enumerate(lengths.tolist()):
        result[b] = output[b, n - 1]
    return result


@wrong
def buffer_on_the_cpu(output: Tensor, lengths: Tensor) -> Tensor:
    """the result is written into a tensor on PyTorch's default device.
    A new tensor should take its device from output."""
    result = torch.zeros(output.shape[0], output.shape[2], dtype=output.dtype)
    for b, n in enumerate(lengths.tolist()):
        result[b] = output[b, n - 1]
    return result


@wrong
def mask_on_the_cpu(output: Tensor, lengths: Tensor) -> Tensor:
    """a mask is made on the CPU, wherever output lives.
    A new tensor should take its device from output."""
    steps = torch.arange(output.shape[1])
    mask = steps == (lengths - 1)[:, None]
    return (output * mask.unsqueeze(-1)).sum(1)


@wrong
def detached(output: Tensor, lengths: Tensor) -> Tensor:
    """the result is cut from the graph, so that no gradient gets back to output.
    Look for .detach(), .data, .numpy(), .tolist() or torch.no_grad()."""
    return last_valid_step(output.detach(), lengths)


def by_gather(output: Tensor, lengths: Tensor) -> Tensor:
    index = (lengths - 1).view(-1, 1, 1).expand(-1, 1, output.size(2))
    return output.gather(1, index).squeeze(1)


def by_take_along(output: Tensor, lengths: Tensor) -> Tensor:
    return torch.take_along_dim(output, lengths[:, None, None] - 1, dim=1)[:, 0]


def row_by_row(output: Tensor, lengths: Tensor) -> Tensor:
    return torch.stack([output[b, n - 1] for b, n in enumerate(lengths)])


def row_by_row_of_ints(output: Tensor, lengths: Tensor) -> Tensor:
    result = torch.empty(
        output.shape[0], output.shape[2], dtype=output.dtype, device=output.device
    )
    for b in range(len(output)):
        result[b, :] = output[b, int(lengths[b]) - 1, :]
    return result


def by_product(output: Tensor, lengths: Tensor) -> Tensor:
    steps = torch.arange(1, output.shape[1] + 1, device=lengths.device)
    mask = (steps[None, :] == lengths[:, None]).to(output.dtype)
    return torch.bmm(mask[:, None, :], output).squeeze(1)


def by_mask(output: Tensor, lengths: Tensor) -> Tensor:
    steps = torch.arange(output.shape[1], device=output.device)
    return output[steps == lengths.unsqueeze(1) - 1]


def index_on_the_cpu(output: Tensor, lengths: Tensor) -> Tensor:
    return output[torch.arange(output.shape[0]), lengths - 1]


def of_flat_rows(output: Tensor, lengths: Tensor) -> Tensor:
    B, T, H = output.shape
    starts = T * torch.arange(B, device=output.device)
    return output.reshape(B * T, H).index_select(0, starts + lengths - 1)


PAIR = (
    "Each sequence has its own last step: pair the number of the row with the number of the step."
)
ORDER = "Row b of the result belongs to sequence b: no sorting is needed."

wrong.add(
    "every_pair", every_pair, "every sequence is read at the last steps of all sequences. " + PAIR
)
wrong.add(
    "longest_for_all",
    longest_for_all,
    "every sequence is read at the last step of the longest. " + PAIR,
)
wrong.add(
    "shortest_for_all",
    shortest_for_all,
    "every sequence is read at the last step of the shortest. " + PAIR,
)
wrong.add(
    "first_length_for_all",
    first_length_for_all,
    "every sequence is read at the last step of the first one. " + PAIR,
)
wrong.add(
    "last_length_for_all",
    last_length_for_all,
    "every sequence is read at the last step of the last one. " + PAIR,
)
wrong.add("longest_first", longest_first, "the rows come out sorted by length. " + ORDER)
wrong.add(
    "unsorted_by_order",
    unsorted_by_order,
    "the rows are sorted and put back with the order itself in place of its inverse. " + ORDER,
)
wrong.add(
    "lengths_sorted", lengths_sorted, "the lengths are sorted but the sequences are not. " + ORDER
)


EXERCISE = Exercise(
    reference=last_valid_step,
    inputs=inputs,
    points=14,
    axes={"B": 5, "T": 7, "H": 4},
    shapes={"output": "B T H", "lengths": "B", "return": "B H"},
    cases=(
        Case(name="every length full", inputs=all_full),
        Case(name="every length one", inputs=all_one),
        Case(name="no length full, two equal", inputs=none_full),
        Case(name="as many sequences as steps", inputs=as_many_sequences_as_steps),
    ),
    mistakes=wrong,
    also_right=(
        by_gather,
        by_take_along,
        row_by_row,
        row_by_row_of_ints,
        by_product,
        by_mask,
        index_on_the_cpu,
        of_flat_rows,
    ),
    look="For lengths 3 and 5, write down the two pairs (row, step) that you need.",
)
