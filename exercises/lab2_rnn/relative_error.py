"""The largest relative error between two arrays."""

import functools

import numpy as np

from autograder.spec import Case, Exercise, Inputs, Mistakes, but, edited
from exercises.lab2_rnn._programs import NO_RETURN
from solutions.lab2_rnn import relative_error


def inputs(rng, B, I):
    """Numbers of one sign that differ by up to a half; the largest error is not at the largest ones."""
    a = rng.uniform(0.5, 3, (B, I)) * rng.choice([-1, 1], (B, I))
    b = a * rng.uniform(0.8, 1.2, (B, I))
    b.flat[int(rng.integers(a.size))] *= rng.choice([0.4, 2.2])
    return {"a": a, "b": b}


def opposite_signs(rng):
    a = rng.uniform(0.5, 3, (3, 2))
    b = a * rng.uniform(0.9, 1.1, (3, 2))
    b[1, 1] *= -1
    return {"a": -a, "b": -b}


def zeros_beside_others(rng):
    a = rng.uniform(0.5, 3, (2, 3))
    b = a * 1.25
    a[0, 1] = b[0, 1] = 0.0
    return {"a": a, "b": b}


def two_numbers(rng):
    a = float(rng.uniform(0.5, 3))
    return {"a": a, "b": a * float(rng.uniform(1.2, 2))}


def three_axes(rng):
    a = rng.uniform(0.5, 3, (2, 3, 2))
    return {"a": a, "b": a * rng.uniform(0.5, 2, (2, 3, 2))}


def always(a, b) -> Inputs:
    """The same two arrays in every draw."""
    return lambda rng: {"a": np.array(a), "b": np.array(b)}


changed = functools.partial(edited, relative_error)


def formula(text: str):
    """The reference with another formula for the error."""
    return changed({"np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(a) + np.abs(b)))": text})


def divided_by(size: str):
    """The reference with something else for the sizes that are added in the denominator."""
    return changed({"np.abs(a) + np.abs(b)": size})


wrong = Mistakes()

wrong.family(
    "One number for a whole array: which one is asked for?",
    ("mean", changed({"np.max(": "np.mean("}), "the mean of the errors is taken"),
    ("smallest", changed({"np.max(": "np.min("}), "the smallest error is taken"),
)

wrong.family(
    "Which comes first, the division or the step to one number?",
    (
        "of_the_sums",
        formula("np.sum(np.abs(a - b)) / max(1e-12, np.sum(np.abs(a) + np.abs(b)))"),
        "differences and sizes are added up before they are divided",
    ),
    (
        "of_the_norms",
        formula("np.linalg.norm(a - b) / max(1e-12, np.linalg.norm(a) + np.linalg.norm(b))"),
        "the norms of the arrays are compared",
    ),
    (
        "largest_by_largest",
        formula("np.max(np.abs(a - b)) / max(1e-12, np.max(np.abs(a) + np.abs(b)))"),
        "the largest difference is divided by the largest size",
    ),
)

wrong.family(
    "Look at the denominator in the formula.",
    (
        "by_the_larger",
        divided_by("np.maximum(np.abs(a), np.abs(b))"),
        "the denominator is the larger of the two sizes",
    ),
    (
        "by_the_mean",
        but(relative_error, returns=lambda error: 2 * error),
        "the denominator is the mean of the two sizes",
    ),
)

wrong.family(
    "Exchange a and b: should the result change?",
    ("by_the_first", divided_by("np.abs(a)"), "the denominator is the size of a alone"),
    ("by_the_second", divided_by("np.abs(b)"), "the denominator is the size of b alone"),
    (
        "without_absolute_value",
        changed({"np.abs(a - b)": "(a - b)"}),
        "differences below zero do not count",
    ),
)

said = "a and b are added before the sign is taken off. Try 1 against -1."
wrong.add("by_the_sum_with_signs", divided_by("np.abs(a + b)"), said)

said = "the denominator keeps the signs of a and b. Try two negative numbers."
wrong.add("with_signs_inside", divided_by("a + b"), said)

