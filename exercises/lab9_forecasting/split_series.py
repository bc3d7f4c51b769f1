"""The earlier part of a series and the later one."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab9_forecasting._draws import Draw, draw_series, edge
from solutions.lab9_forecasting import split_series


def inputs(rng: np.random.Generator, n: int) -> Mapping[str, Any]:
    return {"series": draw_series(rng, n), "train_fraction": 0.7}


def cut(n: int, fraction: float) -> Draw:
    return lambda rng: {"series": draw_series(rng, n), "train_fraction": fraction}


CHECK = "not 0 < train_fraction < 1"
CUT = "int(len(series) * train_fraction)"
RETURN = "return values[:cut], values[cut:]"

changed = partial(edited, split_series)

PARTS = "Split the series 0, 1, …, 9 and write down both parts: is each value in exactly one?"
ROUNDED = "Split 11 values with train_fraction=0.7: how many values does int() leave in the training part?"
ORDER = "Which part may a forecaster learn from, and which values may it not have seen?"
ERROR = "Try 0, 1, a negative fraction, 1.5 and float('nan')."

wrong = Mistakes()
printed(wrong, split_series)
wrong.family(
    ORDER,
    (
        "shuffled",
        changed({RETURN: f"values = np.random.permutation(values)\n    {RETURN}"}),
        "the values are shuffled before the cut",
    ),
    (
        "shuffled_with_a_seed",
        changed({RETURN: f"values = np.random.default_rng(0).permutation(values)\n    {RETURN}"}),
        "the values are shuffled before the cut, always alike",
    ),
    (
        "test_from_the_start",
        changed({RETURN: "return series[len(series) - cut :], series[: len(series) - cut]"}),
        "the test part lies before the training part",
    ),
    (
        "test_first",
        changed({RETURN: "return series[cut:], series[:cut]"}),
        "the test part is first",
    ),
    (
        "every_other",
        changed(
            {
                RETURN: "chosen = np.arange(len(series)) * cut % len(series) < cut\n    return series[chosen], series[~chosen]"
            }
        ),
        "the two parts are mixed in time",
    ),
    (
        "turned_round",
        changed({RETURN: "return series[:cut], series[cut:][::-1]"}),
        "the test part runs backwards",
    ),
)
wrong.family(
    PARTS,
    (
        "gap",
        changed({RETURN: "return series[:cut], series[cut + 1 :]"}),
        "one value is in neither part",
    ),
    (
        "overlap",
        changed({RETURN: "return series[:cut], series[max(0, cut - 1) :]"}),
        "one value is in both parts",
    ),
    (
        "last_value_lost",
        changed({RETURN: "return series[:cut], series[cut:-1]"}),
        "the last value of the series is lost",
    ),
    (
        "fraction_for_testing",
        but(split_series, train_fraction=lambda share: 1 - share if 0 < share < 1 else share),
        "train_fraction is taken for the share of the test part",
    ),
)
wrong.family(
    ROUNDED,
    ("rounded", changed({CUT: "round(len(series) * train_fraction)"}), "the cut is rounded"),
    (
        "rounded_up",
        changed({CUT: "int(np.ceil(len(series) * train_fraction))"}),
        "the cut is rounded up",
    ),
    (
        "one_too_few",
        changed({CUT: "int((len(series) - 1) * train_fraction)"}),
        "the fraction is taken of one value less",
    ),
    (
        "never_empty",
        changed({CUT: "min(max(1, int(len(series) * train_fraction)), len(series) - 1)"}),
        "a part that would be empty is given a value",
    ),
)
wrong.family(
    ERROR,
    ("nothing_refused", changed({CHECK: "False"}), "every fraction is accepted"),
    ("zero_accepted", changed({CHECK: "not 0 <= train_fraction < 1"}), "0 is accepted"),
    ("one_accepted", changed({CHECK: "not 0 < train_fraction <= 1"}), "1 is accepted"),
    (
        "ends_accepted",
        changed({CHECK: "train_fraction < 0 or train_fraction > 1"}),
        "0 and 1 are accepted, and nan too",
    ),
    (
        "nan_accepted",
        changed({CHECK: "train_fraction <= 0 or train_fraction >= 1"}),
        "nan is accepted, since no comparison with it is true",
    ),
    (
        "negative_accepted",
        changed({CHECK: "not train_fraction < 1 or train_fraction == 0"}),
        "fractions below 0 are accepted",
    ),
    (
        "an_assertion",
        changed({f"if {CHECK}:\n        raise ValueError(": "assert 0 < train_fraction < 1, ("}),
        "another fraction fails an assertion, and that is no ValueError",
    ),
    (
        "unnamed",
        changed({"train_fraction must lie": "must lie"}),
        "the message of the ValueError does not say which argument is wrong",
    ),
)
wrong.add(
    "lists",
    but(split_series, returns=lambda parts: tuple(part.tolist() for part in parts)),
    "lists come back in place of arrays. Print the types of what you return.",
)
wrong.add(
    "only_training",
    but(split_series, returns=lambda parts: parts[0]),
    "only the training part comes back. Two parts are asked for.",
)

OUTSIDE = "Only fractions between 0 and 1 make two parts; all else is a ValueError that names it."
REFUSED: dict[str, Any] = {"raises": ValueError, "mentions": "train_fraction"}
FRACTIONS = (
    ("a fraction of 0", 0.0),
    ("a fraction of 1", 1.0),
    ("a fraction below 0", -0.25),
    ("a fraction above 1", 1.5),
    ("a fraction that is not a number", float("nan")),
)

EXERCISE = Exercise(
    reference=split_series,
    inputs=inputs,
    points=8,
    arrays="numpy",
    axes={"n": 11},
    shapes={"series": "n", "train": "n", "test": "n"},
    parts=("train", "test"),
    cases=(
        Case(name="a small training part", inputs=cut(10, 0.38), why=ROUNDED),
        edge("a cut that is a whole number", cut(20, 0.75), PARTS),
        edge("no value to learn from", cut(3, 0.3), "int() leaves nothing for the training part."),
        *(edge(name, cut(8, share), OUTSIDE, **REFUSED) for name, share in FRACTIONS),
    ),
    mistakes=wrong,
    look=PARTS,
    when_right=(
        "np.split with the one place of the cut gives both parts in one call. int() rounds down, "
        "so 0.7 of 11 values are 7; rounding would give 8. Writing 'not 0 < fraction < 1' also "
        "refuses nan, with which every comparison is false; '<= 0 or >= 1' lets it through. Next "
        "question: if you cut windows first and split them afterwards, even in the order of time, "
        "how many training windows share values with a test window?"
    ),
)
