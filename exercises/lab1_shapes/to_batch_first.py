"""From time first to batch first."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab1_shapes._looks import CAST, DETACHED, LISTS, SQUEEZED
from solutions.lab1_shapes import to_batch_first


def inputs(rng: np.random.Generator, T: int, B: int, I: int) -> Mapping[str, Any]:
    return {"x": rng.standard_normal((T, B, I))}


wrong = Mistakes()

wrong.family(
    "Write the letters of the axes down before and after: T B I, and B T I.",
    ("unchanged", lambda x: x, "x comes back as it was"),
    ("all_turned", lambda x: x.permute(2, 1, 0), "all three axes are reversed"),
    ("last_two", lambda x: x.transpose(1, 2), "the last two axes change places"),
    ("features_second", lambda x: x.permute(1, 2, 0), "the axes come out as B, I, T"),
    ("features_first", lambda x: x.permute(2, 0, 1), "the axes come out as I, T, B"),
    (
        "side_by_side",
        lambda x: torch.cat(list(x), dim=-1),
        "the steps stand side by side in the last axis",
    ),
)
wrong.family(
    "The numbers must change their order too: sequence b must fill row b, step after step.",
    (
        "only_the_shape",
        lambda x: x.reshape(x.shape[1], x.shape[0], x.shape[2]),
        "the numbers keep their order in memory and are only cut into other rows",
    ),
    (
        "view_of_memory",
        lambda x: x.view(x.shape[1], x.shape[0], x.shape[2]),
        "the numbers keep their order in memory and are only viewed in another shape",
    ),
)
wrong.add(
    "time_backwards",
    but(to_batch_first, returns=lambda result: result.flip(1)),
    "every sequence runs backwards in time. Where does step 0 of a sequence belong in the result?",
)
wrong.add(
    "batch_backwards",
    but(to_batch_first, returns=lambda result: result.flip(0)),
    "the sequences come in reverse order. Where does sequence 0 belong in the result?",
)


wrong.add(
    "guessed_from_sizes",
    lambda x: x.transpose(0, 1) if x.shape[0] > x.shape[1] else x,
    "the axes are turned only where there are more steps than sequences. The function is told that x is time first; there is nothing to guess.",
)
wrong.add(
    "in_place",
    lambda x: x.transpose_(0, 1),
    "the caller's x is turned itself. Look for a method whose name ends in an underscore.",
)
wrong.add(
    "through_a_list",
    lambda x: torch.tensor(x.transpose(0, 1).tolist()),
    "the numbers pass through a Python list, which loses dtype and gradient. " + LISTS,
)


@wrong
def buffer_on_the_cpu(x):
    """the result is written into a tensor on PyTorch's default device.
    A new tensor should take its device from x."""
    T, B, I = x.shape
    result = torch.zeros(B, T, I, dtype=x.dtype)
    for t in range(T):
        result[:, t] = x[t]
    return result


wrong.add("squeezed", but(to_batch_first, returns=torch.squeeze), SQUEEZED)
wrong.add(
    "detached",
    but(to_batch_first, x=torch.detach),
    "the result is cut from the graph, so that no gradient gets back to x. " + DETACHED,
)
wrong.add(
    "single_precision",
    but(to_batch_first, returns=torch.Tensor.float),
    "the result is float32 whatever came in. " + CAST,
)
wrong.add(
    "double_precision",
    but(to_batch_first, returns=torch.Tensor.double),
    "the result is float64 whatever came in. " + CAST,
)


EXERCISE = Exercise(
    reference=to_batch_first,
    inputs=inputs,
    points=8,
    axes={"T": 5, "B": 3, "I": 4},
    shapes={"x": "T B I", "return": "B T I"},
    cases=(
        Case(name="more sequences than steps", inputs=partial(inputs, T=2, B=7, I=3)),
        Case(name="as many sequences as steps", inputs=partial(inputs, T=4, B=4, I=3)),
        Case(name="as many features as steps", inputs=partial(inputs, T=5, B=3, I=5)),
    ),
    mistakes=wrong,
    look="Which two axes change places, and which stays where it is?",
    when_right=(
        "Several functions move axes and copy nothing: they give a view that looks the same "
        "numbers up in another order. So whoever writes into the result writes into x. Reshaping "
        "is the trap, because it gives the right shape with the numbers in the wrong places. Next "
        "question: the numbers of the result no longer lie in memory one behind the other. Which "
        "method refuses such a tensor, and what does contiguous() do about it?"
    ),
)
