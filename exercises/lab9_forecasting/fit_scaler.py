"""Mean and standard deviation of the part to learn from."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Close, Exercise, Mistakes, but, edited, printed
from exercises.lab9_forecasting._draws import always, draw_series, edge
from solutions.lab9_forecasting import fit_scaler


def inputs(rng: np.random.Generator, n: int) -> Mapping[str, Any]:
    return {"train": draw_series(rng, n)}


def hardly_different(rng: np.random.Generator) -> Mapping[str, Any]:
    """Values whose spread is far below what anybody would call zero."""
    return {"train": 1e-9 * rng.standard_normal(9)}


def far_from_zero(rng: np.random.Generator) -> Mapping[str, Any]:
    """Values that agree in five digits."""
    return {"train": 1000 + rng.uniform(-0.004, 0.004, 9)}


def one_that_differs(rng: np.random.Generator) -> Mapping[str, Any]:
    """All values but one are equal, among them the first two and the last."""
    train = np.full(8, 0.3)
    train[4] = 0.8
    return {"train": train}


def answer(text: str) -> Any:
    """The reference with something else for its last line."""
    return edited(fit_scaler, {"return float(train.mean()), float(train.std())": f"return {text}"})


CHECK = "train.max() == train.min()"
MEAN, STD = "float(train.mean())", "float(train.std())"
changed = partial(edited, fit_scaler)


def checked(condition: str) -> Any:
    """Another condition under which the standard deviation is 1."""
    return changed({CHECK: condition})


FORMULA = "Work out mean and standard deviation of 1, 2 and 6 by hand."
CONSTANT = "Try seven values of 0.1, and print their standard deviation with all its digits."
TYPES = "Print the types of both numbers."

wrong = Mistakes()
printed(wrong, fit_scaler)
wrong.family(
    FORMULA,
    (
        "sample_std",
        answer(f"{MEAN}, float(train.std(ddof=1))"),
        "the squares are divided by one less than the number of values",
    ),
    ("variance", answer(f"{MEAN}, float(train.var())"), "the variance comes back"),
    (
        "root_of_the_sum",
        answer(f"{MEAN}, float(np.sqrt(((train - train.mean()) ** 2).sum()))"),
        "the squares are added up and not averaged",
    ),
    (
        "not_centred",
        answer(f"{MEAN}, float(np.sqrt(np.mean(train**2)))"),
        "the mean is not subtracted before the squares",
    ),
    (
        "mean_deviation",
        answer(f"{MEAN}, float(np.abs(train - train.mean()).mean())"),
        "the distances from the mean are averaged and not their squares",
    ),
    ("median", answer(f"float(np.median(train)), {STD}"), "the median stands in for the mean"),
    (
        "least_and_range",
        answer("float(train.min()), float(train.max() - train.min())"),
        "the smallest value and the range come back",
    ),
    ("a_little_added", answer(f"{MEAN}, {STD} + 1e-8"), "a little is added to the deviation"),
)
wrong.family(
    CONSTANT,
    ("zero", checked("False"), "a constant series has a standard deviation of about 0"),
    ("compared_with_zero", checked("train.std() == 0"), "the deviation is compared with 0"),
    (
        "small_is_one",
        checked("train.std() < 1e-8"),
        "a deviation that is small counts as that of a constant series",
    ),
    (
        "close_is_one",
        checked("np.allclose(train, train[0])"),
        "values that are close count as equal",
    ),
    (
        "ends_compared",
        checked("train[0] == train[-1]"),
        "the first value is compared with the last",
    ),
    (
        "at_least_a_little",
        changed({CHECK: "False", STD: "max(float(train.std()), 1e-8)"}),
        "the deviation is a tiny number in place of 1",
    ),
    (
        "constant_scaled_to_one",
        changed({"float(train[0]), 1.0": "float(train[0]) - 1.0, 1.0"}),
        "the mean of a constant series is not that constant",
    ),
    (
        "constant_left_alone",
        changed({"float(train[0]), 1.0": "0.0, 1.0"}),
        "a constant series keeps its values and is not centred",
    ),
)
wrong.add(
    "scaled_in_place",
    changed(
        {
            "return float(train.mean())": "mean, std = train.mean(), train.std()\n    train -= mean\n    return float(mean)",
            STD: "float(std)",
        }
    ),
    "the training part itself is scaled. Look for -= on something that was handed in.",
)
wrong.add(
    "sorted_in_place",
    changed({f"if {CHECK}": "train.sort()\n    if train[0] == train[-1]"}),
    "the training part is sorted. Compare it before and after the call.",
)
wrong.add(
    "scaled_series",
    but(fit_scaler, returns=lambda found: np.array(found)),
    "an array comes back in place of two numbers. Print what you return.",
)
wrong.family(
    TYPES,
    (
        "numpy_numbers",
        answer("train.dtype.type(train.mean()), train.dtype.type(train.std())"),
        "the numbers are NumPy's, with the dtype of the series",
    ),
    (
        "numpy_std",
        answer(f"{MEAN}, train.std()"),
        "the deviation is a number of NumPy's, with the dtype of the series",
    ),
)
wrong.add(
    "std_first",
    but(fit_scaler, returns=lambda found: found[::-1]),
    "the deviation comes before the mean. Compare the order of what you return with the docstring.",
)
wrong.add(
    "only_std",
    but(fit_scaler, returns=lambda found: found[1]),
    "only the deviation comes back. Two numbers are asked for.",
)

EQUAL = "Where all values are equal the deviation is exactly 1, and the mean is that value."
TINY = "However small the spread is, it is the standard deviation while two values differ."
CLOSE = Close(rtol=1e-6, atol=1e-18)


EXERCISE = Exercise(
    reference=fit_scaler,
    inputs=inputs,
    points=8,
    arrays="numpy",
    axes={"n": 9},
    shapes={"train": "n"},
    parts=("mean", "std"),
    cases=(
        edge("a constant series", always(train=np.full(7, 0.1)), EQUAL),
        edge(
            "a constant series in float32",
            always(train=np.full(7, 0.1)),
            TYPES,
            dtype="float32",
            property="dtype",
        ),
        edge("many equal values", always(train=np.full(1000, 0.7)), EQUAL),
        edge("a series of zeros", always(train=np.zeros(5)), EQUAL),
        edge("equal integers", always(train=np.full(4, 3)), EQUAL),
        edge("a single value", always(train=np.array([-2.5])), EQUAL),
        edge("integers", always(train=np.array([4, 9, 1, 1, 7])), "Integers have a mean too."),
        edge("a tiny spread", hardly_different, TINY, close=CLOSE),
        edge("a small spread far from zero", far_from_zero, TINY, close=Close(rtol=1e-3)),
        edge("one value that differs", one_that_differs, TINY),
        Case(name="negative values", inputs=lambda rng: {"train": -inputs(rng, 6)["train"]}),
    ),
    mistakes=wrong,
    look=FORMULA,
    when_right=(
        "Three lines, and the test for a constant series is the one to think about: largest equal "
        "to smallest is exact, while a deviation that should be 0 can come out as 1e-17. A "
        "tolerance would be wrong as well, because a series that hardly moves has a small "
        "deviation, and that is the answer then. Only the training part may be seen. Next "
        "question: how do you turn a scaled forecast back, and what happens to a mean squared "
        "error on the way?"
    ),
)
