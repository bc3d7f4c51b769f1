"""One step of gradient descent on a dict of parameters."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab2_rnn._draws import Array
from solutions.lab2_rnn import sgd_step

Params = dict[str, Array]


def inputs(rng: np.random.Generator, I: int, H: int) -> Mapping[str, Any]:
    params = {
        "W_xh": rng.standard_normal((I, H)),
        "W_hh": rng.standard_normal((H, H)),
        "b_h": rng.standard_normal(H),
    }
    grads = {name: rng.standard_normal(params[name].shape) for name in ("b_h", "W_xh", "W_hh")}
    return {"params": params, "grads": grads, "lr": float(rng.uniform(0.1, 0.5))}


def extra_keys(rng: np.random.Generator) -> Mapping[str, Any]:
    given = inputs(rng, 4, 3)
    return {
        **given,
        "grads": {"dx": rng.standard_normal((2, 4)), **given["grads"], "dh0": np.ones(3)},
    }


def one_missing(rng: np.random.Generator) -> Mapping[str, Any]:
    given = inputs(rng, 4, 3)
    return {**given, "grads": {name: given["grads"][name] for name in ("W_xh", "b_h")}}


def no_step(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng, 4, 3), "lr": 0.0}


wrong = Mistakes()


@wrong
def uphill(params: Params, grads: Params, lr: float) -> Params:
    """the step goes up the gradient.
    In which direction does the loss fall?"""
    return sgd_step(params, grads, -lr)


@wrong
def without_rate(params: Params, grads: Params, lr: float) -> Params:
    """the learning rate is not used.
    Call twice with different lr: does the result change?"""
    return sgd_step(params, grads, 1.0)


@wrong
def only_the_step(params: Params, grads: Params, lr: float) -> Params:
    """the steps come back without the parameters.
    What should come out for gradients of zero?"""
    return {name: -lr * grads[name] for name in params}


@wrong
def divided_by_rate(params: Params, grads: Params, lr: float) -> Params:
    """the gradient is divided by lr.
    Should a smaller lr take a larger or a smaller step?"""
    return {
        name: value - grads[name] / lr if lr else value * np.inf for name, value in params.items()
    }


@wrong
def in_place(params: Params, grads: Params, lr: float) -> Params:
    """the caller's parameters are changed.
    Look for -=, or for a store into a dict, on something that was handed in."""
    new = sgd_step(params, grads, lr)
    for name in params:
        params[name] -= lr * grads[name]
    return new


@wrong
def by_order(params: Params, grads: Params, lr: float) -> Params:
    """parameters and gradients are paired by their order.
    The two dicts need not have the same order."""
    pairs = zip(params.items(), grads.values(), strict=False)
    return {name: value - lr * grad for (name, value), grad in pairs}


@wrong
def keeps_extra_keys(params: Params, grads: Params, lr: float) -> Params:
    """keys that only the gradients have come back, too.
    Which of the two dicts says what the result contains?"""
    new = {name: -lr * grad for name, grad in grads.items()}
    for name, value in params.items():
        new[name] = value - lr * grads[name]
    return new


@wrong
def loops_over_grads(params: Params, grads: Params, lr: float) -> Params:
    """the loop runs over the gradients.
    Which of the two dicts says what the result contains?"""
    return {name: params[name] - lr * grad for name, grad in grads.items()}


@wrong
def skips_missing(params: Params, grads: Params, lr: float) -> Params:
    """a parameter without gradient is passed over in silence.
    Read again what should happen where a gradient is missing."""
    return {
        name: value - lr * grads[name] if name in grads else value
        for name, value in params.items()
    }


@wrong
def leaves_missing_out(params: Params, grads: Params, lr: float) -> Params:
    """a parameter without gradient is left out of the result.
    Read again what should happen where a gradient is missing."""
    return {name: params[name] - lr * grads[name] for name in params if name in grads}


@wrong
def value_error(params: Params, grads: Params, lr: float) -> Params:
    """a missing gradient raises ValueError.
    Read again which exception a missing gradient raises."""
    for name in params:
        if name not in grads:
            raise ValueError(f"no gradient for {name}")
    return sgd_step(params, grads, lr)


@wrong
def nameless_error(params: Params, grads: Params, lr: float) -> Params:
    """the KeyError does not say which parameter has no gradient.
    What would you like to read, with twenty parameters?"""
    if set(params) - set(grads):
        raise KeyError("a gradient is missing")
    return sgd_step(params, grads, lr)


@wrong
def only_weights(params: Params, grads: Params, lr: float) -> Params:
    """the biases are not updated.
    Which parameters does your loop reach?"""
    new = sgd_step(params, grads, lr)
    return {
        name: value if name.startswith("W") else 1 * params[name] for name, value in new.items()
    }


@wrong
def always_float64(params: Params, grads: Params, lr: float) -> Params:
    """float32 parameters come back as float64.
    Look at the dtype of each thing that you multiply."""
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


wrong.add(
    "rate_squared",
    but(sgd_step, lr=lambda lr: lr * lr),
    "the learning rate is multiplied in twice. Look at each place where lr stands.",
)


EXERCISE = Exercise(
    reference=sgd_step,
    inputs=inputs,
    points=5,
    axes={"I": 4, "H": 3},
    shapes={"W_xh": "I H", "W_hh": "H H", "b_h": "H"},
    without=frozenset({"integer inputs"}),
    cases=(
        Case(
            name="gradients with extra keys",
            inputs=extra_keys,
            value=False,
            why="Gradients of what is no parameter are ignored.",
        ),
        Case(
            name="a learning rate of zero",
            inputs=no_step,
            value=False,
            why="With lr = 0 every parameter keeps its value.",
        ),
        Case(
            name="a parameter without gradient",
            inputs=one_missing,
            value=False,
            raises=KeyError,
            mentions="W_hh",
            why="A missing gradient is told by a KeyError that names the parameter.",
        ),
    ),
    mistakes=wrong,
    also_right=(copies_first, with_a_kind_error, with_numpy),
    look="For one parameter: new value = old value − lr · gradient.",
)
