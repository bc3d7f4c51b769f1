"""Params whose forget gate starts open."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab3_lstm._draws import Array, Params, as_float64, lstm_params
from solutions.lab3_lstm import set_forget_bias

New = dict[str, Any]


def inputs(rng: np.random.Generator, I: int, H: int) -> Mapping[str, Any]:
    return {"params": lstm_params(rng, I, H), "value": float(rng.uniform(1.5, 5))}


def whole_number(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng, I=2, H=3), "value": 2}


def zero(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng, I=2, H=3), "value": 0.0}


def negative(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng, I=2, H=3), "value": float(rng.uniform(-4, -1))}


def write_into_result(entry: Callable[..., Any], **arguments: Any) -> Any:
    """Set every array of the result to 7, and then look at the params that were handed in."""
    result = entry(*arguments.values())
    for array in result.values():
        array[...] = 7
    return {f"{name} of params afterwards": p for name, p in arguments["params"].items()}


def shallow(params: Params, value: float) -> New:
    return {**params, "b_f": np.full_like(params["b_f"], value)}


def fills_the_callers(params: Params, value: float) -> New:
    new = dict(params)
    new["b_f"][...] = value
    return new


def copies_biases_only(params: Params, value: float) -> New:
    new = {name: p.copy() if name.startswith("b_") else p for name, p in params.items()}
    new["b_f"][...] = value
    return new


def copies_weights_only(params: Params, value: float) -> New:
    new = {name: p.copy() if name.startswith("W_") else p for name, p in params.items()}
    new["b_f"] = np.full_like(params["b_f"], value)
    return new


wrong = Mistakes()


@wrong
def adds(params: Params, value: float) -> New:
    """the value is added to the bias that was there.
    Does the result depend on the old b_f?"""
    new = set_forget_bias(params, value)
    return {**new, "b_f": params["b_f"] + new["b_f"]}


def setting(*names: str) -> Callable[..., New]:
    """Fills other arrays than the one that was meant."""

    def changed(params: Params, value: float) -> New:
        new = {name: np.array(p) for name, p in params.items()}
        for name in names:
            new[name][...] = value
        return new

    return changed


def with_b_f(change: Callable[[Array, float], Any]) -> Callable[..., New]:
    """The right params with another b_f: change(the right one, the value)."""

    def changed(params: Params, value: float) -> New:
        new = set_forget_bias(params, value)
        return {**new, "b_f": change(new["b_f"], value)}

    return changed


def first_unit_only(params: Params, value: float) -> New:
    new = {name: np.array(p) for name, p in params.items()}
    new["b_f"][0] = value
    return new


@wrong
def half_of_the_value(params: Params, value: float) -> New:
    """half of the value is set, as for PyTorch's two biases.
    How many forget biases does a gate have in these params?"""
    return set_forget_bias(params, value / 2)


@wrong
def always_one(params: Params, value: float) -> New:
    """b_f becomes 1 whatever the value.
    Look for a number in your code that should be an argument."""
    return set_forget_bias(params, 1.0)


def none(params: Params, value: float) -> None:
    set_forget_bias(params, value)


def b_f_only(new: New) -> New:
    return {"b_f": new["b_f"]}


def rest_only(new: New) -> New:
    return {name: p for name, p in new.items() if name != "b_f"}


def all_like_b_f(params: Params, value: float) -> New:
    return {name: np.full_like(p, value) for name, p in params.items()}


def new_dict(params: Params, value: float) -> New:
    new = {}
    for name in params:
        filled = np.zeros_like(params[name]) + params[name].dtype.type(value)
        new[name] = filled if name == "b_f" else np.copy(params[name])
    return new


def deep_copy(params: Params, value: float) -> New:
    new = copy.deepcopy(dict(params))
    new["b_f"].fill(value)
    return new


def by_arithmetic(params: Params, value: float) -> New:
    new = {name: 1 * p for name, p in params.items()}
    new["b_f"] = new["b_f"] * 0 + value
    return new


COPY = "Write into every array of your result: do the caller's arrays change?"
WHICH = "The name of the forget gate's bias is in the statement."
B_F = "b_f keeps its shape and its dtype; all its entries become the value."

wrong.add(
    "shallow", shallow, "b_f is new and all other arrays are shared with the caller's. " + COPY
)
wrong.add("fills_the_callers", fills_the_callers, "the caller's own b_f is filled. " + COPY)
wrong.add(
    "copies_biases_only", copies_biases_only, "the weights are shared with the caller's. " + COPY
)
wrong.add(
    "copies_weights_only",
    copies_weights_only,
    "the other biases are shared with the caller's. " + COPY,
)
wrong.add("nothing_set", setting(), "nothing is set. " + WHICH)
wrong.add("input_bias", setting("b_i"), "another gate's bias is filled. " + WHICH)
wrong.add("output_bias", setting("b_o"), "the output gate's bias is filled. " + WHICH)
wrong.add(
    "every_bias",
    setting("b_f", "b_i", "b_g", "b_o"),
    "the biases of all gates are filled. " + WHICH,
)
wrong.add(
    "weights_too", setting("b_f", "W_f"), "the forget gate's weights are filled too. " + WHICH
)
wrong.add("everything", all_like_b_f, "every array is filled. " + WHICH)
wrong.add(
    "first_unit_only", first_unit_only, "one entry of b_f is set and the others stay. " + B_F
)
wrong.add("negated", with_b_f(lambda b, value: -b), "the value has the wrong sign. " + B_F)
wrong.add(
    "open_gate",
    with_b_f(lambda b, value: 1 / (1 + np.exp(-b))),
    "the gate itself is stored in place of its bias. Is the value what the gate becomes, or what its bias becomes?",
)
wrong.add("single_number", with_b_f(lambda b, value: value), "b_f becomes a single number. " + B_F)
wrong.add(
    "extra_axis", with_b_f(lambda b, value: b[None]), "b_f gets an axis for the batch. " + B_F
)
wrong.add(
    "dtype_of_the_value",
    with_b_f(lambda b, value: np.full(b.shape, value)),
    "b_f takes the dtype of the value in place of its own. " + B_F,
)
wrong.add(
    "b_f_only",
    but(set_forget_bias, returns=b_f_only),
    "only b_f comes back. All eight arrays are asked for.",
)
wrong.add(
    "rest_only",
    but(set_forget_bias, returns=rest_only),
    "b_f is missing from the result. All eight arrays are asked for.",
)
wrong.add("nothing_returned", none, "nothing comes back. Look at the last line of your function.")
wrong.add(
    "always_float64",
    but(set_forget_bias, returns=as_float64),
    "the params are float64 whatever came in. Look at where your code names a dtype.",
)


EXERCISE = Exercise(
    reference=set_forget_bias,
    inputs=inputs,
    points=4,
    axes={"I": 2, "H": 4},
    shapes={**{f"W_{q}": "I+H H" for q in "figo"}, **{f"b_{q}": "H" for q in "figo"}},
    without=frozenset({"integer inputs"}),
    cases=(
        Case(
            name="a whole number as the value",
            inputs=whole_number,
            why="b_f is an array of floats, also where the value is an int.",
        ),
        Case(name="a value of zero", inputs=zero, why="0 is a value like any other."),
        Case(name="a negative value", inputs=negative),
        Case(
            name="writing into the result afterwards",
            inputs=whole_number,
            value=False,
            scenario=write_into_result,
            why="The result must share no array with the params that were handed in.",
        ),
    ),
    mistakes=wrong,
    also_right=(new_dict, deep_copy, by_arithmetic),
    look="Eight new arrays: seven copies, and one that is filled.",
)
