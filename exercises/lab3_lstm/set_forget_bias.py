"""Params whose forget gate starts open."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab3_lstm._draws import PARAM_SHAPES, lstm_params
from exercises.lab3_lstm._programs import DTYPE, NO_RETURN, Program, as_float64
from solutions.lab3_lstm import set_forget_bias


def inputs(rng: np.random.Generator, I: int, H: int) -> Mapping[str, Any]:
    return {"params": lstm_params(rng, I, H), "value": float(rng.uniform(1.5, 5))}


def with_value(draw: Callable[[np.random.Generator], float]) -> Callable[..., Mapping[str, Any]]:
    """The arguments of a call with the value drawn like this."""
    return lambda rng: {**inputs(rng, I=2, H=3), "value": draw(rng)}


whole_number = with_value(lambda rng: 2)


def write_into_result(entry: Callable[..., Any], **arguments: Any) -> Any:
    """Set every array of the result to 7, and then look at the params that were handed in."""
    result = entry(*arguments.values())
    for array in result.values():
        array[...] = 7
    params = arguments["params"]
    afterwards = {f"{name} of params afterwards": array for name, array in params.items()}
    return {"the result is a new dict": result is not params, **afterwards}


def copying(array: str, edits: Mapping[str, str] | None = None) -> Program:
    """The right params, except for how each array is copied."""
    return edited(set_forget_bias, {"np.array(as_float(array))": array, **(edits or {})})


def setting(line: str) -> Program:
    """Right copies, and another line for what is set in them."""
    return edited(set_forget_bias, {FILL: line})


FILL = 'copied["b_f"][:] = value'
NEW_BIAS = {FILL: 'copied["b_f"] = np.full_like(params["b_f"], value)'}

wrong = Mistakes()

wrong.family(
    "Write into every array of your result: do the caller's arrays change?",
    (
        "shallow",
        copying("array", NEW_BIAS),
        "b_f is new and all other arrays are shared with the caller's",
    ),
    ("fills_the_callers", copying("array"), "the caller's own b_f is filled"),
    (
        "copies_biases_only",
        copying('array.copy() if name.startswith("b_") else array'),
        "the weights are shared with the caller's",
    ),
    (
        "copies_weights_only",
        copying('array.copy() if name.startswith("W_") else array', NEW_BIAS),
        "the other biases are shared with the caller's",
    ),
)


@wrong
def stored_in_the_callers_dict(params, value):
    """the new b_f is stored in the caller's dict.
    A new dict is asked for: which one do you return?"""
    params["b_f"] = np.full_like(params["b_f"], value)
    return params


WHICH = "The name of the forget gate's bias is in the statement."
for name, filled, when in (
    ("nothing_set", [], "nothing is set"),
    ("input_bias", ["b_i"], "another gate's bias is filled"),
    ("output_bias", ["b_o"], "the output gate's bias is filled"),
    ("every_bias", ["b_f", "b_i", "b_g", "b_o"], "the biases of all gates are filled"),
    ("weights_too", ["b_f", "W_f"], "the forget gate's weights are filled too"),
):
    fills = setting(f"for name in {filled}: copied[name][:] = value")
    wrong.add(name, fills, f"{when}. {WHICH}")
wrong.add(
    "everything",
    setting("for array in copied.values(): array[:] = value"),
    "every array is filled. " + WHICH,
)

B_F = "b_f keeps its shape and its dtype; all its entries become the value."
wrong.add(
    "first_unit_only",
    setting('copied["b_f"][0] = value'),
    "one entry of b_f is set and the others stay. " + B_F,
)
wrong.add(
    "extra_axis",
    setting('copied["b_f"] = np.full_like(copied["b_f"][None], value)'),
    "b_f gets an axis for the batch. " + B_F,
)
wrong.add(
    "dtype_of_the_value",
    setting('copied["b_f"] = np.full(copied["b_f"].shape, value)'),
    "b_f takes the dtype of the value in place of its own. " + B_F,
)
wrong.family(
    B_F,
    ("negated", setting('copied["b_f"][:] = -value'), "the value has the wrong sign"),
    ("single_number", setting('copied["b_f"] = value'), "b_f becomes a single number"),
)

wrong.add(
    "adds",
    setting('copied["b_f"][:] += value'),
    "the value is added to the bias that was there. Does the result depend on the old b_f?",
)
wrong.add(
    "open_gate",
    setting('copied["b_f"][:] = sigmoid(value)'),
    "the gate itself is stored in place of its bias. Is the value what the gate becomes, or what its bias becomes?",
)
wrong.add(
    "half_of_the_value",
    setting('copied["b_f"][:] = value / 2'),
    "half of the value is set, as for PyTorch's two biases. How many forget biases does a gate have in these params?",
)
wrong.add(
    "always_one",
    setting('copied["b_f"][:] = 1'),
    "b_f becomes 1 whatever the value. Look for a number in your code that should be an argument.",
)

EIGHT = "All eight arrays are asked for."
wrong.add(
    "b_f_only",
    but(set_forget_bias, returns=lambda new: {"b_f": new["b_f"]}),
    "only b_f comes back. " + EIGHT,
)
wrong.add("rest_only", setting('del copied["b_f"]'), "b_f is missing from the result. " + EIGHT)
wrong.add("nothing_returned", edited(set_forget_bias, {"return copied": "return None"}), NO_RETURN)
wrong.add(
    "always_float64",
    but(set_forget_bias, returns=as_float64),
    "the params are float64 whatever came in. " + DTYPE,
)


EXERCISE = Exercise(
    reference=set_forget_bias,
    inputs=inputs,
    points=4,
    axes={"I": 2, "H": 4},
    shapes=PARAM_SHAPES,
    cases=(
        Case(
            name="a whole number as the value",
            inputs=whole_number,
            why="b_f is an array of floats, also where the value is an int.",
        ),
        Case(
            name="a value of zero",
            inputs=with_value(lambda rng: 0.0),
            why="0 is a value like any other.",
        ),
        Case(name="a negative value", inputs=with_value(lambda rng: float(rng.uniform(-4, -1)))),
        Case(
            name="writing into the result afterwards",
            inputs=whole_number,
            value=False,
            scenario=write_into_result,
            why="The result must share no array with the params that were handed in.",
        ),
    ),
    mistakes=wrong,
    look="Eight new arrays: seven copies, and one that is filled.",
    when_right=(
        "Eight copies, and one of them is filled. Copying the dict alone is the trap: all values "
        "are right, and a later update in place changes two networks at once. A new array of the "
        "value brings its own dtype along, so a whole number would make b_f an array of integers. "
        "Next question: PyTorch adds two biases, and both always get the same gradient. Why, and "
        "what do you set if their sum should be 1?"
    ),
)
