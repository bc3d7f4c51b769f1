"""One step of gradient descent on a dict of parameters."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.labs.lab2_rnn._draws import Array
from autograder.spec import Case, Exercise, Mistake, but
from solutions.lab2_rnn import sgd_step

Params = dict[str, Array]


def inputs(rng: np.random.Generator, I: int, H: int) -> Mapping[str, Any]:
    params = {"W_xh": rng.standard_normal((I, H)), "W_hh": rng.standard_normal((H, H)),
              "b_h": rng.standard_normal(H)}  # fmt: skip
    grads = {name: rng.standard_normal(params[name].shape) for name in ("b_h", "W_xh", "W_hh")}
    return {"params": params, "grads": grads, "lr": float(rng.uniform(0.1, 0.5))}


def extra_keys(rng: np.random.Generator) -> Mapping[str, Any]:
    given = inputs(rng, 4, 3)
    return {**given, "grads": {"dx": rng.standard_normal((2, 4)), **given["grads"], "dh0": np.ones(3)}}


def one_missing(rng: np.random.Generator) -> Mapping[str, Any]:
    given = inputs(rng, 4, 3)
    return {**given, "grads": {name: given["grads"][name] for name in ("W_xh", "b_h")}}


def no_step(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng, 4, 3), "lr": 0.0}


def uphill(params: Params, grads: Params, lr: float) -> Params:
    return sgd_step(params, grads, -lr)


def without_rate(params: Params, grads: Params, lr: float) -> Params:
    return sgd_step(params, grads, 1.0)


def only_the_step(params: Params, grads: Params, lr: float) -> Params:
    return {name: -lr * grads[name] for name in params}


def divided_by_rate(params: Params, grads: Params, lr: float) -> Params:
    return {name: value - grads[name] / lr if lr else value * np.inf for name, value in params.items()}


def in_place(params: Params, grads: Params, lr: float) -> Params:
    new = sgd_step(params, grads, lr)
    for name in params:
        params[name] -= lr * grads[name]
    return new


def by_order(params: Params, grads: Params, lr: float) -> Params:
    pairs = zip(params.items(), grads.values(), strict=False)
    return {name: value - lr * grad for (name, value), grad in pairs}


def keeps_extra_keys(params: Params, grads: Params, lr: float) -> Params:
    new = {name: -lr * grad for name, grad in grads.items()}
    for name, value in params.items():
        new[name] = value - lr * grads[name]
    return new


def loops_over_grads(params: Params, grads: Params, lr: float) -> Params:
    return {name: params[name] - lr * grad for name, grad in grads.items()}


def skips_missing(params: Params, grads: Params, lr: float) -> Params:
    return {name: value - lr * grads[name] if name in grads else value for name, value in params.items()}


def leaves_missing_out(params: Params, grads: Params, lr: float) -> Params:
    return {name: params[name] - lr * grads[name] for name in params if name in grads}


def value_error(params: Params, grads: Params, lr: float) -> Params:
    for name in params:
        if name not in grads:
            raise ValueError(f"no gradient for {name}")
    return sgd_step(params, grads, lr)


def nameless_error(params: Params, grads: Params, lr: float) -> Params:
    if set(params) - set(grads):
        raise KeyError("a gradient is missing")
    return sgd_step(params, grads, lr)


def only_weights(params: Params, grads: Params, lr: float) -> Params:
    new = sgd_step(params, grads, lr)
    return {name: value if name.startswith("W") else 1 * params[name] for name, value in new.items()}


def always_float64(params: Params, grads: Params, lr: float) -> Params:
    return {name: value - np.float64(lr) * grads[name] for name, value in params.items()}


def copies_first(params: Params, grads: Params, lr: float) -> Params:
    new = {name: np.array(value, copy=True) for name, value in params.items()}
    for name in new:
        new[name] -= lr * grads[name]
    return new


def with_a_kind_error(params: Params, grads: Params, lr: float) -> Params:
    missing = [name for name in params if name not in grads]
    if missing:
        raise KeyError(f"no gradient for the parameter {missing[0]!r}")
    return dict(zip(params, (params[n] + grads[n] * (-lr) for n in params), strict=True))


def with_numpy(params: Params, grads: Params, lr: float) -> Params:
    out: Params = {}
    for key in reversed(list(params)):
        out[key] = np.subtract(params[key], np.multiply(grads[key], lr))
    return out


EXERCISE = Exercise(
    reference=sgd_step,
    inputs=inputs,
    points=5,
    axes={"I": 4, "H": 3},
    shapes={"W_xh": "I H", "W_hh": "H H", "b_h": "H"},
    without=frozenset({"integer inputs"}),
    cases=(
        Case(name="gradients with extra keys", inputs=extra_keys, value=False,
             why="Gradients of what is no parameter are ignored."),
        Case(name="a learning rate of zero", inputs=no_step, value=False,
             why="With lr = 0 every parameter keeps its value."),
        Case(name="a parameter without gradient", inputs=one_missing, value=False, raises=KeyError,
             mentions="W_hh", why="A missing gradient is told by a KeyError that names the parameter."),
    ),
    mistakes=(
        Mistake("uphill", uphill, when="the step goes up the gradient",
                look="In which direction does the loss fall?"),
        Mistake("without_rate", without_rate, when="the learning rate is not used",
                look="Call twice with different lr: does the result change?"),
        Mistake("only_the_step", only_the_step, when="the steps come back without the parameters",
                look="What should come out for gradients of zero?"),
        Mistake("divided_by_rate", divided_by_rate, when="the gradient is divided by lr",
                look="Should a smaller lr take a larger or a smaller step?"),
        Mistake("rate_squared", but(sgd_step, lr=lambda lr: lr * lr),
                when="the learning rate is multiplied in twice",
                look="Look at each place where lr stands."),
        Mistake("in_place", in_place, when="the caller's parameters are changed",
                look="Look for -=, or for a store into a dict, on something that was handed in."),
        Mistake("by_order", by_order, when="parameters and gradients are paired by their order",
                look="The two dicts need not have the same order."),
        Mistake("keeps_extra_keys", keeps_extra_keys,
                when="keys that only the gradients have come back, too",
                look="Which of the two dicts says what the result contains?"),
        Mistake("loops_over_grads", loops_over_grads,
                when="the loop runs over the gradients",
                look="Which of the two dicts says what the result contains?"),
        Mistake("skips_missing", skips_missing,
                when="a parameter without gradient is passed over in silence",
                look="Read again what should happen where a gradient is missing."),
        Mistake("leaves_missing_out", leaves_missing_out,
                when="a parameter without gradient is left out of the result",
                look="Read again what should happen where a gradient is missing."),
        Mistake("value_error", value_error, when="a missing gradient raises ValueError",
                look="Read again which exception a missing gradient raises."),
        Mistake("nameless_error", nameless_error,
                when="the KeyError does not say which parameter has no gradient",
                look="What would you like to read, with twenty parameters?"),
        Mistake("only_weights", only_weights, when="the biases are not updated",
                look="Which parameters does your loop reach?"),
        Mistake("always_float64", always_float64, when="float32 parameters come back as float64",
                look="Look at the dtype of each thing that you multiply."),
    ),
    also_right=(copies_first, with_a_kind_error, with_numpy),
    look="For one parameter: new value = old value − lr · gradient.",
)  # fmt: skip
