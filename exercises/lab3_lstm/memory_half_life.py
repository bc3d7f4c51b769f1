"""How long a cell remembers."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes
from solutions.lab3_lstm import memory_half_life


def inputs(rng: np.random.Generator) -> Mapping[str, float]:
    return {"f": float(rng.choice([rng.uniform(0.55, 0.8), rng.uniform(0.9, 0.99)]))}


def short(rng: np.random.Generator) -> Mapping[str, float]:
    return {"f": float(rng.uniform(0.05, 0.45))}


def long(rng: np.random.Generator) -> Mapping[str, float]:
    return {"f": 1 - float(rng.uniform(1e-6, 9e-6))}


def tiny(rng: np.random.Generator) -> Mapping[str, float]:
    return {"f": float(rng.uniform(1, 9)) * 1e-30}


def half(rng: np.random.Generator) -> Mapping[str, float]:
    return {"f": 0.5}


def always(value: float) -> Callable[[np.random.Generator], Mapping[str, float]]:
    """A draw that gives the same f each time."""

    def drawn(rng: np.random.Generator) -> Mapping[str, float]:
        return {"f": value}

    return drawn


def above(rng: np.random.Generator) -> Mapping[str, float]:
    return {"f": float(rng.uniform(1.1, 3))}


def below(rng: np.random.Generator) -> Mapping[str, float]:
    return {"f": -float(rng.uniform(0.1, 0.9))}


def checked(f: float, low: bool = True, high: bool = True, nan: bool = True) -> None:
    """Raises what is due, except where a check has been left out."""
    wrong = (low and f <= 0) or (high and f >= 1) or (nan and math.isnan(f))
    if wrong:
        raise ValueError(f"f must lie between 0 and 1, not {f}")


def gives(formula: Callable[[float], Any]) -> Callable[[float], Any]:
    """Right checks and another formula."""

    def changed(f: float) -> Any:
        checked(f)
        return formula(f)

    return changed


def measured(f: float) -> float:
    """ln ½ / ln f where nothing is checked, as NumPy gives it."""
    with np.errstate(all="ignore"):
        return float(np.log(0.5) / np.log(np.float64(f)))


def no_checks(f: float) -> float:
    return math.log(0.5) / math.log(f)


def no_checks_numpy(f: float) -> float:
    return measured(f)


wrong = Mistakes()


@wrong
def nan_passes(f: float) -> float:
    """nan slips through the check.
    What does nan < 0 give, and what nan > 1?"""
    checked(f, nan=False)
    return measured(f)


def one_passes(f: float) -> float:
    if not 0 < f <= 1:
        raise ValueError(f"f must lie between 0 and 1, not {f}")
    return measured(f)


def zero_passes(f: float) -> float:
    if not 0 <= f < 1:
        raise ValueError(f"f must lie between 0 and 1, not {f}")
    return measured(f)


def ends_pass(f: float) -> float:
    if not 0 <= f <= 1:
        raise ValueError(f"f must lie between 0 and 1, not {f}")
    return measured(f)


def above_passes(f: float) -> float:
    if f == 1:
        raise ValueError("f must not be 1")
    checked(f, high=False)
    return measured(f)


def below_passes(f: float) -> float:
    checked(f, low=False)
    return measured(f)


@wrong
def says_nothing(f: float) -> float:
    """the error does not say which argument is wrong.
    Read your message as somebody who made the call."""
    if not 0 < f < 1:
        raise ValueError
    return measured(f)


@wrong
def says_out_of_range(f: float) -> float:
    """the error says what is wrong, and not with which argument.
    Read your message as somebody who made the call."""
    if not 0 < f < 1:
        raise ValueError("out of range: must lie between 0 and 1")
    return measured(f)


@wrong
def another_exception(f: float) -> float:
    """an assertion fails where a ValueError is due.
    Which exception does the statement name?"""
    assert 0 < f < 1, f"f must lie between 0 and 1, not {f}"
    return measured(f)


@wrong
def returns_nan(f: float) -> float:
    """nan comes back where an error is due.
    Which exception does the statement name?"""
    return measured(f) if 0 < f < 1 else math.nan


@wrong
def returns_none(f: float) -> float | None:
    """None comes back where an error is due.
    Which exception does the statement name?"""
    return measured(f) if 0 < f < 1 else None


def by_powers_of_two(f: float) -> float:
    if math.isnan(f) or f <= 0 or f >= 1:
        raise ValueError(f"forget gate out of range: f = {f}")
    return -1 / math.log2(f)


def with_numpy(f: float) -> Any:
    if not (f > 0 and f < 1):
        raise ValueError(f"f={f} is outside (0, 1)")
    return np.log(0.5) / np.log(f)


def precise(f: float) -> float:
    if 0.0 < f < 1.0:
        return -math.log(2) / math.log1p(f - 1) if f > 0.1 else math.log(0.5, f)
    raise ValueError("f: the forget gate must lie between 0 and 1, both excluded")


FORMULA = "Put f = ½ in: one step should do. Then f = ¼."
RANGE = "Which numbers are no forget gate that halves a cell?"

wrong.add(
    "upside_down",
    gives(lambda f: math.log(f) / math.log(0.5)),
    "the fraction stands upside down. " + FORMULA,
)
wrong.add(
    "wrong_sign",
    gives(lambda f: math.log(2) / math.log(f)),
    "the number of steps is negative. " + FORMULA,
)
wrong.add(
    "time_constant",
    gives(lambda f: -1 / math.log(f)),
    "the steps are counted until 1/e is left, not one half. " + FORMULA,
)
wrong.add(
    "linear",
    gives(lambda f: 0.5 / (1 - f)),
    "the cell is taken to lose the same amount at every step. " + FORMULA,
)
wrong.add(
    "mean_memory",
    gives(lambda f: 1 / (1 - f)),
    "one over what is forgotten per step is returned. " + FORMULA,
)
wrong.add(
    "of_what_is_forgotten",
    gives(lambda f: math.log(0.5) / math.log1p(-f)),
    "the share that is forgotten stands where the share that stays should. " + FORMULA,
)
wrong.add(
    "mixed_bases",
    gives(lambda f: math.log(0.5) / math.log10(f)),
    "two logarithms of different bases are divided. " + FORMULA,
)
wrong.add(
    "ratio_of_gates",
    gives(lambda f: 0.5 / f),
    "one half is divided by the gate itself. " + FORMULA,
)
wrong.add(
    "difference_of_logarithms",
    gives(lambda f: math.log(0.5) - math.log(f)),
    "the logarithms are subtracted, which divides the gates. " + FORMULA,
)
wrong.add(
    "whole_steps",
    gives(lambda f: math.ceil(math.log(0.5) / math.log(f))),
    "the steps are rounded up. It need not be a whole number.",
)
wrong.add(
    "rounded",
    gives(lambda f: float(round(math.log(0.5) / math.log(f)))),
    "the steps are rounded. It need not be a whole number.",
)
wrong.add(
    "an_array",
    gives(lambda f: np.array(math.log(0.5) / math.log(f))),
    "an array comes back in place of a number. Look at the type of what you return.",
)
wrong.add("no_checks", no_checks, "f is not checked, and math complains in its own way. " + RANGE)
wrong.add(
    "no_checks_numpy",
    no_checks_numpy,
    "f is not checked, and NumPy goes on with what it gets. " + RANGE,
)
wrong.add("one_passes", one_passes, "a gate of 1 is let through. " + RANGE)
wrong.add("zero_passes", zero_passes, "a gate of 0 is let through. " + RANGE)
wrong.add("ends_pass", ends_pass, "0 and 1 are let through. " + RANGE)
wrong.add("above_passes", above_passes, "gates above 1 are let through. " + RANGE)
wrong.add("below_passes", below_passes, "gates below 0 are let through. " + RANGE)


EXERCISE = Exercise(
    reference=memory_half_life,
    inputs=inputs,
    points=3,
    without=frozenset({"float32", "arguments unchanged", "memory layout"}),
    cases=(
        Case(name="a gate that forgets fast", inputs=short),
        Case(name="a gate of one half", inputs=half),
        Case(name="a gate close to 1", inputs=long),
        Case(name="a gate close to 0", inputs=tiny),
        Case(
            name="a gate of 1",
            inputs=always(1.0),
            raises=ValueError,
            mentions="f|forget|gate",
            value=False,
            why="A gate of 1 never halves anything.",
        ),
        Case(
            name="a gate of 0",
            inputs=always(0.0),
            raises=ValueError,
            mentions="f|forget|gate",
            value=False,
            why="A gate of 0 leaves nothing after one step.",
        ),
        Case(
            name="a gate above 1",
            inputs=above,
            raises=ValueError,
            mentions="f|forget|gate",
            value=False,
            why="A gate lies between 0 and 1.",
        ),
        Case(
            name="a gate below 0",
            inputs=below,
            raises=ValueError,
            mentions="f|forget|gate",
            value=False,
            why="A gate lies between 0 and 1.",
        ),
        Case(
            name="a gate that is nan",
            inputs=always(math.nan),
            raises=ValueError,
            mentions="f|forget|gate",
            value=False,
            why="nan is neither below 0 nor above 1: which comparison catches it?",
        ),
        Case(
            name="a gate of infinity",
            inputs=always(math.inf),
            raises=ValueError,
            mentions="f|forget|gate",
            value=False,
            why="A gate lies between 0 and 1.",
        ),
    ),
    mistakes=wrong,
    also_right=(by_powers_of_two, with_numpy, precise),
    look="Put f = ½ in: after how many steps is one half left?",
)
