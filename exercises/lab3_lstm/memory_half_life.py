"""How long a cell remembers."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab3_lstm._programs import NO_RETURN, Program
from solutions.lab3_lstm import memory_half_life

Draw = Callable[[np.random.Generator], Mapping[str, float]]


def inputs(rng: np.random.Generator) -> Mapping[str, float]:
    return {"f": float(rng.choice([rng.uniform(0.55, 0.8), rng.uniform(0.9, 0.99)]))}


def draws(f: Callable[[np.random.Generator], float]) -> Draw:
    """The arguments of a call with f drawn like this."""
    return lambda rng: {"f": float(f(rng))}


def always(value: float) -> Draw:
    return lambda rng: {"f": value}


def measured(f: float) -> float:
    """ln ½ / ln f where nothing is checked, as NumPy gives it."""
    with np.errstate(all="ignore"):
        return float(np.log(0.5) / np.log(np.float64(f)))


RIGHT = "math.log(0.5) / math.log(f)"
RAISE = 'raise ValueError(f"f must lie strictly between 0 and 1, but it is {f}")'


def gives(formula: str) -> Program:
    """Right checks and another formula."""
    return edited(memory_half_life, {RIGHT: formula})


def refuses(condition: str) -> Program:
    """An error under another condition, and else what NumPy gives."""
    checks = {"not 0 < f < 1": condition, RIGHT: "measured(f)"}
    return edited(memory_half_life, checks, measured=measured)


def instead(line: str) -> Program:
    """Something else where the error is due."""
    return edited(memory_half_life, {RAISE: line})


wrong = Mistakes()

FORMULA = "Put f = ½ in: one step should do. Then f = ¼."
for name, formula, when in (
    ("upside_down", "math.log(f) / math.log(0.5)", "the fraction stands upside down"),
    ("wrong_sign", "math.log(2) / math.log(f)", "the number of steps is negative"),
    ("time_constant", "-1 / math.log(f)", "the steps are counted until 1/e is left, not one half"),
    ("linear", "0.5 / (1 - f)", "the cell is taken to lose the same amount at every step"),
    ("mean_memory", "1 / (1 - f)", "one over what is forgotten per step is returned"),
    ("ratio_of_gates", "0.5 / f", "one half is divided by the gate itself"),
):
    wrong.add(name, gives(formula), f"{when}. {FORMULA}")
wrong.add(
    "of_what_is_forgotten",
    gives("math.log(0.5) / math.log1p(-f)"),
    "the share that is forgotten stands where the share that stays should. " + FORMULA,
)
wrong.add(
    "mixed_bases",
    gives("math.log(0.5) / math.log10(f)"),
    "two logarithms of different bases are divided. " + FORMULA,
)
wrong.add(
    "difference_of_logarithms",
    gives("math.log(0.5) - math.log(f)"),
    "the logarithms are subtracted, which divides the gates. " + FORMULA,
)
wrong.family(
    "It need not be a whole number.",
    ("whole_steps", gives(f"math.ceil({RIGHT})"), "the steps are rounded up"),
    ("rounded", gives(f"float(round({RIGHT}))"), "the steps are rounded"),
)
wrong.add(
    "an_array",
    gives(f"np.array({RIGHT})"),
    "an array comes back in place of a number. Look at the type of what you return.",
)

wrong.add("nothing_returned", but(memory_half_life, returns=lambda steps: None), NO_RETURN)

RANGE = "Which numbers are no forget gate that halves a cell?"
wrong.add(
    "no_checks",
    lambda f: math.log(0.5) / math.log(f),
    "f is not checked, and math complains in its own way. " + RANGE,
)
wrong.add(
    "no_checks_numpy", measured, "f is not checked, and NumPy goes on with what it gets. " + RANGE
)
wrong.family(
    RANGE,
    ("one_passes", refuses("not 0 < f <= 1"), "a gate of 1 is let through"),
    ("zero_passes", refuses("not 0 <= f < 1"), "a gate of 0 is let through"),
    ("ends_pass", refuses("not 0 <= f <= 1"), "0 and 1 are let through"),
    ("above_passes", refuses("not f > 0 or f == 1"), "gates above 1 are let through"),
    ("below_passes", refuses("not f < 1"), "gates below 0 are let through"),
)
wrong.add(
    "nan_passes",
    refuses("f <= 0 or f >= 1"),
    "nan slips through the check. What does nan < 0 give, and what nan > 1?",
)

wrong.family(
    "Read your message as somebody who made the call.",
    (
        "says_nothing",
        instead("raise ValueError"),
        "the error does not say which argument is wrong",
    ),
    (
        "says_out_of_range",
        instead('raise ValueError("out of range: must lie between 0 and 1")'),
        "the error says what is wrong, and not with which argument",
    ),
)
wrong.family(
    "Which exception does the statement name?",
    (
        "another_exception",
        instead('raise AssertionError(f"f must lie between 0 and 1, not {f}")'),
        "an assertion fails where a ValueError is due",
    ),
    ("returns_nan", instead("return math.nan"), "nan comes back where an error is due"),
    ("returns_none", instead("return None"), "None comes back where an error is due"),
)


refused = partial(Case, raises=ValueError, mentions="f|forget|gate", value=False)
BETWEEN = "A gate lies between 0 and 1."

EXERCISE = Exercise(
    reference=memory_half_life,
    inputs=inputs,
    points=3,
    cases=(
        Case(name="a gate that forgets fast", inputs=draws(lambda rng: rng.uniform(0.05, 0.45))),
        Case(name="a gate of one half", inputs=always(0.5)),
        Case(name="a gate close to 1", inputs=draws(lambda rng: 1 - rng.uniform(1e-6, 9e-6))),
        Case(name="a gate close to 0", inputs=draws(lambda rng: rng.uniform(1, 9) * 1e-30)),
        refused(name="a gate of 1", inputs=always(1.0), why="A gate of 1 never halves anything."),
        refused(
            name="a gate of 0",
            inputs=always(0.0),
            why="A gate of 0 leaves nothing after one step.",
        ),
        refused(name="a gate above 1", inputs=draws(lambda rng: rng.uniform(1.1, 3)), why=BETWEEN),
        refused(
            name="a gate below 0", inputs=draws(lambda rng: -rng.uniform(0.1, 0.9)), why=BETWEEN
        ),
        refused(
            name="a gate that is nan",
            inputs=always(math.nan),
            why="nan is neither below 0 nor above 1: which comparison catches it?",
        ),
        refused(name="a gate of infinity", inputs=always(math.inf), why=BETWEEN),
    ),
    mistakes=wrong,
    look="Put f = ½ in: after how many steps is one half left?",
    when_right=(
        "Any base of the logarithm will do, as long as both have the same: with base 2 the answer "
        "is −1 over the logarithm of f. A check that f is inside the range catches nan as well, "
        "because every comparison with nan is false; one that asks whether it is outside lets nan "
        "through. Next question: close to 1 the half-life is about 0.69 / (1 − f). By which "
        "factor does it grow when a large forget bias is raised by 1?"
    ),
)
