"""The final state of the last layer, both directions side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.sandbox.scenarios import gradients
from autograder.spec import Case, Exercise, Mistake
from solutions.lab1_shapes import top_layer_state


def inputs(
    rng: np.random.Generator, L: int, B: int, H: int, bidirectional: bool = True
) -> Mapping[str, Any]:
    rows = 2 * L if bidirectional else L
    return {"h_n": rng.standard_normal((rows, B, H)), "num_layers": L, "bidirectional": bidirectional}


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


def last_entry(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return h_n[-1]


def forward_only(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return h_n[-2] if bidirectional else h_n[-1]


def backward_first(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return _pair(h_n, bidirectional, -1, -2)


def first_layer(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return torch.cat([h_n[0], h_n[1]], dim=-1) if bidirectional else h_n[0]


def first_layer_one_way(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return torch.cat([h_n[-2], h_n[-1]], dim=-1) if bidirectional else h_n[0]


def directions_outside(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return _pair(h_n, bidirectional, num_layers - 1, -1)


def by_layer_number(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return _pair(h_n, bidirectional, num_layers - 1, num_layers)


def first_and_last(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return _pair(h_n, bidirectional, 0, -1)


def last_twice(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return _pair(h_n, bidirectional, -1, -1)


def always_both(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return torch.cat(tuple(h_n[-2:]), dim=-1)


def opposite(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return h_n[-1] if bidirectional else torch.cat(tuple(h_n[-2:]), dim=-1)


def merged_by_view(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    last = h_n[-2:] if bidirectional else h_n[-1:]
    return last.reshape(h_n.shape[1], -1)


def alternating_units(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    last = h_n[-2:] if bidirectional else h_n[-1:]
    return last.permute(1, 2, 0).reshape(h_n.shape[1], -1)


def every_layer(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return h_n.transpose(0, 1).flatten(1)


def added(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return h_n[-2] + h_n[-1] if bidirectional else h_n[-1]


def averaged(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return (h_n[-2] + h_n[-1]) / 2 if bidirectional else h_n[-1]


def below_each_other(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return torch.cat([h_n[-2], h_n[-1]], dim=0) if bidirectional else h_n[-1]


def stacked(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return torch.stack([h_n[-2], h_n[-1]], dim=1) if bidirectional else h_n[-1]


def layer_axis_kept(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return top_layer_state(h_n, num_layers, bidirectional).unsqueeze(0)


def layer_axis_kept_one_way(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return torch.cat([h_n[-2], h_n[-1]], dim=-1) if bidirectional else h_n[-1:]


def squeezed(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return top_layer_state(h_n, num_layers, bidirectional).squeeze()


def squeezed_one_way(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    right = top_layer_state(h_n, num_layers, bidirectional)
    return right if bidirectional else right.squeeze()


def detached_one_way(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return top_layer_state(h_n if bidirectional else h_n.detach(), num_layers, bidirectional)


def detached(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    return top_layer_state(h_n.detach(), num_layers, bidirectional)


def new_buffer(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    right = top_layer_state(h_n, num_layers, bidirectional)
    result = torch.zeros(right.shape)
    result[:] = right
    return result


def buffer_on_the_cpu(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
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
        Case(name="one sequence, one direction", inputs=one_sequence_one_way, value=False,
             why="A single sample must work too and keep its axis."),
        Case(name="gradients with one direction", inputs=one_direction, value=False,
             scenario=gradients,
             why="The result must carry gradients back to h_n, with one direction too."),
    ),
    mistakes=(
        Mistake("last_entry", last_entry,
                when="only the last entry of h_n is used, so one direction is missing",
                look="Which direction does the last entry of h_n belong to, and where is the other?"),
        Mistake("forward_only", forward_only,
                when="only the forward direction is used",
                look="How wide should the result be with two directions?"),
        Mistake("backward_first", backward_first,
                when="the backward direction comes first",
                look="Which of the last two entries of h_n belongs to the forward direction?"),
        Mistake("first_layer", first_layer,
                when="the first layer is read in place of the last",
                look="To which layer do the first entries of h_n belong?"),
        Mistake("first_layer_one_way", first_layer_one_way,
                when="with one direction, the first layer is read in place of the last",
                look="To which layer does the first entry of h_n belong?"),
        Mistake("directions_outside", directions_outside,
                when="h_n is read as if all forward layers stood before all backward ones",
                look=ORDER),
        Mistake("by_layer_number", by_layer_number,
                when="entries are counted by layer, as if there were one entry for each", look=ORDER),
        Mistake("first_and_last", first_and_last,
                when="the first and the last entry of h_n are joined",
                look="To which layers do the two entries belong?"),
        Mistake("last_twice", last_twice,
                when="the backward direction stands in both halves",
                look="Which two entries do you join?"),
        Mistake("always_both", always_both,
                when="the last two entries are joined, however many directions there are",
                look="To which layers do the last two entries belong if there is one direction?"),
        Mistake("opposite", opposite,
                when="bidirectional has the opposite effect",
                look="Look at the direction of your test."),
        Mistake("merged_by_view", merged_by_view,
                when="the two directions are merged in the order in which they lie in memory, which "
                "mixes the sequences",
                look="Which axis has to come first before two axes can be merged into (B, 2H)?"),
        Mistake("alternating_units", alternating_units,
                when="the units of the two directions alternate", look=JOIN),
        Mistake("every_layer", every_layer,
                when="the states of all layers stand side by side",
                look="Which layer does the exercise ask for?"),
        Mistake("added", added, when="the two directions are added up", look=JOIN),
        Mistake("averaged", averaged, when="the two directions are averaged", look=JOIN),
        Mistake("below_each_other", below_each_other,
                when="the two directions are joined along the batch", look=JOIN),
        Mistake("stacked", stacked,
                when="the two directions get an axis of their own", look=JOIN),
        Mistake("layer_axis_kept", layer_axis_kept,
                when="an axis of size 1 for the layer is left over",
                look="How many axes should the result have?"),
        Mistake("layer_axis_kept_one_way", layer_axis_kept_one_way,
                when="with one direction, an axis of size 1 for the layer is left over",
                look="How many axes should the result have?"),
        Mistake("squeezed", squeezed, when="axes of size 1 are lost",
                look="What does squeeze() do to a batch of one?"),
        Mistake("squeezed_one_way", squeezed_one_way,
                when="with one direction, axes of size 1 are lost",
                look="What does squeeze() do to a batch of one?"),
        Mistake("detached_one_way", detached_one_way,
                when="with one direction, the result is cut from the graph",
                look="Look for .detach(), .data, .numpy(), .tolist() or torch.no_grad()."),
        Mistake("detached", detached,
                when="the result is cut from the graph, so that no gradient gets back to h_n",
                look="Look for .detach(), .data, .numpy(), .tolist() or torch.no_grad()."),
        Mistake("new_buffer", new_buffer,
                when="the result is written into a tensor of PyTorch's default dtype and device",
                look="A new tensor should take dtype and device from h_n."),
        Mistake("buffer_on_the_cpu", buffer_on_the_cpu,
                when="the result is written into a tensor on PyTorch's default device",
                look="A new tensor should take its device from h_n."),
    ),
    also_right=(last_two, viewed, counted, permuted, written),
    look="Number the entries of h_n for two layers and two directions: which two do you need?",
)  # fmt: skip
