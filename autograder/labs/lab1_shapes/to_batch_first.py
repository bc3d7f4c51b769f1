"""From time first to batch first."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistake
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


def time_backwards(x: Tensor) -> Tensor:
    return x.transpose(0, 1).flip(1)


def batch_backwards(x: Tensor) -> Tensor:
    return x.transpose(0, 1).flip(0)


def guessed_from_sizes(x: Tensor) -> Tensor:
    return x.transpose(0, 1) if x.shape[0] > x.shape[1] else x


def side_by_side(x: Tensor) -> Tensor:
    return torch.cat(list(x), dim=-1)


def in_place(x: Tensor) -> Tensor:
    return x.transpose_(0, 1)


def squeezed(x: Tensor) -> Tensor:
    return x.transpose(0, 1).squeeze()


def through_a_list(x: Tensor) -> Tensor:
    return torch.tensor(x.transpose(0, 1).tolist())


def detached(x: Tensor) -> Tensor:
    return x.detach().transpose(0, 1)


def single_precision(x: Tensor) -> Tensor:
    return x.transpose(0, 1).float()


def double_precision(x: Tensor) -> Tensor:
    return x.transpose(0, 1).double()


def buffer_on_the_cpu(x: Tensor) -> Tensor:
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
    mistakes=(
        Mistake("unchanged", unchanged, when="x comes back as it was", look=AXES),
        Mistake("only_the_shape", only_the_shape,
                when="the numbers keep their order in memory and are only cut into other rows",
                look=ORDER),
        Mistake("view_of_memory", view_of_memory,
                when="the numbers keep their order in memory and are only viewed in another shape",
                look=ORDER),
        Mistake("all_turned", all_turned, when="all three axes are reversed", look=AXES),
        Mistake("last_two", last_two, when="the last two axes change places", look=AXES),
        Mistake("features_second", features_second, when="the axes come out as B, I, T", look=AXES),
        Mistake("features_first", features_first, when="the axes come out as I, T, B", look=AXES),
        Mistake("time_backwards", time_backwards,
                when="every sequence runs backwards in time",
                look="Where does step 0 of a sequence belong in the result?"),
        Mistake("batch_backwards", batch_backwards,
                when="the sequences come in reverse order",
                look="Where does sequence 0 belong in the result?"),
        Mistake("guessed_from_sizes", guessed_from_sizes,
                when="the axes are turned only where there are more steps than sequences",
                look="The function is told that x is time first; there is nothing to guess."),
        Mistake("side_by_side", side_by_side,
                when="the steps stand side by side in the last axis", look=AXES),
        Mistake("in_place", in_place,
                when="the caller's x is turned itself",
                look="Look for a method whose name ends in an underscore."),
        Mistake("squeezed", squeezed,
                when="axes of size 1 are lost",
                look="What does squeeze() do to a batch of one?"),
        Mistake("through_a_list", through_a_list,
                when="the numbers pass through a Python list, which loses dtype and gradient",
                look="Stay with tensors from beginning to end."),
        Mistake("detached", detached,
                when="the result is cut from the graph, so that no gradient gets back to x",
                look="Look for .detach(), .data, .numpy(), .tolist() or torch.no_grad()."),
        Mistake("buffer_on_the_cpu", buffer_on_the_cpu,
                when="the result is written into a tensor on PyTorch's default device",
                look="A new tensor should take its device from x."),
        Mistake("single_precision", single_precision,
                when="the result is float32 whatever came in",
                look="Look at where your code names a dtype."),
        Mistake("double_precision", double_precision,
                when="the result is float64 whatever came in",
                look="Look at where your code names a dtype."),
    ),
    also_right=(permuted_copy, stacked_steps, stacked_sequences, by_einsum, moved, filled),
    look="Which two axes change places, and which stays where it is?",
)  # fmt: skip
