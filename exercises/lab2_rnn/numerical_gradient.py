"""Central differences, tried on functions whose third derivative gives the step width away."""

import contextlib
import itertools
from typing import Any

import numpy as np

from autograder.spec import Case, Close, Exercise, Inputs, Mistakes, but, edited
from solutions.lab2_rnn import as_float, numerical_gradient

SINGLE = Close(rtol=1e-3, atol=1e-4)


def of_a_wave(entry: Any, x: Any, w: Any, k: float, **rest: float) -> Any:
    """The gradient of Σ w·sin(k·x) plus a product that couples the entries, by the entry point.

    rest may hold eps.  The function refuses an argument of another shape.
    """

    def f(a: Any) -> float:
        if a.shape != w.shape:
            raise ValueError(f"f was called with shape {a.shape}, x has shape {w.shape}")
        a = a.astype(np.float64)
        return float(np.sum(w * np.sin(k * a)) + 0.1 * np.sum(a) ** 3)

    return entry(f, x, *rest.values())


def of_any_float(entry: Any, x: Any, w: Any, k: float, **rest: float) -> Any:
    """The same, in float64: the gradient of a float32 x may be either."""
    gradient = of_a_wave(entry, x, w, k, **rest)
    floats = isinstance(gradient, np.ndarray) and gradient.dtype in (np.float32, np.float64)
    return gradient.astype(np.float64) if floats else gradient


def wave(*shape: int, **constants: float) -> Inputs:
    """Draws x and w of one shape, to go with k and perhaps eps."""
    return lambda rng: {"x": rng.standard_normal(shape), "w": 0.5 + rng.random(shape), **constants}


def inputs(rng, B, I):
    return wave(B, I, k=1.0, eps=1e-2)(rng)


def while_f_raises(entry: Any, x: Any, calls: int) -> Any:
    """x after a call in which f raises once it has been called some times."""
    left = [calls]

    def f(a: Any) -> float:
        left[0] -= 1
        if left[0] < 0:
            raise ArithmeticError("f cannot be worked out here")
        return float(np.sum(np.sin(a)))

    with contextlib.suppress(ArithmeticError):
        entry(f, x)
    return {"x afterwards": x}


def raising(rng):
    """f raises at the second call for some entry: after an odd number of calls."""
    return {"x": rng.standard_normal((3, 2)), "calls": 2 * int(rng.integers(0, 5)) + 1}


def quotient(new: str):
    """The reference with another quotient; above and below are x with one entry moved by eps."""
    return edited(numerical_gradient, {"(f(above) - f(below)) / (2 * eps)": new})


wrong = Mistakes()

wrong.family(
    "On which sides of x do you call f?",
    (
        "one_sided",
        quotient("(f(above) - f(x)) / eps"),
        "the difference is taken to one side, from x to x + eps",
    ),
    (
        "backward_difference",
        quotient("(f(x) - f(below)) / eps"),
        "the difference is taken to one side, from x - eps to x",
    ),
)

wrong.family(
    "How far apart are the two points at which you call f?",
    (
        "without_two",
        quotient("(f(above) - f(below)) / eps"),
        "the difference is divided by eps where the two points are 2·eps apart",
    ),
    (
        "half_of_it",
        quotient("(f(above) - f(below)) / (4 * eps)"),
        "the difference is divided by more than the distance of the two points",
    ),
)

said = "the lower value is taken first. Which of the two values should be subtracted?"
wrong.add("wrong_sign", quotient("(f(below) - f(above)) / (2 * eps)"), said)

said = "the argument eps is never used. Call with a large eps: does the result change?"
wrong.add("eps_ignored", but(numerical_gradient, eps=lambda eps: 1e-5), said)

wrong.family(
    "Compare your signature with the one in the exercise.",
    (
        "another_default",
        but(numerical_gradient, defaults={"eps": 1e-3}),
        "the default of eps is larger than the one asked for",
    ),
    (
        "smaller_default",
        but(numerical_gradient, defaults={"eps": 1e-6}),
        "the default of eps is smaller than the one asked for",
    ),
)

wrong.add(
    "all_at_once",
    edited(numerical_gradient, {"above[i]": "above", "below[i]": "below"}),
    "all entries of x are moved at the same time. How many entries of x differ between your two calls of f?",
)


@wrong
def rows_at_once(f, x, eps=1e-5):
    """a whole row of x is moved at the same time.
    How many entries of x differ between your two calls of f?"""
    gradient = np.zeros(x.shape, as_float(x).dtype)
    for row in range(len(x)):
        above, below = x.astype(np.float64), x.astype(np.float64)
        above[row] += eps
        below[row] -= eps
        gradient[row] = (f(above) - f(below)) / (2 * eps)
    return gradient


@wrong
def two_axes_only(f, x, eps=1e-5):
    """one loop runs over rows and one over columns, so that x must have two axes.
    How many axes may x have?"""
    gradient = np.zeros(x.shape, as_float(x).dtype)
    rows, columns = x.shape
    for place in itertools.product(range(rows), range(columns)):
        above, below = x.astype(np.float64), x.astype(np.float64)
        above[place] += eps
        below[place] -= eps
        gradient[place] = (f(above) - f(below)) / (2 * eps)
    return gradient


