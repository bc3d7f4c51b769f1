"""A gate out of any number, without a warning."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Close, Exercise, Mistakes, but, edited
from exercises.lab3_lstm._draws import Array
from exercises.lab3_lstm._programs import DTYPE, NO_RETURN, Program, as_float64
from solutions.lab3_lstm import sigmoid


def inputs(rng: np.random.Generator, B: int, H: int) -> Mapping[str, Array]:
    z = rng.uniform(-3, 3, (B, H))
    z.flat[: min(3, z.size)] = [0.0, -12.0, 12.0][: z.size]
    return {"z": z}


def extremes(rng: np.random.Generator) -> Mapping[str, Array]:
    sizes = np.array([50.0, 95.0, 710.0, 760.0, 1e3, 1e4, 1e4])
    sizes[:-1] *= rng.uniform(0.99, 1.0, 6)
    return {"z": np.concatenate([sizes, -sizes])[rng.permutation(14)]}


def one_number(rng: np.random.Generator) -> Mapping[str, Array]:
    return {"z": np.array(rng.uniform(0.5, 2))}


def three_axes(rng: np.random.Generator) -> Mapping[str, Array]:
    return {"z": rng.normal(0, 3, (2, 4, 3))}


def with_warnings(entry: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    """The value, and of which warnings none came with it."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        value = entry(*arguments.values())
    texts = " ".join(str(one.message) for one in caught)
    kinds = {"overflow": "overflow", "division by zero": "divide by zero", "nan": "invalid value"}
    silent = {f"NumPy warns of no {kind}": text not in texts for kind, text in kinds.items()}
    return {"value": value, **silent}


def gives(formula: str) -> Program:
    """Another formula for the floats z; small is e^(-|z|)."""
    return edited(sigmoid, {"np.where(z >= 0, 1 / (1 + small), small / (1 + small))": formula})


wrong = Mistakes()

wrong.add(
    "as_typed",
    gives("1 / (1 + np.exp(-z))"),
    "the formula is typed as it stands: right values, and a warning. Which e^… does it compute for z = -1000?",
)
wrong.add(
    "exponential_of_z",
    gives("np.exp(z) / (1 + np.exp(z))"),
    "both parts of a fraction become infinite. Which e^… does it compute for z = 1000?",
)
wrong.add(
    "both_halves",
    gives("np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))"),
    "the right form is chosen only after both have been computed for every z. np.where does not keep NumPy from computing what it does not choose.",
)
wrong.add(
    "clipped_for_float64",
    gives("1 / (1 + np.exp(-np.clip(z, -500, 500)))"),
    "z is cut off where float64 would overflow, which is too late for float32. How large may an exponent be in float32?",
)
wrong.add(
    "tight_clip",
    gives("1 / (1 + np.exp(-np.clip(z, -5, 5)))"),
    "z is cut off at ±5. How far is σ(5) from 1? From where on does nothing change any more?",
)
wrong.add(
    "no_minus",
    gives("1 / (1 + np.exp(z))"),
    "the formula is typed with another sign in the exponent. Check the sign in the exponent.",
)
wrong.add(
    "one_form_for_both",
    gives("1 / (1 + small)"),
    "negative numbers are treated like positive ones. What is σ(-1), and what does your function give?",
)
wrong.add(
    "halves_exchanged",
    gives("np.where(z < 0, 1 / (1 + small), small / (1 + small))"),
    "the forms for the two signs have changed places. What is σ(2), and what does your function give?",
)
wrong.add(
    "without_plus_one",
    gives("np.where(z >= 0, 1 / (1 + small), small)"),
    "for negative numbers the denominator is missing. What is σ(-0.1), and what does your function give?",
)
wrong.add("tanh", gives("np.tanh(z)"), "the tanh is taken. A gate lies between 0 and 1.")
wrong.add(
    "steep_tanh",
    gives("(1 + np.tanh(z)) / 2"),
    "a tanh is moved into 0 to 1 without stretching it. Compare the slopes at z = 0: a sigmoid's is ¼.",
)
wrong.add(
    "hard",
    gives("np.clip(0.2 * z + 0.5, 0, 1)"),
    "a straight line that is cut off stands in for the curve. σ(1) is 0.731.",
)
wrong.add(
    "softmax",
    gives("np.exp(z - z.max()) / np.exp(z - z.max()).sum()"),
    "all numbers of the array share one sum. Each number becomes a gate of its own.",
)
wrong.add(
    "slope",
    but(sigmoid, returns=lambda s: np.asarray(s * (1 - s))),
    "the sigmoid's slope is returned in place of the sigmoid. What is σ(0)?",
)