said = "nothing is divided. Try 1000 against 1001, and 1 against 2."
wrong.add("absolute_error", formula("np.max(np.abs(a - b))"), said)

said = "the floor is added to the denominator in place of being its least value. Try numbers of about 1e-13."
wrong.add("floor_added", formula("np.max(np.abs(a - b) / (1e-12 + np.abs(a) + np.abs(b)))"), said)

said = "the floor of the denominator is higher than the one asked for. Try numbers of about 1e-10."
wrong.add("high_floor", changed({"np.maximum(1e-12,": "np.maximum(1e-8,"}), said)

said = "the result is a NumPy float32 and no Python float. Look at the type of what you return."
wrong.add("numpy_number", but(relative_error, returns=np.float32), said)


@wrong
def without_floor(a, b):
    """nothing keeps the denominator away from zero.
    Try 0 against 0."""
    with np.errstate(all="ignore"):
        return float(np.max(np.abs(a - b) / (np.abs(a) + np.abs(b))))


@wrong
def elementwise(a, b):
    """one error per entry comes back.
    One number is asked for."""
    return np.abs(a - b) / np.maximum(1e-12, np.abs(a) + np.abs(b))


@wrong
def returns_in_the_loop(a, b):
    """the function returns at the first entry.
    Look at how far your return is indented."""
    return relative_error(np.ravel(a)[0], np.ravel(b)[0])


@wrong
def tables_only(a, b):
    """one loop runs over rows and one over columns, so that both must have two axes.
    What does the docstring say of the shape of a?"""
    rows, columns = np.shape(a)
    pairs = [(a[i, j], b[i, j]) for i in range(rows) for j in range(columns)]
    return float(max(abs(p - q) / max(1e-12, abs(p) + abs(q)) for p, q in pairs))


@wrong
def arrays_only(a, b):
    """a is taken to be an array with entries, which a number has not.
    What besides arrays may be handed over?"""
    pairs = zip(a.ravel(), b.ravel(), strict=True)
    return float(max(abs(p - q) / max(1e-12, abs(p) + abs(q)) for p, q in pairs))


wrong.add("nothing_returned", but(relative_error, returns=lambda error: None), NO_RETURN)

EXERCISE = Exercise(
    reference=relative_error,
    inputs=inputs,
    points=5,
    axes={"B": 3, "I": 4},
    shapes={"a": "B I", "b": "B I"},
    cases=(
        Case(
            name="numbers of opposite sign",
            inputs=opposite_signs,
            value=False,
            why="The denominator adds two sizes, and a size has no sign.",
        ),
        Case(
            name="zeros against zeros",
            inputs=always([[0.0] * 3] * 2, [[0.0] * 3] * 2),
            value=False,
            why="0 against 0 is no error at all.",
        ),
        Case(
            name="zeros beside other numbers",
            inputs=zeros_beside_others,
            value=False,
            why="0 against 0 is no error, and the others still count.",
        ),
        Case(
            name="numbers below the floor of the denominator",
            inputs=always([3e-13, 2.0], [1e-13, 2.0]),
            value=False,
            why="Below 1e-12 the denominator stays at 1e-12.",
        ),
        Case(
            name="small numbers above the floor",
            inputs=always([3e-10, 2.0], [1e-10, 2.0]),
            value=False,
            why="Above 1e-12 the denominator is the sum of the two sizes.",
        ),
        Case(
            name="two numbers",
            inputs=two_numbers,
            value=False,
            why="a and b may be numbers as well as arrays.",
        ),
        Case(
            name="arrays of three axes",
            inputs=three_axes,
            value=False,
            why="a and b may have any number of axes.",
        ),
    ),
    mistakes=wrong,
    look="Work through the formula for two arrays with two entries each.",
    when_right=(
        "The tiny floor in the denominator only matters where both numbers are almost zero. A "
        "large entry cannot hide a wrong small one, because each is compared with its own size. "
        "Next question: the gradient of a weight that has no effect is measured as 1e-11, and "
        "yours is 0. What does this function say, and who is wrong?"
    ),
)
