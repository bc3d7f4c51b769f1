"""The shapes that nn.RNN and nn.GRU give back."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab1_shapes._draws import ARITHMETIC, network, sizes
from solutions.lab1_shapes import Shape, rnn_shapes

Predict = Callable[[int, int, int, int, int, int, bool], Shape]
"""A shape from B, T, I, H, L, D and batch_first."""


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    return network(rng)


def with_changes(**changes: Any) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Draws a network with some of its arguments fixed."""
    return lambda rng: network(rng, **changes)


def right_output(B: int, T: int, I: int, H: int, L: int, D: int, batch_first: bool) -> Shape:
    return (B, T, D * H) if batch_first else (T, B, D * H)


def right_h_n(B: int, T: int, I: int, H: int, L: int, D: int, batch_first: bool) -> Shape:
    return (L * D, B, H)


def predicting(output: Predict = right_output, h_n: Predict = right_h_n) -> Callable[..., Any]:
    """rnn_shapes with one of the two shapes, or both, predicted in another way."""

    def changed(
        batch: int,
        seq_len: int,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bidirectional: bool = False,
        batch_first: bool = True,
    ) -> tuple[Shape, Shape]:
        known = (
            batch,
            seq_len,
            input_size,
            hidden_size,
            num_layers,
            1 + bidirectional,
            batch_first,
        )
        return output(*known), h_n(*known)

    return changed


wrong = Mistakes()


@wrong
def pytorchs_default(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = False,
) -> tuple[Shape, Shape]:
    """batch_first is False where the caller does not say.
    Compare the defaults in your signature with those of the exercise."""
    return rnn_shapes(
        batch, seq_len, input_size, hidden_size, num_layers, bidirectional, batch_first
    )


def flat_state(B: int, T: int, I: int, H: int, L: int, D: int, batch_first: bool) -> Shape:
    return (B, H) if L * D == 1 else (L * D, B, H)


def without_ones(shapes: tuple[Shape, Shape]) -> tuple[Shape, ...]:
    return tuple(tuple(size for size in shape if size != 1) for shape in shapes)


def case_by_case(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = True,
) -> Any:
    output = [batch, seq_len, hidden_size]
    rows = num_layers
    if bidirectional:
        output[-1] *= 2
        rows += num_layers
    if not batch_first:
        output[0], output[1] = output[1], output[0]
    return tuple(output), (rows, batch, hidden_size)


def as_lists(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = True,
) -> Any:
    directions = int(bidirectional) + 1
    first, second = (batch, seq_len) if batch_first else (seq_len, batch)
    return [
        [first, second, hidden_size * directions],
        [directions * num_layers, batch, hidden_size],
    ]


def numpy_and_torch_sizes(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = True,
) -> Any:
    import torch

    directions = np.int64(2 if bidirectional else 1)
    order = [0, 1, 2] if batch_first else [1, 0, 2]
    output = np.array([batch, seq_len, directions * hidden_size])[order]
    return tuple(output), torch.Size([int(num_layers * directions), batch, hidden_size])


LAYOUT = "Look at which of the two shapes depends on batch_first, and where its batch goes."
STATES = "Count the hatched boxes in the picture of the network: what does each of them belong to?"
WIDTH = "How many numbers stand side by side at one step of the output?"

