"""What mistakes of more than one exercise of this lab are made of, and where they say to look."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import edited
from exercises.lab2_rnn._draws import Array
from solutions.lab2_rnn import rnn_step_backward

INDENTED = "Look at how far your return is indented."
NO_RETURN = (
    "the result is worked out and not returned. Does your function end with return, or with print?"
)
SLOPE_OF_TANH = "What is the derivative of tanh, written with its result h?"


def step(old: str, new: str) -> Callable[..., dict[str, Array]]:
    """The backward pass of one step with one piece of its text replaced."""
    return edited(rnn_step_backward, {old: new})


def slope(new: str) -> Callable[..., dict[str, Array]]:
    """The backward pass of one step with something else for the derivative of tanh."""
    return step("(1 - as_float(h) ** 2)", new)


def in_float64(grads: Mapping[str, Any]) -> dict[str, Array]:
    """The same numbers, whatever their dtype was, as float64."""
    return {name: grad.astype(np.float64) for name, grad in grads.items()}
