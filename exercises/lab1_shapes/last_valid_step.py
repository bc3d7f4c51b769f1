"""The output at the last real step of each padded sequence."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab1_shapes._draws import uneven_lengths
from exercises.lab1_shapes._looks import DETACHED, INDENTED, LISTS, SQUEEZED
from solutions.lab1_shapes import last_valid_step


def inputs(rng: np.random.Generator, B: int, T: int, H: int) -> Mapping[str, Any]:
    return {"output": rng.standard_normal((B, T, H)), "lengths": uneven_lengths(rng, B, T)}


def fixed(rng: np.random.Generator, lengths: tuple[int, ...], T: int) -> Mapping[str, Any]:
    drawn = rng.standard_normal((len(lengths), T, 4))
    return {"output": drawn, "lengths": np.array(lengths, dtype=np.int64)}


def step(formula: str) -> Callable[..., Any]:
    """last_valid_step with another step for each sequence."""
    return edited(last_valid_step, {"lengths - 1": formula})


def real(output: Tensor, lengths: Tensor) -> Tensor:
    """Which steps are no padding, (B, T, 1)."""
    steps = torch.arange(output.shape[1], device=output.device)
    return (steps < lengths[:, None]).unsqueeze(-1)


def order(lengths: Tensor) -> Tensor:
    """The rows from the longest to the shortest."""
    return lengths.argsort(descending=True, stable=True)


def one_for_all(choose: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    """The same step of every sequence: the last one of a length chosen from all."""
    return lambda output, lengths: output[:, choose(lengths) - 1]


def through_lists(output, lengths):
    rows = [sequence[n - 1].tolist() for sequence, n in zip(output, lengths.tolist(), strict=True)]
    return torch.tensor(rows)


def default_buffer(output, lengths):
    result = torch.zeros(output.shape[0], output.shape[2])
    for b, n in enumerate(lengths.tolist()):
        result[b] = output[b, n - 1]
    return result


wrong = Mistakes()

wrong.add(
    "end_of_block",
    lambda output, lengths: output[:, -1],
    "the last step of the block is read, padding or not. At which step does a sequence shorter than the block end?",
)
wrong.add(
    "first_step",
    lambda output, lengths: output[:, 0],
    "the first step is read. Which step does the exercise ask for?",
)
wrong.family(
    "Steps are counted from 0: which number does the last of n steps have?",
    (
        "step_of_length",
        step("lengths"),
        "the step after the last real one is read, which a full sequence does not have",
    ),
    (
        "step_of_length_clamped",
        step("lengths.clamp(max=output.shape[1] - 1)"),
        "the step after the last real one is read, held to the end of the block",
    ),
    (
        "one_too_early",
        step("(lengths - 2).clamp(min=0)"),
        "the step before the last real one is read",
    ),
    (
        "wraps_round",
        step("lengths - 2"),
        "the step before the last real one is read, and −1 wraps round to the end",
    ),
)
wrong.add(
    "from_the_end",
    step("-lengths"),
    "the lengths are counted from the end of the block. At which end does the padding stand?",
)
PAIR = (
    "Each sequence has its own last step: pair the number of the row with the number of the step."
)
wrong.add(
    "every_pair",
    lambda output, lengths: output[:, lengths - 1],
    "every sequence is read at the last steps of all sequences. " + PAIR,
)
for name, choose, whose in (
    ("longest_for_all", torch.max, "the longest"),
    ("shortest_for_all", torch.min, "the shortest"),
    ("first_length_for_all", lambda lengths: lengths[0], "the first one"),
    ("last_length_for_all", lambda lengths: lengths[-1], "the last one"),
):
    said = f"every sequence is read at the last step of {whose}. {PAIR}"
    wrong.add(name, one_for_all(choose), said)
wrong.family(
    "Row b of the result belongs to sequence b: no sorting is needed.",
    (
        "longest_first",
        lambda output, lengths: last_valid_step(output, lengths)[order(lengths)],
        "the rows come out sorted by length",
    ),
    (
        "unsorted_by_order",
        lambda output, lengths: last_valid_step(output, lengths)[order(lengths)][order(lengths)],
        "the rows are sorted and put back with the order itself in place of its inverse",
    ),
    (
        "lengths_sorted",
        but(last_valid_step, lengths=lambda lengths: lengths.sort(descending=True).values),
        "the lengths are sorted but the sequences are not",
    ),
)
wrong.family(
    "One step is asked for, not a summary of all.",
    (
        "mean_of_valid",
        lambda output, lengths: (output * real(output, lengths)).sum(1) / lengths[:, None],
        "the mean over the real steps is taken",
    ),
    (
        "sum_of_valid",
        lambda output, lengths: (output * real(output, lengths)).sum(1),
        "the real steps are added up",
    ),
    (
        "largest_of_valid",
        lambda output, lengths: output.masked_fill(~real(output, lengths), -torch.inf).amax(1),
        "the largest value of the real steps is taken",
    ),
)
wrong.add(
    "returns_in_the_loop",
    lambda output, lengths: output[0, lengths[0] - 1],
    "the function returns at the first sequence. " + INDENTED,
)
wrong.add(
    "time_axis_kept",
    but(last_valid_step, returns=lambda result: result.unsqueeze(1)),
    "an axis of size 1 for time is left over. How many axes should the result have?",
)
wrong.add(
    "first_unit_only",
    lambda output, lengths: output.gather(1, (lengths - 1)[:, None, None]).squeeze(1),
    "only the first unit of each sequence is gathered. gather gives as many numbers as its index has: look at the index's shape.",
)
wrong.add("squeezed", but(last_valid_step, returns=torch.squeeze), SQUEEZED)


@wrong
def lengths_lowered(output, lengths):
    """one is subtracted from the caller's own lengths.
    Look for -= on something that was handed in."""
    lengths -= 1
    return output[torch.arange(len(output), device=output.device), lengths]


@wrong
def padding_cleared(output, lengths):
    """the padding of the caller's output is overwritten.
    Look for what you write into something that was handed in."""
    right = last_valid_step(output, lengths).clone()
    output *= real(output, lengths)
    return right


@wrong
def mask_on_the_cpu(output, lengths):
    """a mask is made on the CPU, wherever output lives.
    A new tensor should take its device from output."""
    steps = torch.arange(output.shape[1])
    mask = steps == (lengths - 1)[:, None]
    return (output * mask.unsqueeze(-1)).sum(1)


wrong.add(
    "through_lists",
    through_lists,
    "the numbers pass through Python lists, which lose dtype and gradient. " + LISTS,
)
wrong.add(
    "default_buffer",
    default_buffer,
    "the result is written into a tensor of PyTorch's default dtype and device. A new tensor should take dtype and device from output.",
)
wrong.add(
    "buffer_on_the_cpu",
    edited(default_buffer, {"output.shape[2]": "output.shape[2], dtype=output.dtype"}),
    "the result is written into a tensor on PyTorch's default device. A new tensor should take its device from output.",
)
wrong.add(
    "detached",
    but(last_valid_step, output=torch.detach),
    "the result is cut from the graph, so that no gradient gets back to output. " + DETACHED,
)


EXERCISE = Exercise(
    reference=last_valid_step,
    inputs=inputs,
    points=14,
    axes={"B": 5, "T": 7, "H": 4},
    shapes={"output": "B T H", "lengths": "B", "return": "B H"},
    cases=(
        Case(name="every length full", inputs=partial(fixed, lengths=(6, 6, 6), T=6)),
        Case(name="every length one", inputs=partial(fixed, lengths=(1, 1, 1, 1), T=6)),
        Case(name="no length full, two equal", inputs=partial(fixed, lengths=(3, 5, 2, 3), T=8)),
        Case(name="as many sequences as steps", inputs=partial(fixed, lengths=(3, 4, 1, 2), T=4)),
    ),
    mistakes=wrong,
    look="For lengths 3 and 5, write down the two pairs (row, step) that you need.",
    when_right=(
        "Gathering along the time axis does it too, and so does a mask with a single 1 in each "
        "row, followed by a sum over time. The trap is to index the time axis alone: then every "
        "sequence is read at the last steps of all of them, and the result has an axis too many. "
        "Next question: what would your function do with a length of 0, and would anybody notice?"
    ),
)