@wrong
def buffer_like_z(z):
    """the results are written into an array of the input's own dtype.
    What can an array of integers hold?"""
    out = np.zeros_like(z)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    e = np.exp(z[~positive])
    out[~positive] = e / (1 + e)
    return out


@wrong
def writes_into_z(z):
    """the result is written into the caller's z.
    Look for an assignment into what was handed in."""
    right = sigmoid(z)
    z[...] = right
    return right


@wrong
def tables_only(z):
    """one loop runs over rows and one over columns, so that z must have two axes.
    How many axes may z have?"""
    return np.array([[sigmoid(number) for number in row] for row in z])


wrong.add(
    "python_numbers",
    but(sigmoid, returns=np.ndarray.tolist),
    "a list comes back in place of an array. Look at the type of what you return.",
)


@wrong
def through_float32(z):
    """everything is computed in float32, whatever is returned.
    Look at where your code names a dtype."""
    dtype = sigmoid(z).dtype
    return sigmoid(z.astype(np.float32)).astype(dtype)


wrong.add(
    "always_float64",
    but(sigmoid, returns=as_float64),
    "the result is float64 whatever came in. " + DTYPE,
)

wrong.add("nothing_returned", but(sigmoid, returns=lambda s: None), NO_RETURN)


EXERCISE = Exercise(
    reference=sigmoid,
    inputs=inputs,
    points=5,
    axes={"B": 3, "H": 6},
    shapes={"z": "B H", "return": "B H"},
    close=Close(rtol=1e-9, atol=2.5e-9),
    cases=(
        Case(
            name="numbers up to 10,000 of both signs",
            inputs=extremes,
            why="For large numbers of either sign the answer is 0 or 1, never nan.",
        ),
        Case(
            name="warnings up to 10,000",
            inputs=extremes,
            scenario=with_warnings,
            value=False,
            why="For which sign of z does your exponential get a large argument?",
        ),
        Case(
            name="numbers up to 10,000 in float32",
            inputs=extremes,
            dtype="float32",
            value=False,
            why="float32 overflows near e^89; the answer must be a finite float32 there too.",
        ),
        Case(
            name="warnings up to 10,000 in float32",
            inputs=extremes,
            dtype="float32",
            scenario=with_warnings,
            value=False,
            why="float32 overflows near e^89, where float64 has a long way to go.",
        ),
        Case(
            name="an array of no axes",
            inputs=one_number,
            value=False,
            why="An array may have any number of axes, none included.",
        ),
        Case(
            name="an array of three axes",
            inputs=three_axes,
            value=False,
            why="An array may have any number of axes.",
        ),
    ),
    mistakes=wrong,
    look="Compare your function with σ(0) = 0.5, σ(1) = 0.731 and σ(-1) = 0.269.",
    when_right=(
        "Take the tanh of half of z, add 1 and halve the sum: that is the same curve, in one line "
        "and without a warning; only far below zero, where the true value is tiny, it says 0. The "
        "traps stand where the numbers are large: np.where works out both of its branches before "
        "it chooses, and a cut at 500 suits float64 but comes too late for float32. Next "
        "question: a slope is never above ¼, so what is left of a gradient that has to pass ten "
        "gates?"
    ),
)
