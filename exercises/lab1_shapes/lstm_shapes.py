"""The shapes that nn.LSTM gives back, with a projection or without."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab1_shapes._draws import ARITHMETIC, network, sizes
from solutions.lab1_shapes import Shape, lstm_shapes

Shapes = tuple[Shape, Shape, Shape]
Predict = Callable[[int, int, int, int, int, bool, int], Any]
"""The shapes from B, T, H, L, D, batch_first and P, the width of a shown state."""


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**network(rng), "proj_size": int(rng.choice([2, 4]))}


def with_changes(**changes: Any) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Draws a network with some of its arguments fixed."""
    return lambda rng: {**inputs(rng), **changes}


def no_projection_named(rng: np.random.Generator) -> Mapping[str, Any]:
    return network(rng)


def right(B: int, T: int, H: int, L: int, D: int, batch_first: bool, P: int) -> Shapes:
    output = (B, T, D * P) if batch_first else (T, B, D * P)
    return output, (L * D, B, P), (L * D, B, H)


def predicting(predict: Predict) -> Callable[..., Any]:
    """lstm_shapes with its shapes predicted in another way."""

    def changed(
        batch: int,
        seq_len: int,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bidirectional: bool = False,
        batch_first: bool = True,
        proj_size: int = 0,
    ) -> Any:
        shown = proj_size or hidden_size
        directions = 1 + bidirectional
        return predict(batch, seq_len, hidden_size, num_layers, directions, batch_first, shown)

    return changed


def output_unprojected(B: int, T: int, H: int, L: int, D: int, first: bool, P: int) -> Shapes:
    _, h_n, c_n = right(B, T, H, L, D, first, P)
    return right(B, T, H, L, D, first, H)[0], h_n, c_n


def output_one_direction(B: int, T: int, H: int, L: int, D: int, first: bool, P: int) -> Shapes:
    _, h_n, c_n = right(B, T, H, L, D, first, P)
    return right(B, T, H, L, 1, first, P)[0], h_n, c_n


def states_batch_first(B: int, T: int, H: int, L: int, D: int, first: bool, P: int) -> Shapes:
    return right(B, T, H, L, D, first, P)[0], (B, L * D, P), (B, L * D, H)


def states_follow(B: int, T: int, H: int, L: int, D: int, first: bool, P: int) -> Shapes:
    return states_batch_first(B, T, H, L, D, first, P) if first else right(B, T, H, L, D, first, P)


def states_without_directions(
    B: int, T: int, H: int, L: int, D: int, first: bool, P: int
) -> Shapes:
    return right(B, T, H, L, D, first, P)[0], (L, B, P), (L, B, H)


def states_side_by_side(B: int, T: int, H: int, L: int, D: int, first: bool, P: int) -> Shapes:
    return right(B, T, H, L, D, first, P)[0], (L, B, D * P), (L, B, D * H)


def states_of_one_layer(B: int, T: int, H: int, L: int, D: int, first: bool, P: int) -> Shapes:
    return right(B, T, H, L, D, first, P)[0], (D, B, P), (D, B, H)


def states_flat(B: int, T: int, H: int, L: int, D: int, first: bool, P: int) -> Any:
    output, h_n, c_n = right(B, T, H, L, D, first, P)
    return (output, h_n, c_n) if L * D > 1 else (output, h_n[1:], c_n[1:])


def without_ones(shapes: Shapes) -> tuple[Shape, ...]:
    return tuple(tuple(size for size in shape if size != 1) for shape in shapes)


wrong = Mistakes()


@wrong
def zero_taken_literally(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = True,
    proj_size: int = 0,
) -> Shapes:
    """proj_size=0 is taken for a projection to no numbers at all.
    What does proj_size=0 stand for?"""
    return right(
        batch, seq_len, hidden_size, num_layers, 1 + bidirectional, batch_first, proj_size
    )


@wrong
def pytorchs_default(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = False,
    proj_size: int = 0,
) -> Shapes:
    """batch_first is False where the caller does not say.
    Compare the defaults in your signature with those of the exercise."""
    return lstm_shapes(
        batch, seq_len, input_size, hidden_size, num_layers, bidirectional, batch_first, proj_size
    )


def from_scratch(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = True,
    proj_size: int = 0,
) -> Any:
    rows = num_layers * 2 if bidirectional else num_layers
    shown = hidden_size
    if proj_size != 0:
        shown = proj_size
    output = (batch, seq_len) if batch_first else (seq_len, batch)
    width = 2 * shown if bidirectional else shown
    return (*output, width), (rows, batch, shown), (rows, batch, hidden_size)


def as_lists(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = True,
    proj_size: int = 0,
) -> Any:
    directions = {True: 2, False: 1}[bidirectional]
    out = proj_size or hidden_size
    shape = [batch, seq_len, directions * out]
    if not batch_first:
        shape[:2] = shape[1::-1]
    state = [num_layers * directions, batch]
    return [shape, [*state, out], [*state, hidden_size]]


def by_torch_sizes(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = True,
    proj_size: int = 0,
) -> Any:
    import torch

    directions = 1 + int(bidirectional)
    width = max(proj_size, 0) if proj_size else hidden_size
    output = torch.empty(batch, seq_len, directions * width, device="meta")
    if not batch_first:
        output = output.transpose(0, 1)
    c_n = torch.empty(num_layers, directions, batch, hidden_size, device="meta").flatten(0, 1)
    return output.shape, c_n[..., :width].shape, c_n.shape


