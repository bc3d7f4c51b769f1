"""The final state of the last layer, both directions side by side."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited
from autograder.spec.scenarios import gradients
from exercises.lab1_shapes._looks import DETACHED, SQUEEZED
from solutions.lab1_shapes import top_layer_state


def inputs(
    rng: np.random.Generator, L: int, B: int, H: int, bidirectional: bool = True
) -> Mapping[str, Any]:
    h_n = rng.standard_normal((2 * L if bidirectional else L, B, H))
    return {"h_n": h_n, "num_layers": L, "bidirectional": bidirectional}


one_way = partial(inputs, bidirectional=False)


def last_entries(h_n, num_layers, bidirectional):
    """top_layer_state by the numbers of the entries, of which mistakes are edited."""
    if bidirectional:
        return torch.cat(tuple(h_n[-2:]), dim=-1)
    return h_n[-1]


def both_ways(formula: str) -> Callable[..., Any]:
    """top_layer_state with another formula for two directions."""
    return edited(last_entries, {"torch.cat(tuple(h_n[-2:]), dim=-1)": formula})


def alone(formula: str) -> Callable[..., Any]:
    """top_layer_state with another formula for one direction."""
    return edited(last_entries, {"return h_n[-1]": f"return {formula}"})


def joining(forward: str, backward: str) -> Callable[..., Any]:
    """top_layer_state with two other entries for two directions."""
    return both_ways(f"torch.cat([h_n[{forward}], h_n[{backward}]], dim=-1)")


wrong = Mistakes()

wrong.add(
    "last_entry",
    lambda h_n, num_layers, bidirectional: h_n[-1],
    "only the last entry of h_n is used, so one direction is missing. Which direction does the last entry of h_n belong to, and where is the other?",
)
wrong.add(
    "forward_only",
    both_ways("h_n[-2]"),
    "only the forward direction is used. How wide should the result be with two directions?",
)
wrong.add(
    "backward_first",
    joining("-1", "-2"),
    "the backward direction comes first. Which of the last two entries of h_n belongs to the forward direction?",
)
wrong.add(
    "first_layer",
    edited(last_entries, {"h_n[-2:]": "h_n[:2]", "h_n[-1]": "h_n[0]"}),
    "the first layer is read in place of the last. To which layer do the first entries of h_n belong?",
)
wrong.add(
    "first_layer_one_way",
    alone("h_n[0]"),
    "with one direction, the first layer is read in place of the last. To which layer does the first entry of h_n belong?",
)
wrong.family(
    "In which order do layers and directions follow each other along the first axis of h_n?",
    (
        "directions_outside",
        joining("num_layers - 1", "-1"),
        "h_n is read as if all forward layers stood before all backward ones",
    ),
    (
        "by_layer_number",
        joining("num_layers - 1", "num_layers"),
        "entries are counted by layer, as if there were one entry for each",
    ),
)
wrong.add(
    "first_and_last",
    joining("0", "-1"),
    "the first and the last entry of h_n are joined. To which layers do the two entries belong?",
)
wrong.add(
    "last_twice",
    joining("-1", "-1"),
    "the backward direction stands in both halves. Which two entries do you join?",
)
wrong.add(
    "always_both",
    edited(last_entries, {"if bidirectional": "if True"}),
    "the last two entries are joined, however many directions there are. To which layers do the last two entries belong if there is one direction?",
)
wrong.add(
    "opposite",
    edited(last_entries, {"if bidirectional": "if not bidirectional"}),
    "bidirectional has the opposite effect. Look at the direction of your test.",
)
wrong.add(
    "merged_by_view",
    both_ways("h_n[-2:].reshape(h_n.shape[1], -1)"),
    "the two directions are merged in the order in which they lie in memory, which mixes the sequences. Which axis has to come first before two axes can be merged into (B, 2H)?",
)
wrong.add(
    "every_layer",
    lambda h_n, num_layers, bidirectional: h_n.transpose(0, 1).flatten(1),
    "the states of all layers stand side by side. Which layer does the exercise ask for?",
)
wrong.family(
    "Along which axis do the two directions have to be joined to give (B, 2H)?",
    (
        "alternating_units",
        both_ways("h_n[-2:].permute(1, 2, 0).flatten(1)"),
        "the units of the two directions alternate",
    ),
    ("added", both_ways("h_n[-2] + h_n[-1]"), "the two directions are added up"),
    ("averaged", both_ways("(h_n[-2] + h_n[-1]) / 2"), "the two directions are averaged"),
    (
        "below_each_other",
        both_ways("torch.cat([h_n[-2], h_n[-1]], dim=0)"),
        "the two directions are joined along the batch",
    ),
    (
        "stacked",
        both_ways("torch.stack([h_n[-2], h_n[-1]], dim=1)"),
        "the two directions get an axis of their own",
    ),
)
wrong.family(
    "How many axes should the result have?",
    (
        "layer_axis_kept",
        but(top_layer_state, returns=lambda result: result.unsqueeze(0)),
        "an axis of size 1 for the layer is left over",
    ),
    (
        "layer_axis_kept_one_way",
        alone("h_n[-1:]"),
        "with one direction, an axis of size 1 for the layer is left over",
    ),
)
wrong.add("squeezed", but(top_layer_state, returns=torch.squeeze), SQUEEZED)
wrong.add("squeezed_one_way", alone("h_n[-1].squeeze()"), "with one direction, " + SQUEEZED)
wrong.family(
    DETACHED,
    (
        "detached_one_way",
        alone("h_n[-1].detach()"),
        "with one direction, the result is cut from the graph",
    ),
    (
        "detached",
        but(top_layer_state, h_n=torch.detach),
        "the result is cut from the graph, so that no gradient gets back to h_n",
    ),
)


@wrong
def new_buffer(h_n, num_layers, bidirectional):
    """the result is written into a tensor of PyTorch's default dtype and device.
    A new tensor should take dtype and device from h_n."""
    right = top_layer_state(h_n, num_layers, bidirectional)
    result = torch.zeros(right.shape)
    result[:] = right
    return result


@wrong
def buffer_on_the_cpu(h_n, num_layers, bidirectional):
    """the result is written into a tensor on PyTorch's default device.
    A new tensor should take its device from h_n."""
    right = top_layer_state(h_n, num_layers, bidirectional)
    result = torch.empty(right.shape, dtype=h_n.dtype)
    result[:] = right
    return result


EXERCISE = Exercise(
    reference=top_layer_state,
    inputs=inputs,
    points=16,
    axes={"L": 3, "B": 4, "H": 5},
    shapes={"h_n": "layers·directions B H", "return": "B features"},
    cases=(
        Case(name="one direction", inputs=partial(one_way, L=3, B=4, H=5)),
        Case(name="four layers, one direction", inputs=partial(one_way, L=4, B=3, H=2)),
        Case(name="one layer, both directions", inputs=partial(inputs, L=1, B=4, H=5)),
        Case(name="one layer, one direction", inputs=partial(one_way, L=1, B=4, H=5)),
        Case(name="two layers, two sequences, two units", inputs=partial(inputs, L=2, B=2, H=2)),
        Case(
            name="one sequence, one direction",
            inputs=partial(one_way, L=3, B=1, H=5),
            value=False,
            why="A single sample must work too and keep its axis.",
        ),
        Case(
            name="gradients with one direction",
            inputs=partial(one_way, L=3, B=4, H=5),
            value=False,
            scenario=gradients,
            why="The result must carry gradients back to h_n, with one direction too.",
        ),
    ),
    mistakes=wrong,
    look="Number the entries of h_n for two layers and two directions: which two do you need?",
    when_right=(
        "The last entries of h_n, one for each direction, are all you need; the number of layers "
        "is not. They have to be joined along the units. Merging the two axes as they lie in "
        "memory gives (B, 2H) too, and puts numbers of different sequences in one row. Next "
        "question: a batch is padded with zeros at the end. Which half of your result has read "
        "padding?"
    ),
)
