"""Slips that several exercises of this lab share: changes to params and to results."""

from collections.abc import Callable
from typing import Any

import numpy as np

from exercises.lab3_lstm._draws import Array, Params

Program = Callable[..., Any]

DTYPE = "Look at where your code names a dtype."
HANDED_IN = "Look for an assignment into what was handed in."
INDENTED = "Look at how far your return is indented."
NO_RETURN = (
    "the result is worked out and not returned. Does your function end with return, or with print?"
)
TIME = "Which axis of x is time?"
RESHAPED = "Which numbers does reshape put into the first row?"
HOLDS_INTEGERS = "What can an array of integers hold?"


def exchanged(first: str, second: str) -> Callable[[Params], dict[str, Array]]:
    """Params in which two gates have changed places; gates are named by the end of their names."""
    swap = {first: second, second: first}
    return lambda params: {
        name: params[name[:-1] + swap.get(name[-1], name[-1])] for name in params
    }


def zeroed(prefix: str) -> Callable[[Params], dict[str, Array]]:
    """Params in which all that begins with a prefix is zero."""
    return lambda params: {
        name: np.zeros_like(array) if name.startswith(prefix) else array
        for name, array in params.items()
    }


def each(change: Callable[[Array], Any]) -> Callable[[Any], Any]:
    """The change of every array of a result: the only one, those of a tuple, those of a dict."""

    def changed(result: Any) -> Any:
        if isinstance(result, dict):
            return {name: change(array) for name, array in result.items()}
        return tuple(map(change, result)) if isinstance(result, tuple) else change(result)

    return changed


def axes_reshaped(array: Array) -> Array:
    """What reshape makes of the states of all steps, stacked with time in front, in place of a turn."""
    return array.swapaxes(0, 1).copy().reshape(array.shape)


reshaped = each(axes_reshaped)
as_float64 = each(lambda array: array.astype(np.float64))
backwards = each(lambda array: array[:, ::-1])
time_first = each(lambda array: array.swapaxes(0, 1))
last_step = each(lambda array: array[:, -1])
last_step_everywhere = each(lambda array: np.repeat(array[:, -1:], array.shape[1], axis=1))
