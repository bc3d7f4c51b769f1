"""The final state of the last layer, both directions side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes
from autograder.spec.scenarios import gradients
from solutions.lab1_shapes import top_layer_state


def inputs(
    rng: np.random.Generator, L: int, B: int, H: int, bidirectional: bool = True
) -> Mapping[str, Any]:
    rows = 2 * L if bidirectional else L
    return {
        "h_n": rng.standard_normal((rows, B, H)),
        "num_layers": L,
        "bidirectional": bidirectional,
    }


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, L=3, B=4, H=5)


def one_direction(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, L=3, B=4, H=5, bidirectional=False)


def one_layer(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, L=1, B=4, H=5)


def one_layer_one_direction(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, L=1, B=4, H=5, bidirectional=False)


def one_sequence_one_way(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, L=3, B=1, H=5, bidirectional=False)


def two_of_each(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, L=2, B=2, H=2)


def four_layers_one_way(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, L=4, B=3, H=2, bidirectional=False)


def _pair(h_n: Tensor, bidirectional: bool, forward: int, backward: int) -> Tensor:
    return torch.cat([h_n[forward], h_n[backward]], dim=-1) if bidirectional else h_n[-1]


wrong = Mistakes()


@wrong
def last_entry(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """only the last entry of h_n is used, so one direction is missing.
    Which direction does the last entry of h_n belong to, and where is the other?"""
    return h_n[-1]


@wrong
def forward_only(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """only the forward direction is used.
    How wide should the result be with two directions?"""
    return h_n[-2] if bidirectional else h_n[-1]


@wrong
def backward_first(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """the backward direction comes first.
    Which of the last two entries of h_n belongs to the forward direction?"""
    return _pair(h_n, bidirectional, -1, -2)


@wrong
def first_layer(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """the first layer is read in place of the last.
    To which layer do the first entries of h_n belong?"""
    return torch.cat([h_n[0], h_n[1]], dim=-1) if bidirectional else h_n[0]


@wrong
def first_layer_one_way(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """with one direction, the first layer is read in place of the last.
    To which layer does the first entry of h_n belong?"""
    return torch.cat([h_n[-2], h_n[-1]], dim=-1) if bidirectional else h_n[0]


def directions_outside(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return _pair(h_n, bidirectional, num_layers - 1, -1)


def by_layer_number(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return _pair(h_n, bidirectional, num_layers - 1, num_layers)


@wrong
def first_and_last(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """the first and the last entry of h_n are joined.
    To which layers do the two entries belong?"""
    return _pair(h_n, bidirectional, 0, -1)


@wrong
def last_twice(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """the backward direction stands in both halves.
    Which two entries do you join?"""
    return _pair(h_n, bidirectional, -1, -1)


@wrong
def always_both(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """the last two entries are joined, however many directions there are.
    To which layers do the last two entries belong if there is one direction?"""
    return torch.cat(tuple(h_n[-2:]), dim=-1)


@wrong
def opposite(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """bidirectional has the opposite effect.
    Look at the direction of your test."""
    return h_n[-1] if bidirectional else torch.cat(tuple(h_n[-2:]), dim=-1)


def merged_by_view(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    last = h_n[-2:] if bidirectional else h_n[-1:]
    return last.reshape(h_n.shape[1], -1)


def alternating_units(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    last = h_n[-2:] if bidirectional else h_n[-1:]
    return last.permute(1, 2, 0).reshape(h_n.shape[1], -1)


@wrong
def every_layer(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """the states of all layers stand side by side.
    Which layer does the exercise ask for?"""
    return h_n.transpose(0, 1).flatten(1)


def added(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return h_n[-2] + h_n[-1] if bidirectional else h_n[-1]


def averaged(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return (h_n[-2] + h_n[-1]) / 2 if bidirectional else h_n[-1]


def below_each_other(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return torch.cat([h_n[-2], h_n[-1]], dim=0) if bidirectional else h_n[-1]


def stacked(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return torch.stack([h_n[-2], h_n[-1]], dim=1) if bidirectional else h_n[-1]


@wrong
def layer_axis_kept(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """an axis of size 1 for the layer is left over.
    How many axes should the result have?"""
    return top_layer_state(h_n, num_layers, bidirectional).unsqueeze(0)


@wrong
def layer_axis_kept_one_way(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """with one direction, an axis of size 1 for the layer is left over.
    How many axes should the result have?"""
    return torch.cat([h_n[-2], h_n[-1]], dim=-1) if bidirectional else h_n[-1:]


@wrong
def squeezed(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """axes of size 1 are lost.
    What does squeeze() do to a batch of one?"""
    return top_layer_state(h_n, num_layers, bidirectional).squeeze()


@wrong
def squeezed_one_way(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """with one direction, axes of size 1 are lost.
    What does squeeze() do to a batch of one?"""
    right = top_layer_state(h_n, num_layers, bidirectional)
    return right if bidirectional else right.squeeze()


@wrong
def detached_one_way(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """with one direction, the result is cut from the graph.
    Look for .detach(), .data, .numpy(), .tolist() or torch.no_grad()."""
    return top_layer_state(h_n if bidirectional else h_n.detach(), num_layers, bidirectional)


@wrong
def detached(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """the result is cut from the graph, so that no gradient gets back to h_n.
    Look for .detach(), .data, .numpy(), .tolist() or torch.no_grad()."""
    return top_layer_state(h_n.detach(), num_layers, bidirectional)


@wrong
def new_buffer(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """the result is written into a tensor of PyTorch's default dtype and device.
    A new tensor should take dtype and device from h_n."""
    right = top_layer_state(h_n, num_layers, bidirectional)
    result = torch.zeros(right.shape)
    result[:] = right
    return result


@wrong
def buffer_on_the_cpu(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """the result is written into a tensor on PyTorch's default device.
    A new tensor should take its device from h_n."""
    right = top_layer_state(h_n, num_layers, bidirectional)
    result = torch.empty(right.shape, dtype=h_n.dtype)
    result[:] = right
    return result


def last_two(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    if bidirectional:
        return torch.cat((h_n[-2], h_n[-1]), dim=1)
    return h_n[-1]


def viewed(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    directions = 2 if bidirectional else 1
    last = h_n.view(num_layers, directions, h_n.size(1), h_n.size(2))[-1]
    return last.transpose(0, 1).reshape(h_n.size(1), -1)


def counted(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    D = 1 + int(bidirectional)
    start = (num_layers - 1) * D
    return torch.cat([h_n[start + d] for d in range(D)], dim=-1)


def permuted(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    per_layer = h_n.chunk(num_layers)[num_layers - 1]
    return per_layer.permute(1, 0, 2).flatten(start_dim=1)


def written(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    _, B, H = h_n.shape
    result = torch.zeros(B, H * (2 if bidirectional else 1), dtype=h_n.dtype, device=h_n.device)
    result[:, -H:] = h_n[-1]
    if bidirectional:
        result[:, :H] = h_n[-2]
    return result


ORDER = "In which order do layers and directions follow each other along the first axis of h_n?"
JOIN = "Along which axis do the two directions have to be joined to give (B, 2H)?"

wrong.add(
    "directions_outside",
    directions_outside,
    "h_n is read as if all forward layers stood before all backward ones. " + ORDER,
)
wrong.add(
    "by_layer_number",
    by_layer_number,
    "entries are counted by layer, as if there were one entry for each. " + ORDER,
)
wrong.add(
    "merged_by_view",
    merged_by_view,
    "the two directions are merged in the order in which they lie in memory, which "
    "mixes the sequences"
    + ". "
    + "Which axis has to come first before two axes can be merged into (B, 2H)?",
)
wrong.add(
    "alternating_units", alternating_units, "the units of the two directions alternate. " + JOIN
)
wrong.add("added", added, "the two directions are added up. " + JOIN)
wrong.add("averaged", averaged, "the two directions are averaged. " + JOIN)
wrong.add(
    "below_each_other", below_each_other, "the two directions are joined along the batch. " + JOIN
)
wrong.add("stacked", stacked, "the two directions get an axis of their own. " + JOIN)


EXERCISE = Exercise(
    reference=top_layer_state,
    inputs=inputs,
    points=16,
    axes={"L": 3, "B": 4, "H": 5},
    shapes={"h_n": "layers·directions B H", "return": "B features"},
    cases=(
        Case(name="one direction", inputs=one_direction),
        Case(name="four layers, one direction", inputs=four_layers_one_way),
        Case(name="one layer, both directions", inputs=one_layer),
        Case(name="one layer, one direction", inputs=one_layer_one_direction),
        Case(name="two layers, two sequences, two units", inputs=two_of_each),
        Case(
            name="one sequence, one direction",
            inputs=one_sequence_one_way,
            value=False,
            why="A single sample must work too and keep its axis.",
        ),
        Case(
            name="gradients with one direction",
            inputs=one_direction,
            value=False,
            scenario=gradients,
            why="The result must carry gradients back to h_n, with one direction too.",
        ),
    ),
    mistakes=wrong,
    also_right=(last_two, viewed, counted, permuted, written),
    look="Number the entries of h_n for two layers and two directions: which two do you need?",
)