PROJECTION = "Which of output, h_n and c_n does the projection shrink, and which not?"
STATES = "Both states have one entry per layer and direction, whatever batch_first says."

wrong.add(
    "projection_ignored",
    but(lstm_shapes, proj_size=lambda _: 0),
    "proj_size changes nothing. " + PROJECTION,
)
wrong.add(
    "cell_projected",
    predicting(lambda B, T, H, L, D, first, P: right(B, T, P, L, D, first, P)),
    "the cell state is projected too. " + PROJECTION,
)
wrong.add(
    "state_unprojected",
    predicting(
        lambda B, T, H, L, D, first, P: (
            right(B, T, H, L, D, first, P)[0],
            (L * D, B, H),
            (L * D, B, H),
        )
    ),
    "only output is projected, and h_n keeps H. " + PROJECTION,
)
wrong.add(
    "output_unprojected",
    predicting(output_unprojected),
    "only h_n is projected, and output keeps H. " + PROJECTION,
)
wrong.add(
    "cell_before_state",
    but(lstm_shapes, returns=lambda s: (s[0], s[2], s[1])),
    "c_n comes before h_n. Compare the order of what you return with the docstring.",
)
wrong.add(
    "nested_like_pytorch",
    but(lstm_shapes, returns=lambda s: (s[0], (s[1], s[2]))),
    "h_n and c_n come as a pair inside the result, as nn.LSTM returns them. Compare the form of what you return with the docstring.",
)
wrong.add(
    "cell_missing",
    but(lstm_shapes, returns=lambda s: s[:2]),
    "the shape of the cell state is missing. How many states does an LSTM carry?",
)
wrong.add(
    "output_one_direction",
    predicting(output_one_direction),
    "output is one state wide although there are two directions. How many numbers stand side by side at one step of the output?",
)
wrong.add(
    "states_batch_first",
    predicting(states_batch_first),
    "the batch comes first in both states. " + STATES,
)
wrong.add(
    "states_follow_batch_first",
    predicting(states_follow),
    "batch_first moves the batch of the states as well. " + STATES,
)
wrong.add(
    "states_without_directions",
    predicting(states_without_directions),
    "the states have one entry per layer although there are two directions. " + STATES,
)
wrong.add(
    "states_side_by_side",
    predicting(states_side_by_side),
    "the directions stand side by side in the states, as they do in output. " + STATES,
)
wrong.add(
    "states_of_one_layer",
    predicting(states_of_one_layer),
    "the states hold one layer only. " + STATES,
)
wrong.add(
    "states_flat",
    predicting(states_flat),
    "the states lose their first axis where there is one layer and one direction. An axis of size 1 is still an axis.",
)
wrong.add(
    "ones_left_out",
    but(lstm_shapes, returns=without_ones),
    "axes of size 1 are left out. An axis of size 1 is still an axis.",
)
wrong.add(
    "cell_without_directions",
    predicting(lambda B, T, H, L, D, first, P: (*right(B, T, H, L, D, first, P)[:2], (L, B, H))),
    "c_n has one entry per layer although there are two directions. " + STATES,
)
wrong.add(
    "cell_batch_first",
    predicting(
        lambda B, T, H, L, D, first, P: (*right(B, T, H, L, D, first, P)[:2], (B, L * D, H))
    ),
    "the batch comes first in c_n. " + STATES,
)
wrong.add(
    "always_batch_first",
    but(lstm_shapes, batch_first=lambda _: True),
    "output is batch first whatever batch_first says. Look at what your code does with batch_first.",
)


EXERCISE = Exercise(
    reference=lstm_shapes,
    inputs=inputs,
    points=10,
    parts=("output", "h_n", "c_n"),
    without=ARITHMETIC,
    forbidden=("torch.nn",),
    cases=(
        Case(name="no projection", inputs=with_changes(proj_size=0)),
        Case(
            name="no projection named",
            inputs=no_projection_named,
            why="Where proj_size is not given, there is no projection.",
        ),
        Case(name="one direction", inputs=with_changes(bidirectional=False)),
        Case(name="time first", inputs=with_changes(batch_first=False)),
        Case(
            name="time first, one direction, no projection",
            inputs=with_changes(batch_first=False, bidirectional=False, proj_size=0),
        ),
        Case(name="one layer", inputs=with_changes(num_layers=1)),
        Case(name="a projection to one number", inputs=with_changes(proj_size=1)),
        Case(
            name="the default arguments",
            inputs=sizes,
            why="With the four sizes alone: one layer, one direction, batch first, no projection.",
        ),
        Case(
            name="one sequence, one step, one unit",
            value=False,
            inputs=with_changes(
                batch=1, seq_len=1, hidden_size=1, bidirectional=False, proj_size=0
            ),
            why="An axis of size 1 is still an axis.",
        ),
    ),
    mistakes=wrong,
    also_right=(from_scratch, as_lists, by_torch_sizes),
    look="First the shapes without a projection; then ask of each whether it holds h or c.",
)