wrong.add(
    "returns_in_the_loop",
    edited(
        numerical_gradient,
        {"(2 * eps)": "(2 * eps)\n        return gradient.astype(as_float(x).dtype)"},
    ),
    "the function returns after the first entry. Look at how far your return is indented.",
)


@wrong
def in_place(f, x, eps=1e-5):
    """x itself is moved, in its own dtype, and put back at the end of each turn.
    What is left of eps in a float32, and what stands in x if f raises before you put it back?"""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + eps
        above = f(x)
        x[i] = before - eps
        gradient[i] = (above - f(x)) / (2 * eps)
        x[i] = before
    return gradient


@wrong
def in_the_dtype_of_x(f, x, eps=1e-5):
    """everything keeps the dtype of x, in which float32 rounds eps and integers lose it.
    Print what f is called with, for an x of float32 and for one of integers."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[i] += eps
        below[i] -= eps
        gradient[i] = (f(above) - f(below)) / (2 * eps)
    return gradient


wrong.add(
    "gradient_like_x",
    edited(numerical_gradient, {"as_float(x).dtype": "x.dtype"}),
    "the gradient is kept in an array of the dtype of x. What can an array of integers hold?",
)


@wrong
def never_put_back(f, x, eps=1e-5):
    """an entry is not put back before the next one is moved.
    How many entries of x differ from the original at your last call of f?"""
    gradient = np.zeros_like(x)
    moved = x.copy()
    for i in np.ndindex(x.shape):
        moved[i] += eps
        above = f(moved)
        moved[i] -= 2 * eps
        gradient[i] = (above - f(moved)) / (2 * eps)
    return gradient


@wrong
def put_back_by_adding(f, x, eps=1e-5):
    """x is put back by adding what was subtracted, which leaves a rounding error.
    Compare x before and after the call bit for bit."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += eps
        above = f(x)
        x[i] -= 2 * eps
        gradient[i] = (above - f(x)) / (2 * eps)
        x[i] += eps
    return gradient


@wrong
def leaves_x_moved(f, x, eps=1e-5):
    """x is left where the last calls moved it.
    Compare x before and after the call."""
    gradient = never_put_back(f, x, eps)
    x -= eps
    return gradient


said = (
    "the gradient comes back as one long vector. A gradient has the shape of what it belongs to."
)
wrong.add("flat", but(numerical_gradient, returns=np.ravel), said)

said = "the gradient comes back as a list. Look at the type of what you return."
wrong.add("as_a_list", but(numerical_gradient, returns=np.ndarray.tolist), said)

wrong.add(
    "only_the_first_row",
    edited(numerical_gradient, {"np.ndindex(centre.shape)": "np.ndindex(1, *centre.shape[1:])"}),
    "only the first row of x is worked through. Does your loop reach every entry of every axis?",
)

wrong.add(
    "transposed_places",
    but(numerical_gradient, returns=lambda gradient: gradient.T.reshape(gradient.shape)),
    "the numbers are right and stand in each other's places. Do you walk through x and through the gradient in the same order?",
)

EXERCISE = Exercise(
    reference=numerical_gradient,
    inputs=inputs,
    points=9,
    axes={"B": 3, "I": 4},
    shapes={"x": "B I", "w": "B I", "return": "B I"},
    scenario=of_a_wave,
    without=frozenset({"float32"}),
    cases=(
        Case(
            name="the default eps on a function that bends sharply",
            inputs=wave(3, 2, k=300.0),
            why="Look at the step width that is used when none is given.",
        ),
        Case(
            name="an array with three axes",
            inputs=wave(2, 3, 2, k=2.0, eps=1e-3),
            value=False,
            why="x may have any number of axes.",
        ),
        Case(
            name="a vector",
            inputs=wave(5, k=2.0, eps=1e-3),
            value=False,
            why="x may have any number of axes.",
        ),
        Case(
            name="the default eps in float32",
            inputs=wave(3, 4, k=1.0),
            value=False,
            dtype="float32",
            close=SINGLE,
            scenario=of_any_float,
            property="dtype",
            why="float32 has seven digits: what is left of eps in x + eps?",
        ),
        Case(
            name="f raises",
            inputs=raising,
            value=False,
            scenario=while_f_raises,
            why="x must be as it was, even if f raises before you are done.",
        ),
    ),
    mistakes=wrong,
    look="Move one entry up, call f; move the same entry down, call f; what do the two tell you?",
    when_right=(
        "Putting the one pushed entry back is as good as a copy, but only if f cannot raise in "
        "between: a copy for each push is safe without a thought. It asks f twice for every "
        "entry, so for a network of a million weights this is a test and no way to learn. Next "
        "question: why does the error of the one-sided difference fall with eps, and that of the "
        "central one with its square?"
    ),
)
