"""The shapes that nn.RNN and nn.GRU give back."""

from collections.abc import Callable
from functools import partial
from typing import Any

from autograder.spec import OPERATORS, Case, Exercise, Mistakes, but, edited
from exercises.lab1_shapes._draws import network, sizes
from exercises.lab1_shapes._looks import AXIS_OF_ONE, NO_RETURN, PYTORCHS_DEFAULT, RETURNED
from solutions.lab1_shapes import Shape, rnn_shapes


def in_letters(B, T, I, H, L=1, bidirectional=False, batch_first=True):
    """rnn_shapes with short names, of which mistakes are edited."""
    D = 2 if bidirectional else 1
    width = D * H
    output = (B, T, width) if batch_first else (T, B, width)
    h_n = (L * D, B, H)
    return output, h_n


def width(formula: str) -> Callable[..., Any]:
    """rnn_shapes with an output of another width."""
    return edited(in_letters, {"D * H": formula})


def h_n(formula: str) -> Callable[..., Any]:
    """rnn_shapes with another shape for h_n."""
    return edited(in_letters, {"(L * D, B, H)": formula})


def without_ones(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    return tuple(tuple(size for size in shape if size != 1) for shape in shapes)


wrong = Mistakes()

wrong.family(
    "Look at which of the two shapes depends on batch_first, and where its batch goes.",
    (
        "state_follows_batch_first",
        h_n("(B, L * D, H) if batch_first else (L * D, B, H)"),
        "batch_first moves the batch of h_n as well",
    ),
    (
        "always_batch_first",
        but(rnn_shapes, batch_first=lambda _: True),
        "output is batch first whatever batch_first says",
    ),
    (
        "always_time_first",
        but(rnn_shapes, batch_first=lambda _: False),
        "output is time first whatever batch_first says",
    ),
    (
        "batch_first_turned_round",
        but(rnn_shapes, batch_first=lambda first: not first),
        "batch_first has the opposite effect",
    ),
)
wrong.add("pytorchs_default", but(rnn_shapes, defaults={"batch_first": False}), PYTORCHS_DEFAULT)
wrong.add(
    "output_one_direction",
    width("H"),
    "output is H wide although there are two directions. How many numbers stand side by side at one step of the output?",
)
wrong.add(
    "output_of_inputs",
    width("D * I"),
    "output is as wide as the input. What does a layer put out, what it read or its states?",
)
wrong.add(
    "output_of_all_layers",
    width("L * D * H"),
    "output holds every layer, side by side. Which layers are inside the dashed frame of the picture?",
)
wrong.add(
    "output_last_step",
    edited(in_letters, {"(B, T, width) if batch_first else (T, B, width)": "(B, width)"}),
    "output has no axis for time. At how many steps does output hold a state?",
)
wrong.add(
    "state_batch_first",
    h_n("(B, L * D, H)"),
    "the batch comes first in h_n too. Which axis of h_n is the batch, whatever batch_first says?",
)
wrong.family(
    "Count the hatched boxes in the picture of the network: what does each of them belong to?",
    (
        "state_without_directions",
        h_n("(L, B, H)"),
        "h_n has one entry per layer although there are two directions",
    ),
    (
        "state_directions_side_by_side",
        h_n("(L, B, D * H)"),
        "the directions stand side by side in h_n, as they do in output",
    ),
    (
        "state_too_wide",
        h_n("(L * D, B, D * H)"),
        "the directions are counted twice in h_n, in its first axis and in its last",
    ),
    ("state_of_one_layer", h_n("(D, B, H)"), "h_n holds one layer only"),
    (
        "layers_plus_directions",
        h_n("(L + D, B, H)"),
        "layers and directions are added in the first axis of h_n",
    ),
)
wrong.family(
    AXIS_OF_ONE,
    (
        "state_flat",
        h_n("(B, H) if L * D == 1 else (L * D, B, H)"),
        "h_n loses its first axis where there is one layer and one direction",
    ),
    ("ones_left_out", but(rnn_shapes, returns=without_ones), "axes of size 1 are left out"),
)
wrong.add(
    "state_first",
    but(rnn_shapes, returns=lambda shapes: shapes[::-1]),
    "the two shapes come in the wrong order. " + RETURNED,
)

wrong.add("nothing_returned", but(rnn_shapes, returns=lambda shapes: None), NO_RETURN)


EXERCISE = Exercise(
    reference=rnn_shapes,
    inputs=network,
    points=12,
    parts=("output", "h_n"),
    forbidden=("torch.nn", *OPERATORS),
    cases=(
        Case(name="one direction", inputs=partial(network, bidirectional=False)),
        Case(name="time first", inputs=partial(network, batch_first=False)),
        Case(
            name="time first, one direction",
            inputs=partial(network, batch_first=False, bidirectional=False),
        ),
        Case(name="one layer, both directions", inputs=partial(network, num_layers=1)),
        Case(
            name="one layer, one direction",
            inputs=partial(network, num_layers=1, bidirectional=False),
        ),
        Case(
            name="the default arguments",
            inputs=sizes,
            why="With the four sizes alone: one layer, one direction, batch first.",
        ),
        Case(
            name="one sequence, one step, one unit",
            value=False,
            inputs=partial(network, batch=1, seq_len=1, hidden_size=1, bidirectional=False),
            why=AXIS_OF_ONE,
        ),
    ),
    mistakes=wrong,
    look="Draw the states as in the pictures and count along each axis.",
    when_right=(
        "Name D first, and two lines are left. The traps lie in what does not change: batch_first "
        "never moves the batch of h_n, one layer and one direction still leave an axis of size 1, "
        "and the input size is in neither shape. Next question: a network with one direction "
        "should give an output as wide as one with two. How large must its H be, and does h_n "
        "then have the same shape in both?"
    ),
)
