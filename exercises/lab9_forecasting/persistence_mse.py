"""The error of repeating the last value."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab9_forecasting._draws import always, edge
from solutions.lab9_forecasting import persistence_mse


def inputs(rng: np.random.Generator, N: int, L: int) -> Mapping[str, Any]:
    return {"X": 4 * rng.standard_normal((N, L)), "y": 1 + 4 * rng.standard_normal(N)}


def never_wrong(rng: np.random.Generator) -> Mapping[str, Any]:
    """Targets that are the last values."""
    X = inputs(rng, 5, 3)["X"]
    return {"X": X, "y": X[:, -1].copy()}


LAST = "X[:, -1] - y"
ERROR = f"float(np.mean(({LAST}) ** 2))"
changed = partial(edited, persistence_mse)


def differences(text: str) -> Any:
    """The mean square of something else."""
    return changed({LAST: text})


def answer(text: str) -> Any:
    """Something else made of the differences."""
    return changed({ERROR: text})


VALUE = "Take the windows 1 2 3 and 4 5 6: which value of each is repeated?"
MEAN = "Work out the answer by hand for two windows, with differences of 1 and 3."
SHAPES = "Print the shape of the differences before you square them."
TYPE = "Print the type of what you return."

wrong = Mistakes()
printed(wrong, persistence_mse)
wrong.family(
    VALUE,
    ("first_value", differences("X[:, 0] - y"), "the first value of each window is repeated"),
    (
        "mean_of_the_window",
        differences("X.mean(axis=1) - y"),
        "the mean of each window is the forecast",
    ),
    ("last_window", differences("X[-1].mean() - y"), "the last window stands for all"),
    (
        "all_values",
        differences("X - y[:, None]"),
        "every value of each window is compared with the target",
    ),
    (
        "second_last",
        differences("X[:, -2 if X.shape[1] > 1 else 0] - y"),
        "the last value but one is repeated",
    ),
    (
        "target_before",
        differences("y[:-1] - y[1:] if len(y) > 1 else X[:, -1] - y"),
        "each target is compared with the target before it",
    ),
    (
        "trend",
        differences("2 * X[:, -1] - X[:, -2 if X.shape[1] > 1 else -1] - y"),
        "the last change is repeated, too",
    ),
    ("zero", differences("y"), "0 is the forecast"),
    ("variance", differences("y - y.mean()"), "the mean of the targets is the forecast"),
)
wrong.family(
    SHAPES,
    ("broadcast", differences("X[:, -1:] - y"), "each last value is compared with every target"),
)
wrong.family(
    MEAN,
    (
        "summed",
        answer(f"float(np.sum(({LAST}) ** 2))"),
        "the squares are added up and not averaged",
    ),
    ("halved", answer(f"float(np.mean(({LAST}) ** 2) / 2)"), "the mean is halved"),
    ("root", answer(f"float(np.sqrt(np.mean(({LAST}) ** 2)))"), "a root is taken at the end"),
    ("absolute", answer(f"float(np.mean(np.abs({LAST})))"), "the differences are not squared"),
    (
        "squared_mean",
        answer(f"float(np.mean({LAST}) ** 2)"),
        "the mean is taken before the square",
    ),
    (
        "one_less",
        answer(f"float(np.sum(({LAST}) ** 2) / max(1, len(y) - 1))"),
        "the squares are divided by one less than the number of windows",
    ),
    (
        "by_all_values",
        answer(f"float(np.sum(({LAST}) ** 2) / X.size)"),
        "the squares are divided by the number of values in all windows",
    ),
    (
        "relative",
        answer(f"float(np.mean(({LAST}) ** 2) / np.var(y)) if len(y) > 1 else {ERROR}"),
        "the mean is divided by the variance of the targets",
    ),
    ("one_per_window", answer(f"({LAST}) ** 2"), "there is an error for each window"),
)
wrong.add(
    "edits_y",
    answer("float(np.mean(np.square(np.subtract(X[:, -1], y, out=y))))"),
    "the differences are written into the caller's y. Look for what your code writes into.",
)
wrong.add(
    "edits_X",
    changed(
        {f"return {ERROR}": "last = X[:, -1]\n    last -= y\n    return float(np.mean(last**2))"}
    ),
    "the differences are written into the caller's X. Is a column of X a copy or a view?",
)
wrong.family(
    TYPE,
    (
        "numpy_number",
        answer(f"np.mean(({LAST}) ** 2)"),
        "the error is a number of NumPy's, with the dtype of the windows",
    ),
    ("as_array", but(persistence_mse, returns=np.array), "the error is an array without axes"),
)


EXERCISE = Exercise(
    reference=persistence_mse,
    inputs=inputs,
    points=7,
    arrays="numpy",
    axes={"N": 6, "L": 4},
    shapes={"X": "N L", "y": "N"},
    cases=(
        Case(name="many windows", inputs=partial(inputs, N=50, L=9), hidden=True),
        edge("a series that stays as it is", never_wrong, "There the error is 0."),
        edge(
            "integers",
            always(X=np.array([[3, 8], [5, 1], [9, 4]]), y=np.array([6, 1, 2])),
            "Integers have a mean error too.",
        ),
    ),
    mistakes=wrong,
    look=VALUE,
    when_right=(
        "One line, and one trap: X[:, -1:] keeps an axis, and against y it broadcasts to N × N "
        "differences without a word. The root would be easier to read, having the unit of the "
        "series, but errors can only be compared with errors of the same kind. Next question: "
        "which horizon makes persistence a perfect forecast for a series that repeats itself "
        "every 24 values, and what would be a better line to beat there for the next value?"
    ),
)