wrong.add(
    "state_batch_first",
    predicting(h_n=lambda B, T, I, H, L, D, first: (B, L * D, H)),
    "the batch comes first in h_n too. Which axis of h_n is the batch, whatever batch_first says?",
)
wrong.add(
    "state_follows_batch_first",
    predicting(h_n=lambda B, T, I, H, L, D, first: (B, L * D, H) if first else (L * D, B, H)),
    "batch_first moves the batch of h_n as well. " + LAYOUT,
)
wrong.add(
    "always_batch_first",
    but(rnn_shapes, batch_first=lambda _: True),
    "output is batch first whatever batch_first says. " + LAYOUT,
)
wrong.add(
    "always_time_first",
    but(rnn_shapes, batch_first=lambda _: False),
    "output is time first whatever batch_first says. " + LAYOUT,
)
wrong.add(
    "batch_first_turned_round",
    but(rnn_shapes, batch_first=lambda first: not first),
    "batch_first has the opposite effect. " + LAYOUT,
)
wrong.add(
    "output_one_direction",
    predicting(lambda B, T, I, H, L, D, first: (B, T, H) if first else (T, B, H)),
    "output is H wide although there are two directions. " + WIDTH,
)
wrong.add(
    "output_of_inputs",
    predicting(lambda B, T, I, H, L, D, first: (B, T, D * I) if first else (T, B, D * I)),
    "output is as wide as the input. What does a layer put out, what it read or its states?",
)
wrong.add(
    "output_of_all_layers",
    predicting(lambda B, T, I, H, L, D, first: (B, T, L * D * H) if first else (T, B, L * D * H)),
    "output holds every layer, side by side. Which layers are inside the dashed frame of the picture?",
)
wrong.add(
    "output_last_step",
    predicting(lambda B, T, I, H, L, D, first: (B, D * H)),
    "output has no axis for time. At how many steps does output hold a state?",
)
wrong.add(
    "state_without_directions",
    predicting(h_n=lambda B, T, I, H, L, D, first: (L, B, H)),
    "h_n has one entry per layer although there are two directions. " + STATES,
)
wrong.add(
    "state_directions_side_by_side",
    predicting(h_n=lambda B, T, I, H, L, D, first: (L, B, D * H)),
    "the directions stand side by side in h_n, as they do in output. " + STATES,
)
wrong.add(
    "state_too_wide",
    predicting(h_n=lambda B, T, I, H, L, D, first: (L * D, B, D * H)),
    "the directions are counted twice in h_n, in its first axis and in its last. " + STATES,
)
wrong.add(
    "state_of_one_layer",
    predicting(h_n=lambda B, T, I, H, L, D, first: (D, B, H)),
    "h_n holds one layer only. " + STATES,
)
wrong.add(
    "layers_plus_directions",
    predicting(h_n=lambda B, T, I, H, L, D, first: (L + D, B, H)),
    "layers and directions are added in the first axis of h_n. " + STATES,
)
wrong.add(
    "state_flat",
    predicting(h_n=flat_state),
    "h_n loses its first axis where there is one layer and one direction. An axis of size 1 is still an axis.",
)
wrong.add(
    "ones_left_out",
    but(rnn_shapes, returns=without_ones),
    "axes of size 1 are left out. An axis of size 1 is still an axis.",
)
wrong.add(
    "state_first",
    but(rnn_shapes, returns=lambda shapes: shapes[::-1]),
    "the two shapes come in the wrong order. Compare the order of what you return with the docstring.",
)


EXERCISE = Exercise(
    reference=rnn_shapes,
    inputs=inputs,
    points=12,
    parts=("output", "h_n"),
    without=ARITHMETIC,
    forbidden=("torch.nn",),
    cases=(
        Case(name="one direction", inputs=with_changes(bidirectional=False)),
        Case(name="time first", inputs=with_changes(batch_first=False)),
        Case(
            name="time first, one direction",
            inputs=with_changes(batch_first=False, bidirectional=False),
        ),
        Case(name="one layer, both directions", inputs=with_changes(num_layers=1)),
        Case(
            name="one layer, one direction", inputs=with_changes(num_layers=1, bidirectional=False)
        ),
        Case(
            name="the default arguments",
            inputs=sizes,
            why="With the four sizes alone: one layer, one direction, batch first.",
        ),
        Case(
            name="one sequence, one step, one unit",
            value=False,
            inputs=with_changes(batch=1, seq_len=1, hidden_size=1, bidirectional=False),
            why="An axis of size 1 is still an axis.",
        ),
    ),
    mistakes=wrong,
    also_right=(case_by_case, as_lists, numpy_and_torch_sizes),
    look="Draw the states as in the pictures and count along each axis.",
)
