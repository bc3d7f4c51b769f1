"""From time first to batch first."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes
from solutions.lab1_shapes import to_batch_first


def inputs(rng: np.random.Generator, T: int, B: int, I: int) -> Mapping[str, Any]:
    return {"x": rng.standard_normal((T, B, I))}


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, T=5, B=3, I=4)


def more_sequences_than_steps(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, T=2, B=7, I=3)


def as_many_sequences_as_steps(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, T=4, B=4, I=3)


def as_many_features(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, T=5, B=3, I=5)


def unchanged(x: Tensor) -> Tensor:
    return x


def only_the_shape(x: Tensor) -> Tensor:
    return x.reshape(x.shape[1], x.shape[0], x.shape[2])


def view_of_memory(x: Tensor) -> Tensor:
    return x.view(x.shape[1], x.shape[0], x.shape[2])


def all_turned(x: Tensor) -> Tensor:
    return x.permute(2, 1, 0)


def last_two(x: Tensor) -> Tensor:
    return x.transpose(1, 2)


def features_second(x: Tensor) -> Tensor:
    return x.permute(1, 2, 0)


def features_first(x: Tensor) -> Tensor:
    return x.permute(2, 0, 1)


wrong = Mistakes()


@wrong
def time_backwards(x: Tensor) -> Tensor:
    """every sequence runs backwards in time.
    Where does step 0 of a sequence belong in the result?"""
    return x.transpose(0, 1).flip(1)


@wrong
def batch_backwards(x: Tensor) -> Tensor:
    """the sequences come in reverse order.
    Where does sequence 0 belong in the result?"""
    return x.transpose(0, 1).flip(0)


@wrong
def guessed_from_sizes(x: Tensor) -> Tensor:
    """the axes are turned only where there are more steps than sequences.
    The function is told that x is time first; there is nothing to guess."""
    return x.transpose(0, 1) if x.shape[0] > x.shape[1] else x


def side_by_side(x: Tensor) -> Tensor:
    return torch.cat(list(x), dim=-1)


@wrong
def in_place(x: Tensor) -> Tensor:
    """the caller's x is turned itself.
    Look for a method whose name ends in an underscore."""
    return x.transpose_(0, 1)


@wrong
def squeezed(x: Tensor) -> Tensor:
    """axes of size 1 are lost.
    What does squeeze() do to a batch of one?"""
    return x.transpose(0, 1).squeeze()


@wrong
def through_a_list(x: Tensor) -> Tensor:
    """the numbers pass through a Python list, which loses dtype and gradient.
    Stay with tensors from beginning to end."""
    return torch.tensor(x.transpose(0, 1).tolist())


@wrong
def detached(x: Tensor) -> Tensor:
    """the result is cut from the graph, so that no gradient gets back to x.
    Look for .detach(), .data, .numpy(), .tolist() or torch.no_grad()."""
    return x.detach().transpose(0, 1)


@wrong
def single_precision(x: Tensor) -> Tensor:
    """the result is float32 whatever came in.
    Look at where your code names a dtype."""
    return x.transpose(0, 1).float()


@wrong
def double_precision(x: Tensor) -> Tensor:
    """the result is float64 whatever came in.
    Look at where your code names a dtype."""
    return x.transpose(0, 1).double()


@wrong
def buffer_on_the_cpu(x: Tensor) -> Tensor:
    """the result is written into a tensor on PyTorch's default device.
    A new tensor should take its device from x."""
    T, B, I = x.shape
    result = torch.zeros(B, T, I, dtype=x.dtype)
    for t in range(T):
        result[:, t] = x[t]
    return result


def permuted_copy(x: Tensor) -> Tensor:
    return x.permute(1, 0, 2).contiguous()


def stacked_steps(x: Tensor) -> Tensor:
    return torch.stack(list(x), dim=1)


def stacked_sequences(x: Tensor) -> Tensor:
    return torch.stack([x[:, b] for b in range(x.size(1))])


def by_einsum(x: Tensor) -> Tensor:
    return torch.einsum("tbi->bti", x)


def moved(x: Tensor) -> Tensor:
    return x.movedim(1, 0).clone()


def filled(x: Tensor) -> Tensor:
    T, B, I = x.shape
    result = x.new_zeros(B, T, I)
    for t in range(T):
        result[:, t, :] = x[t]
    return result


ORDER = "The numbers must change their order too: sequence b must fill row b, step after step."
AXES = "Write the letters of the axes down before and after: T B I, and B T I."

wrong.add("unchanged", unchanged, "x comes back as it was. " + AXES)
wrong.add(
    "only_the_shape",
    only_the_shape,
    "the numbers keep their order in memory and are only cut into other rows. " + ORDER,
)
wrong.add(
    "view_of_memory",
    view_of_memory,
    "the numbers keep their order in memory and are only viewed in another shape. " + ORDER,
)
wrong.add("all_turned", all_turned, "all three axes are reversed. " + AXES)
wrong.add("last_two", last_two, "the last two axes change places. " + AXES)
wrong.add("features_second", features_second, "the axes come out as B, I, T. " + AXES)
wrong.add("features_first", features_first, "the axes come out as I, T, B. " + AXES)
wrong.add("side_by_side", side_by_side, "the steps stand side by side in the last axis. " + AXES)


EXERCISE = Exercise(
    reference=to_batch_first,
    inputs=inputs,
    points=8,
    axes={"T": 5, "B": 3, "I": 4},
    shapes={"x": "T B I", "return": "B T I"},
    cases=(
        Case(name="more sequences than steps", inputs=more_sequences_than_steps),
        Case(name="as many sequences as steps", inputs=as_many_sequences_as_steps),
        Case(name="as many features as steps", inputs=as_many_features),
    ),
    mistakes=wrong,
    also_right=(permuted_copy, stacked_steps, stacked_sequences, by_einsum, moved, filled),
    look="Which two axes change places, and which stays where it is?",
)
