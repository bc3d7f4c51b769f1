"""The two directions of a bidirectional output."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from solutions.lab1_shapes import split_directions


def inputs(rng: np.random.Generator, B: int, T: int, H: int) -> Mapping[str, Any]:
    return {"output": rng.standard_normal((B, T, 2 * H))}


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, B=3, T=5, H=4)


def one_unit(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, B=3, T=5, H=1)


def odd(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"output": rng.standard_normal((2, 4, 7))}


wrong = Mistakes()


@wrong
def swapped(output: Tensor) -> tuple[Tensor, Tensor]:
    """backward comes before forward.
    Which direction does PyTorch put first?"""
    forward, backward = split_directions(output)
    return backward, forward


def _checked(output: Tensor) -> int:
    if output.shape[-1] % 2:
        raise ValueError(f"output has an odd last axis: {output.shape[-1]}")
    return output.shape[-1] // 2


def every_other(output: Tensor) -> tuple[Tensor, Tensor]:
    _checked(output)
    return output[..., 0::2], output[..., 1::2]


@wrong
def halves_of_time(output: Tensor) -> tuple[Tensor, ...]:
    """the steps are cut in two halves.
    Which axis holds the two directions?"""
    _checked(output)
    return output.tensor_split(2, dim=1)


@wrong
def halves_of_batch(output: Tensor) -> tuple[Tensor, ...]:
    """the batch is cut in two halves.
    Which axis holds the two directions?"""
    _checked(output)
    return output.tensor_split(2, dim=0)


@wrong
def turned_in_time(output: Tensor) -> tuple[Tensor, Tensor]:
    """the backward half is turned round in time.
    In which order of time does PyTorch give the backward states?"""
    forward, backward = split_directions(output)
    return forward, backward.flip(1)


@wrong
def turned_in_features(output: Tensor) -> tuple[Tensor, Tensor]:
    """the units of the backward half are turned round.
    The network reads backwards in time; its units have no direction."""
    forward, backward = split_directions(output)
    return forward, backward.flip(-1)


@wrong
def turned_in_batch(output: Tensor) -> tuple[Tensor, Tensor]:
    """the sequences of the backward half are turned round.
    Along which axis do you turn anything, and need you?"""
    forward, backward = split_directions(output)
    return forward, backward.flip(0)


@wrong
def shared_unit(output: Tensor) -> tuple[Tensor, Tensor]:
    """the forward half reaches one unit too far.
    Count the units in each of your halves."""
    half = _checked(output)
    return output[..., : half + 1], output[..., half:]


@wrong
def missing_unit(output: Tensor) -> tuple[Tensor, Tensor]:
    """the last unit of the backward half is missing.
    Count the units in each of your halves."""
    half = _checked(output)
    return output[..., :half], output[..., half:-1]


@wrong
def forward_twice(output: Tensor) -> tuple[Tensor, Tensor]:
    """the forward half is returned twice.
    Where does the second half begin?"""
    half = _checked(output)
    return output[..., :half], output[..., :half]


@wrong
def kept_axis(output: Tensor) -> tuple[Tensor, ...]:
    """an axis of size 1 for the direction is left over.
    How many axes should each of the two results have?"""
    half = _checked(output)
    return output.reshape(*output.shape[:2], 2, half).chunk(2, dim=2)


@wrong
def one_tensor(output: Tensor) -> Tensor:
    """both halves come stacked in one tensor.
    What does the docstring say is returned?"""
    return torch.stack(split_directions(output))


@wrong
def last_step_only(output: Tensor) -> tuple[Tensor, Tensor]:
    """only the final state of each direction is returned.
    The states of every step are asked for."""
    forward, backward = split_directions(output)
    return forward[:, -1], backward[:, 0]


def unchecked(output: Tensor) -> tuple[Tensor, Tensor]:
    half = output.shape[-1] // 2
    return output[..., :half], output[..., half:]


def by_chunk_unchecked(output: Tensor) -> tuple[Tensor, ...]:
    return output.chunk(2, dim=-1)


def odd_one_dropped(output: Tensor) -> tuple[Tensor, Tensor]:
    half = output.shape[-1] // 2
    return output[..., :half], output[..., half : 2 * half]


@wrong
def by_shape_only(output: Tensor) -> tuple[Tensor, ...]:
    """an odd last axis ends in an error of PyTorch about shapes.
    Which exception does the docstring ask for?"""
    return output.reshape(*output.shape[:2], 2, output.shape[-1] // 2).unbind(2)


@wrong
def assertion(output: Tensor) -> tuple[Tensor, Tensor]:
    """an odd last axis is caught with assert.
    Which exception does the docstring ask for? assert may be switched off."""
    assert output.shape[-1] % 2 == 0, "output must have an even last axis"
    return unchecked(output)


@wrong
def silent_error(output: Tensor) -> tuple[Tensor, Tensor]:
    """the ValueError does not say which argument was wrong.
    What should the message of the ValueError name?"""
    if output.shape[-1] % 2:
        raise ValueError("odd")
    return unchecked(output)


@wrong
def refuses_even(output: Tensor) -> tuple[Tensor, Tensor]:
    """even axes are refused and odd ones are not.
    Look at the direction of your test."""
    if output.shape[-1] % 2 == 0:
        raise ValueError("output: the last axis must be even")
    return unchecked(output)


@wrong
def squeezed(output: Tensor) -> tuple[Tensor, Tensor]:
    """axes of size 1 are lost.
    What does squeeze() do to a batch of one?"""
    forward, backward = split_directions(output)
    return forward.squeeze(), backward.squeeze()


@wrong
def detached(output: Tensor) -> tuple[Tensor, Tensor]:
    """the halves are cut from the graph, so that no gradient gets back.
    Look for .detach(), .data, .numpy(), .tolist() or torch.no_grad()."""
    return split_directions(output.detach())


@wrong
def backward_detached(output: Tensor) -> tuple[Tensor, Tensor]:
    """the backward half is cut from the graph.
    Look for .detach(), .data, .numpy(), .tolist() or torch.no_grad()."""
    forward, backward = split_directions(output)
    return forward, backward.detach()


def by_chunk(output: Tensor) -> Any:
    if output.size(2) % 2 == 1:
        raise ValueError("The last axis of output is odd")
    return output.chunk(2, dim=2)


def by_view(output: Tensor) -> Any:
    B, T, features = output.shape
    if features & 1:
        raise ValueError(f"expected output of shape (B, T, 2H), got {tuple(output.shape)}")
    both = output.view(B, T, 2, features // 2)
    return [both[:, :, 0], both[:, :, 1]]


def by_split_of_copies(output: Tensor) -> Any:
    hidden, rest = divmod(output.shape[-1], 2)
    if rest != 0:
        raise ValueError("output cannot be split in two")
    forward, backward = torch.split(output, hidden, dim=-1)
    return forward.clone(), backward.contiguous()


def by_index(output: Tensor) -> Any:
    features = output.shape[-1]
    if features // 2 * 2 != features:
        raise ValueError("Output: an even number of features is needed")
    places = torch.arange(features, device=output.device)
    middle = features // 2
    return output.index_select(-1, places[:middle]), output.index_select(-1, places[middle:])


HALVES = "How are the numbers of the two directions laid out along the last axis?"
CHECK = "What should happen where the last axis is odd?"

wrong.add("every_other", every_other, "every other number goes to the other direction. " + HALVES)
wrong.add("unchecked", unchecked, "an odd last axis is cut into unequal parts. " + CHECK)
wrong.add(
    "by_chunk_unchecked",
    by_chunk_unchecked,
    "an odd last axis is left to chunk, which cuts unequal parts. " + CHECK,
)
wrong.add(
    "odd_one_dropped", odd_one_dropped, "the last number of an odd axis is dropped. " + CHECK
)
wrong.add(
    "single_precision",
    but(split_directions, returns=lambda both: (both[0].float(), both[1].float())),
    "the halves are float32 whatever came in. Look at where your code names a dtype.",
)


EXERCISE = Exercise(
    reference=split_directions,
    inputs=inputs,
    points=12,
    axes={"B": 3, "T": 5, "H": 4},
    shapes={"output": "B T features", "return": "B T H"},
    parts=("forward", "backward"),
    cases=(
        Case(name="one unit in each direction", inputs=one_unit),
        Case(
            name="an odd last axis",
            inputs=odd,
            value=False,
            raises=ValueError,
            mentions="output",
            why="An odd last axis has no two halves: a ValueError that names the argument.",
        ),
    ),
    mistakes=wrong,
    also_right=(by_chunk, by_view, by_split_of_copies, by_index),
    look="Draw one step of output with H = 2 and mark which numbers are forward.",
)
