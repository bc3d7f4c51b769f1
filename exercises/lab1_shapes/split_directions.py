"""The two directions of a bidirectional output."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab1_shapes._looks import ASSERT, CAST, DETACHED, EXCEPTION, SILENT, SQUEEZED
from solutions.lab1_shapes import split_directions


def inputs(rng: np.random.Generator, B: int, T: int, H: int) -> Mapping[str, Any]:
    return {"output": rng.standard_normal((B, T, 2 * H))}


def odd(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"output": rng.standard_normal((2, 4, 7))}


def in_letters(output):
    """split_directions with short names, of which mistakes are edited."""
    width = output.shape[-1]
    if width % 2:
        raise ValueError(f"output has an odd last axis: {width}")
    H = width // 2
    return output[..., :H], output[..., H:]


split = partial(edited, in_letters)  # with pieces of its text replaced
MESSAGE = 'f"output has an odd last axis: {width}"'
CHECK = f"if width % 2:\n        raise ValueError({MESSAGE})"


def cut(halves: str) -> Callable[..., Any]:
    """split_directions with something else returned."""
    return split({"output[..., :H], output[..., H:]": halves})


wrong = Mistakes()

wrong.add(
    "swapped",
    but(split_directions, returns=lambda both: both[::-1]),
    "backward comes before forward. Which direction does PyTorch put first?",
)
wrong.add(
    "every_other",
    cut("output[..., 0::2], output[..., 1::2]"),
    "every other number goes to the other direction. How are the numbers of the two directions laid out along the last axis?",
)
wrong.family(
    "Which axis holds the two directions?",
    ("halves_of_time", cut("output.tensor_split(2, dim=1)"), "the steps are cut in two halves"),
    ("halves_of_batch", cut("output.tensor_split(2, dim=0)"), "the batch is cut in two halves"),
)
wrong.add(
    "turned_in_time",
    but(split_directions, returns=lambda both: (both[0], both[1].flip(1))),
    "the backward half is turned round in time. In which order of time does PyTorch give the backward states?",
)
wrong.add(
    "turned_in_features",
    but(split_directions, returns=lambda both: (both[0], both[1].flip(-1))),
    "the units of the backward half are turned round. The network reads backwards in time; its units have no direction.",
)
wrong.add(
    "turned_in_batch",
    but(split_directions, returns=lambda both: (both[0], both[1].flip(0))),
    "the sequences of the backward half are turned round. Along which axis do you turn anything, and need you?",
)
wrong.family(
    "Count the units in each of your halves.",
    ("shared_unit", split({":H]": ": H + 1]"}), "the forward half reaches one unit too far"),
    ("missing_unit", split({"H:]": "H:-1]"}), "the last unit of the backward half is missing"),
)
wrong.add(
    "forward_twice",
    split({"H:]": ":H]"}),
    "the forward half is returned twice. Where does the second half begin?",
)
wrong.add(
    "kept_axis",
    cut("output.reshape(*output.shape[:2], 2, H).chunk(2, dim=2)"),
    "an axis of size 1 for the direction is left over. How many axes should each of the two results have?",
)
wrong.add(
    "one_tensor",
    but(split_directions, returns=torch.stack),
    "both halves come stacked in one tensor. What does the docstring say is returned?",
)
wrong.add(
    "last_step_only",
    but(split_directions, returns=lambda both: (both[0][:, -1], both[1][:, 0])),
    "only the final state of each direction is returned. The states of every step are asked for.",
)
wrong.family(
    "What should happen where the last axis is odd?",
    ("unchecked", split({"width % 2": "False"}), "an odd last axis is cut into unequal parts"),
    (
        "by_chunk_unchecked",
        lambda output: output.chunk(2, dim=-1),
        "an odd last axis is left to chunk, which cuts unequal parts",
    ),
    (
        "odd_one_dropped",
        split({"width % 2": "False", "H:]": "H : 2 * H]"}),
        "the last number of an odd axis is dropped",
    ),
)
wrong.add(
    "by_shape_only",
    lambda output: output.reshape(*output.shape[:2], 2, output.shape[-1] // 2).unbind(2),
    "an odd last axis ends in an error of PyTorch about shapes. " + EXCEPTION,
)
wrong.add(
    "assertion",
    split({CHECK: 'assert width % 2 == 0, "output must have an even last axis"'}),
    "an odd last axis is caught with assert. " + ASSERT,
)
wrong.add("silent_error", split({MESSAGE: '"odd"'}), SILENT)
wrong.add(
    "refuses_even",
    split({"% 2": "% 2 == 0", MESSAGE: '"output: the last axis must be even"'}),
    "even axes are refused and odd ones are not. Look at the direction of your test.",
)
wrong.add(
    "squeezed",
    but(split_directions, returns=lambda both: (both[0].squeeze(), both[1].squeeze())),
    SQUEEZED,
)
wrong.family(
    DETACHED,
    (
        "detached",
        but(split_directions, output=torch.detach),
        "the halves are cut from the graph, so that no gradient gets back",
    ),
    (
        "backward_detached",
        but(split_directions, returns=lambda both: (both[0], both[1].detach())),
        "the backward half is cut from the graph",
    ),
)
wrong.add(
    "single_precision",
    but(split_directions, returns=lambda both: (both[0].float(), both[1].float())),
    "the halves are float32 whatever came in. " + CAST,
)


EXERCISE = Exercise(
    reference=split_directions,
    inputs=inputs,
    points=12,
    axes={"B": 3, "T": 5, "H": 4},
    shapes={"output": "B T features", "return": "B T H"},
    parts=("forward", "backward"),
    cases=(
        Case(name="one unit in each direction", inputs=partial(inputs, B=3, T=5, H=1)),
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
    look="Draw one step of output with H = 2 and mark which numbers are forward.",
    when_right=(
        "Cutting the last axis in two, or giving it an axis of size 2 first and taking that "
        "apart, comes to the same; either way the odd axis needs its own error. Taking every "
        "other number has the right shape too, and so has a backward half turned round in time; "
        "PyTorch has put it in order already. Next question: which of the 2H numbers at step 0 "
        "have read the whole sequence, and which at the last step?"
    ),
)
