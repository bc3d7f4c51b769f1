"""One step of gradient descent on a dict of parameters."""

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab2_rnn._draws import RECURRENT
from exercises.lab2_rnn._programs import NO_RETURN
from solutions.lab2_rnn import sgd_step


def inputs(rng, I, H):
    shapes = {"W_xh": (I, H), "W_hh": (H, H), "b_h": H}
    params = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    grads = {name: rng.standard_normal(shapes[name]) for name in ("b_h", "W_xh", "W_hh")}
    return {"params": params, "grads": grads, "lr": float(rng.uniform(0.1, 0.5))}


def extra_keys(rng):
    given = inputs(rng, 4, 3)
    dx, dh0 = rng.standard_normal((2, 4)), np.ones(3)
    return {**given, "grads": {"dx": dx, **given["grads"], "dh0": dh0}}


def one_missing(rng):
    given = inputs(rng, 4, 3)
    return {**given, "grads": {name: given["grads"][name] for name in ("W_xh", "b_h")}}


def no_step(rng):
    return {**inputs(rng, 4, 3), "lr": 0.0}


def write_into_result(entry, params, grads, lr):
    """Set every array of the result to 7, and then look at the params that were handed in."""
    result = entry(params, grads, lr)
    for array in result.values():
        array[...] = 7
    afterwards = {f"{name} of params afterwards": value for name, value in params.items()}
    return {"the result is a new dict": result is not params, **afterwards}


def updated(value: str):
    """The reference with another formula for the new value of a parameter."""
    return edited(sgd_step, {"as_float(value) - lr * grads[name]": value})


wrong = Mistakes()

said = "the step goes up the gradient. In which direction does the loss fall?"
wrong.add("uphill", updated("as_float(value) + lr * grads[name]"), said)

said = "the steps come back without the parameters. What should come out for gradients of zero?"
wrong.add("only_the_step", updated("-lr * grads[name]"), said)

said = "the learning rate is not used. Call twice with different lr: does the result change?"
wrong.add("without_rate", updated("as_float(value) - grads[name]"), said)

said = "the learning rate is multiplied in twice. Look at each place where lr stands."
wrong.add("rate_squared", but(sgd_step, lr=lambda lr: lr * lr), said)

said = "the gradient is divided by lr. Should a smaller lr take a larger or a smaller step?"
wrong.add("divided_by_rate", updated("value - grads[name] / lr if lr else value * np.inf"), said)

wrong.add(
    "only_weights",
    updated('value - lr * grads[name] if name.startswith("W") else value.copy()'),
    "the biases are not updated. Which parameters does your loop reach?",
)

said = (
    "float32 parameters come back as float64. Look at the dtype of each thing that you multiply."
)
wrong.add("always_float64", updated("value - np.float64(lr) * grads[name]"), said)


@wrong
def in_place(params, grads, lr):
    """the caller's parameters are changed and handed back.
    Look for -=, or for a store into a dict, on something that was handed in."""
    for name in params:
        params[name] -= lr * grads[name]
    return params


@wrong
def copy_of_the_dict(params, grads, lr):
    """the dict is copied, and the caller's arrays in it are changed.
    What does params.copy() copy, and what do the two dicts share?"""
    new = params.copy()
    for name in new:
        new[name] -= lr * grads[name]
    return new


wrong.add("nothing_returned", but(sgd_step, returns=lambda new: None), NO_RETURN)


@wrong
def by_order(params, grads, lr):
    """parameters and gradients are paired by their order.
    The two dicts need not have the same order."""
    pairs = zip(params.items(), grads.values(), strict=False)
    return {name: value - lr * grad for (name, value), grad in pairs}


@wrong
def keeps_extra_keys(params, grads, lr):
    """keys that only the gradients have come back, too.
    Which of the two dicts says what the result contains?"""
    steps = {name: -lr * grad for name, grad in grads.items()}
    return {**steps, **sgd_step(params, grads, lr)}


@wrong
def loops_over_grads(params, grads, lr):
    """the loop runs over the gradients.
    Which of the two dicts says what the result contains?"""
    return {name: params[name] - lr * grad for name, grad in grads.items()}


wrong.family(
    "Read again what should happen where a gradient is missing.",
    (
        "skips_missing",
        updated("value - lr * grads[name] if name in grads else value"),
        "a parameter without gradient is passed over in silence",
    ),
    (
        "leaves_missing_out",
        edited(sgd_step, {"in params.items()": "in params.items() if name in grads"}),
        "a parameter without gradient is left out of the result",
    ),
)


@wrong
def value_error(params, grads, lr):
    """a missing gradient raises ValueError.
    Read again which exception a missing gradient raises."""
    for name in params:
        if name not in grads:
            raise ValueError(f"no gradient for {name}")
    return sgd_step(params, grads, lr)


@wrong
def nameless_error(params, grads, lr):
    """the KeyError does not say which parameter has no gradient.
    What would you like to read, with twenty parameters?"""
    if set(params) - set(grads):
        raise KeyError("a gradient is missing")
    return sgd_step(params, grads, lr)


EXERCISE = Exercise(
    reference=sgd_step,
    inputs=inputs,
    points=5,
    axes={"I": 4, "H": 3},
    shapes=RECURRENT,
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
            name="writing into the result afterwards",
            inputs=extra_keys,
            value=False,
            scenario=write_into_result,
            why="The result is a new dict of new arrays: it must share none with params.",
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
    look="For one parameter: new value = old value − lr · gradient.",
    when_right=(
        "A dict comprehension makes new arrays; an update with -= would edit the caller's, and "
        "the old parameters would be gone without an error. Next question: momentum needs a "
        "memory from step to step. Where would you keep it, if functions must not change their "
        "arguments?"
    ),
)
