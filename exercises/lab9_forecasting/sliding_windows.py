"""All windows of a series, and what is to be forecast from each."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited, printed
from exercises.lab9_forecasting._draws import Draw, draw_series, edge
from solutions.lab9_forecasting import sliding_windows


def inputs(rng: np.random.Generator, N: int, L: int, K: int) -> Mapping[str, Any]:
    """A series of which exactly N windows can be made, with horizon K."""
    return {"series": draw_series(rng, N + L + K - 1), "length": L, "horizon": K}


def sized(N: int, L: int, K: int) -> Draw:
    return partial(inputs, N=N, L=L, K=K)


def by_default(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"series": draw_series(rng, 11), "length": 4}


def too_short(n: int, *sizes: int) -> Draw:
    """A series that lacks a value, or more."""
    names = ("length", "horizon")
    return lambda rng: {"series": draw_series(rng, n), **dict(zip(names, sizes, strict=False))}


COUNT = "count = len(series) - length - horizon + 1"
CHECK = "if count < 1"
WINDOWS = "np.arange(count)[:, None] + np.arange(length)"
TARGETS = "values[length + horizon - 1 :]"
RETURN = f"return values[windows], {TARGETS}"

changed = partial(edited, sliding_windows)


def targets(text: str) -> Any:
    """Other targets, as many as there are windows."""
    return changed({TARGETS: f"np.resize({text}, count)"})


PLACE = "Take the series 0, 1, 2, … and write down the first window and its target."
NUMBER = "Take a series of five values: how many windows of length 2 have a target in it?"
ERROR = "Call the function with three values and length=3, and read what it says."
ROWS = "Print X for the series 0, 1, 2, …, and compare its rows with the picture in the lab."

wrong = Mistakes()
printed(wrong, sliding_windows)
wrong.family(
    PLACE,
    (
        "horizon_ignored",
        but(sliding_windows, horizon=lambda _: 1),
        "the target is the next value whatever horizon says",
    ),
    (
        "last_of_the_window",
        changed({TARGETS: "series[length + horizon - 2 :][:count]"}),
        "the target is one step too early, so that with horizon=1 it stands in its own window",
    ),
    (
        "skips_one",
        changed({COUNT: f"{COUNT} - 1", TARGETS: "series[length + horizon :]"}),
        "the target is one step too late",
    ),
    (
        "horizon_from_the_first",
        targets("series[horizon:][:count]"),
        "the horizon is counted from the first value of the window",
    ),
    (
        "horizons_added",
        changed({TARGETS: "np.stack([series[length + k :][:count] for k in range(horizon)], 1)"}),
        "all values up to the horizon are targets, and not the one at the horizon",
    ),
    (
        "next_window",
        changed({TARGETS: "series[windows + horizon]"}),
        "the target is a whole window, moved by the horizon",
    ),
)
wrong.family(
    NUMBER,
    (
        "last_window_lost",
        changed({RETURN: f"return series[windows][:-1], {TARGETS}[:-1]"}),
        "the last window is left out",
    ),
    (
        "first_window_lost",
        changed({RETURN: f"return series[windows][1:], {TARGETS}[1:]"}),
        "the first window is left out",
    ),
    (
        "windows_without_targets",
        changed(
            {
                RETURN: f"windows = np.arange(len(series) - length + 1)[:, None] + np.arange(length)\n    {RETURN}"
            }
        ),
        "there are windows that have no target",
    ),
    (
        "count_without_horizon",
        changed({"length - horizon + 1": "length"}),
        "there are as many windows as with horizon=1",
    ),
    (
        "side_by_side",
        changed(
            {
                RETURN: "return series[windows][::length], series[length + horizon - 1 :: length][: len(windows[::length])]"
            }
        ),
        "the windows stand side by side and do not overlap",
    ),
)
wrong.family(
    ROWS,
    (
        "windows_in_columns",
        changed({RETURN: f"return series[windows].T, {TARGETS}"}),
        "each window is a column",
    ),
    (
        "newest_first",
        changed({RETURN: f"return series[windows][:, ::-1], {TARGETS}"}),
        "each window is turned round",
    ),
    (
        "window_one_longer",
        changed({"np.arange(length)\n": "np.arange(length + 1)\n"}),
        "each window has one value too many",
    ),
    (
        "window_one_shorter",
        changed({"np.arange(length)\n": "np.arange(length - 1)\n"}),
        "each window has one value too few",
    ),
    (
        "an_axis_too_much",
        changed({RETURN: f"return series[windows][..., None], {TARGETS}"}),
        "the windows have an axis of size 1 at the end",
    ),
    (
        "indices",
        changed({RETURN: f"return windows, {TARGETS}"}),
        "X holds the places of the values and not the values",
    ),
)
wrong.add(
    "targets_in_a_column",
    changed({TARGETS: "series[length + horizon - 1 :, None]"}),
    "the targets have an axis of size 1 at the end. Print the shape of y.",
)
wrong.add(
    "targets_first",
    but(sliding_windows, returns=lambda pair: pair[::-1]),
    "the targets come before the windows. Compare the order of what you return with the docstring.",
)
wrong.add(
    "lists",
    but(sliding_windows, returns=lambda pair: tuple(a.tolist() for a in pair)),
    "lists come back in place of arrays. Print the types of what you return.",
)
wrong.add(
    "horizon_of_two",
    but(sliding_windows, defaults={"horizon": 2}),
    "horizon is not 1 where the caller does not say. Compare your signature with the one in the exercise.",
)
wrong.family(
    ERROR,
    ("empty_arrays", changed({CHECK: "if False"}), "a series that is too short raises nothing"),
    (
        "one_window_refused",
        changed({CHECK: "if count < 2"}),
        "a series with room for a single window is refused",
    ),
    (
        "refused_without_horizon",
        changed({CHECK: "if len(series) - length < 1"}),
        "the horizon has no part in whether a series is too short",
    ),
    (
        "only_the_window_counts",
        changed({CHECK: "if len(series) < length"}),
        "a series that has room for a window and not for its target is not refused",
    ),
    (
        "an_assertion",
        changed({f"{CHECK}:\n        raise ValueError(": "assert count >= 1, (\n            "}),
        "a series that is too short fails an assertion, and that is no ValueError",
    ),
    (
        "unnamed",
        changed({'f"series is too short': 'f"too short'}),
        "the message of the ValueError does not say which argument is wrong",
    ),
)

SHORT = "Where there is no room for a window and its target, a ValueError names series."
REFUSED: dict[str, Any] = {"raises": ValueError, "mentions": "series"}

EXERCISE = Exercise(
    reference=sliding_windows,
    inputs=inputs,
    points=13,
    arrays="numpy",
    axes={"N": 7, "L": 4, "K": 3},
    shapes={"series": "n", "X": "N L", "y": "N"},
    parts=("X", "y"),
    cases=(
        edge("horizon left out", by_default, "Without a horizon the target is the next value."),
        edge("one window of one value", sized(1, 1, 1), "Two values make one window of one."),
        edge("a horizon longer than the window", sized(3, 2, 6), PLACE),
        edge("one value too few", too_short(6, 4, 3), SHORT, **REFUSED),
        edge("no value for the target", too_short(5, 5), SHORT, **REFUSED),
        edge("shorter than a window", too_short(3, 5, 1), SHORT, **REFUSED),
        edge("an empty series", too_short(0, 2, 1), SHORT, **REFUSED),
    ),
    mistakes=wrong,
    look=PLACE,
    when_right=(
        "NumPy has sliding_window_view, which makes the windows without copying a value; the last "
        "ones, which have no target, still have to go. Count on paper once: the first target is "
        "the value at length + horizon − 1, and what is left from there on is as many as there "
        "are windows. With horizon = 1 several wrong programs are right, and with a horizon of 3 "
        "they are not. Next question: in how many of all windows does one value in the middle of "
        "the series stand?"
    ),
)
