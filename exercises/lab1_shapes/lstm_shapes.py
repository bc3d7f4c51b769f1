"""The shapes that nn.LSTM gives back, with a projection or without."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import OPERATORS, Case, Exercise, Mistakes, but, edited
from exercises.lab1_shapes._draws import network, sizes
from exercises.lab1_shapes._looks import AXIS_OF_ONE, PYTORCHS_DEFAULT, RETURNED
from exercises.lab1_shapes.rnn_shapes import without_ones
from solutions.lab1_shapes import lstm_shapes


def inputs(rng: np.random.Generator, **changes: Any) -> Mapping[str, Any]:
    return {**network(rng), "proj_size": int(rng.choice([2, 4])), **changes}


def in_letters(B, T, I, H, L=1, bidirectional=False, batch_first=True, proj_size=0):
    """lstm_shapes with short names, of which mistakes are edited."""
    D = 2 if bidirectional else 1
    P = proj_size or H
    width = D * P
    output = (B, T, width) if batch_first else (T, B, width)
    h_n = (L * D, B, P)
    c_n = (L * D, B, H)
    return output, h_n, c_n


def width(formula: str) -> Callable[..., Any]:
    """lstm_shapes with an output of another width."""
    return edited(in_letters, {"D * P": formula})


def states(h_n: str = "(L * D, B, P)", c_n: str = "(L * D, B, H)") -> Callable[..., Any]:
    """lstm_shapes with other shapes for one state or both."""
    edits = {"h_n = (L * D, B, P)": f"h_n = {h_n}", "c_n = (L * D, B, H)": f"c_n = {c_n}"}
    return edited(in_letters, edits)


wrong = Mistakes()

wrong.family(
    "Which of output, h_n and c_n does the projection shrink, and which not?",
    ("projection_ignored", but(lstm_shapes, proj_size=lambda _: 0), "proj_size changes nothing"),
    ("cell_projected", states(c_n="(L * D, B, P)"), "the cell state is projected too"),
    ("state_unprojected", states("(L * D, B, H)"), "only output is projected, and h_n keeps H"),
    ("output_unprojected", width("D * H"), "only h_n is projected, and output keeps H"),
)
wrong.add(
    "zero_taken_literally",
    edited(in_letters, {"proj_size or H": "proj_size"}),
    "proj_size=0 is taken for a projection to no numbers at all. What does proj_size=0 stand for?",
)
wrong.add("pytorchs_default", but(lstm_shapes, defaults={"batch_first": False}), PYTORCHS_DEFAULT)
wrong.add(
    "cell_before_state",
    but(lstm_shapes, returns=lambda s: (s[0], s[2], s[1])),
    "c_n comes before h_n. " + RETURNED,
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
    width("P"),
    "output is one state wide although there are two directions. How many numbers stand side by side at one step of the output?",
)
wrong.family(
    "Both states have one entry per layer and direction, whatever batch_first says.",
    (
        "states_batch_first",
        states("(B, L * D, P)", "(B, L * D, H)"),
        "the batch comes first in both states",
    ),
    (
        "states_follow_batch_first",
        states(
            "(B, L * D, P) if batch_first else (L * D, B, P)",
            "(B, L * D, H) if batch_first else (L * D, B, H)",
        ),
        "batch_first moves the batch of the states as well",
    ),
    (
        "states_without_directions",
        states("(L, B, P)", "(L, B, H)"),
        "the states have one entry per layer although there are two directions",
    ),
    (
        "states_side_by_side",
        states("(L, B, D * P)", "(L, B, D * H)"),
        "the directions stand side by side in the states, as they do in output",
    ),
    ("states_of_one_layer", states("(D, B, P)", "(D, B, H)"), "the states hold one layer only"),
    (
        "cell_without_directions",
        states(c_n="(L, B, H)"),
        "c_n has one entry per layer although there are two directions",
    ),
    ("cell_batch_first", states(c_n="(B, L * D, H)"), "the batch comes first in c_n"),
)
wrong.family(
    AXIS_OF_ONE,
    (
        "states_flat",
        states("(L * D, B, P) if L * D > 1 else (B, P)", "(L * D, B, H) if L * D > 1 else (B, H)"),
        "the states lose their first axis where there is one layer and one direction",
    ),
    ("ones_left_out", but(lstm_shapes, returns=without_ones), "axes of size 1 are left out"),
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
    forbidden=("torch.nn", *OPERATORS),
    cases=(
        Case(name="no projection", inputs=partial(inputs, proj_size=0)),
        Case(
            name="no projection named",
            inputs=network,
            why="Where proj_size is not given, there is no projection.",
        ),
        Case(name="one direction", inputs=partial(inputs, bidirectional=False)),
        Case(name="time first", inputs=partial(inputs, batch_first=False)),
        Case(
            name="time first, one direction, no projection",
            inputs=partial(inputs, batch_first=False, bidirectional=False, proj_size=0),
        ),
        Case(name="one layer", inputs=partial(inputs, num_layers=1)),
        Case(name="a projection to one number", inputs=partial(inputs, proj_size=1)),
        Case(
            name="the default arguments",
            inputs=sizes,
            why="With the four sizes alone: one layer, one direction, batch first, no projection.",
        ),
        Case(
            name="one sequence, one step, one unit",
            value=False,
            inputs=partial(
                inputs, batch=1, seq_len=1, hidden_size=1, bidirectional=False, proj_size=0
            ),
            why=AXIS_OF_ONE,
        ),
    ),
    mistakes=wrong,
    look="First the shapes without a projection; then ask of each whether it holds h or c.",
    when_right=(
        "The function before this one does the work: ask it once with the numbers that h carries, "
        "and once with H, for the cell. Without a projection h_n and c_n have one shape, so "
        "nothing tells you when you have mixed them up; and PyTorch hands the two over as an "
        "inner pair. Next question: with a projection, which matrix of the first layer gets "
        "smaller, and what shape has the one that is added?"
    ),
)
