"""How long a cell remembers."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistake
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


def nan_passes(f: float) -> float:
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


def says_nothing(f: float) -> float:
    if not 0 < f < 1:
        raise ValueError
    return measured(f)


def says_out_of_range(f: float) -> float:
    if not 0 < f < 1:
        raise ValueError("out of range: must lie between 0 and 1")
    return measured(f)


def another_exception(f: float) -> float:
    assert 0 < f < 1, f"f must lie between 0 and 1, not {f}"
    return measured(f)


def returns_nan(f: float) -> float:
    return measured(f) if 0 < f < 1 else math.nan


def returns_none(f: float) -> float | None:
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

EXERCISE = Exercise(
    reference=memory_half_life,
    inputs=inputs,
    points=3,
    without=frozenset({
        "float32", "arguments unchanged", "memory layout",
    }),
    cases=(
        Case(name="a gate that forgets fast", inputs=short),
        Case(name="a gate of one half", inputs=half),
        Case(name="a gate close to 1", inputs=long),
        Case(name="a gate close to 0", inputs=tiny),
        Case(name="a gate of 1", inputs=always(1.0), raises=ValueError, mentions="f|forget|gate", value=False,
             why="A gate of 1 never halves anything."),
        Case(name="a gate of 0", inputs=always(0.0), raises=ValueError, mentions="f|forget|gate", value=False,
             why="A gate of 0 leaves nothing after one step."),
        Case(name="a gate above 1", inputs=above, raises=ValueError, mentions="f|forget|gate", value=False,
             why="A gate lies between 0 and 1."),
        Case(name="a gate below 0", inputs=below, raises=ValueError, mentions="f|forget|gate", value=False,
             why="A gate lies between 0 and 1."),
        Case(name="a gate that is nan", inputs=always(math.nan), raises=ValueError, mentions="f|forget|gate",
             value=False, why="nan is neither below 0 nor above 1: which comparison catches it?"),
        Case(name="a gate of infinity", inputs=always(math.inf), raises=ValueError, mentions="f|forget|gate",
             value=False, why="A gate lies between 0 and 1."),
    ),
    mistakes=(
        Mistake("upside_down", gives(lambda f: math.log(f) / math.log(0.5)),
                when="the fraction stands upside down", look=FORMULA),
        Mistake("wrong_sign", gives(lambda f: math.log(2) / math.log(f)),
                when="the number of steps is negative", look=FORMULA),
        Mistake("time_constant", gives(lambda f: -1 / math.log(f)),
                when="the steps are counted until 1/e is left, not one half", look=FORMULA),
        Mistake("linear", gives(lambda f: 0.5 / (1 - f)),
                when="the cell is taken to lose the same amount at every step", look=FORMULA),
        Mistake("mean_memory", gives(lambda f: 1 / (1 - f)),
                when="one over what is forgotten per step is returned", look=FORMULA),
        Mistake("of_what_is_forgotten", gives(lambda f: math.log(0.5) / math.log1p(-f)),
                when="the share that is forgotten stands where the share that stays should",
                look=FORMULA),
        Mistake("mixed_bases", gives(lambda f: math.log(0.5) / math.log10(f)),
                when="two logarithms of different bases are divided", look=FORMULA),
        Mistake("ratio_of_gates", gives(lambda f: 0.5 / f),
                when="one half is divided by the gate itself", look=FORMULA),
        Mistake("difference_of_logarithms", gives(lambda f: math.log(0.5) - math.log(f)),
                when="the logarithms are subtracted, which divides the gates", look=FORMULA),
        Mistake("whole_steps", gives(lambda f: math.ceil(math.log(0.5) / math.log(f))),
                when="the steps are rounded up", look="It need not be a whole number."),
        Mistake("rounded", gives(lambda f: float(round(math.log(0.5) / math.log(f)))),
                when="the steps are rounded", look="It need not be a whole number."),
        Mistake("an_array", gives(lambda f: np.array(math.log(0.5) / math.log(f))),
                when="an array comes back in place of a number",
                look="Look at the type of what you return."),
        Mistake("no_checks", no_checks, when="f is not checked, and math complains in its own way",
                look=RANGE),
        Mistake("no_checks_numpy", no_checks_numpy,
                when="f is not checked, and NumPy goes on with what it gets", look=RANGE),
        Mistake("nan_passes", nan_passes, when="nan slips through the check",
                look="What does nan < 0 give, and what nan > 1?"),
        Mistake("one_passes", one_passes, when="a gate of 1 is let through", look=RANGE),
        Mistake("zero_passes", zero_passes, when="a gate of 0 is let through", look=RANGE),
        Mistake("ends_pass", ends_pass, when="0 and 1 are let through", look=RANGE),
        Mistake("above_passes", above_passes, when="gates above 1 are let through", look=RANGE),
        Mistake("below_passes", below_passes, when="gates below 0 are let through", look=RANGE),
        Mistake("says_nothing", says_nothing,
                when="the error does not say which argument is wrong",
                look="Read your message as somebody who made the call."),
        Mistake("says_out_of_range", says_out_of_range,
                when="the error says what is wrong, and not with which argument",
                look="Read your message as somebody who made the call."),
        Mistake("another_exception", another_exception,
                when="an assertion fails where a ValueError is due",
                look="Which exception does the statement name?"),
        Mistake("returns_nan", returns_nan, when="nan comes back where an error is due",
                look="Which exception does the statement name?"),
        Mistake("returns_none", returns_none, when="None comes back where an error is due",
                look="Which exception does the statement name?"),
    ),
    also_right=(by_powers_of_two, with_numpy, precise),
    look="Put f = ½ in: after how many steps is one half left?",
)  # fmt: skip
