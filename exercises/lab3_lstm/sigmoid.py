"""A gate out of any number, without a warning."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Close, Exercise, Mistakes, but
from exercises.lab3_lstm._draws import Array, as_float64
from solutions.lab3_lstm import sigmoid


def inputs(rng: np.random.Generator, B: int, H: int) -> Mapping[str, Array]:
    z = rng.uniform(-3, 3, (B, H))
    z[0, :3] = [0.0, -12.0, 12.0]
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
    """The value, and the texts of the warnings that came with it."""
    import warnings

    import numpy as np

    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        value = entry(*arguments.values())
    return {"value": value, "warnings from NumPy": sorted({str(one.message) for one in caught})}


wrong = Mistakes()


@wrong
def as_typed(z: Array) -> Array:
    """the formula is typed as it stands: right values, and a warning.
    Which e^… does it compute for z = -1000?"""
    z = np.asarray(z)
    return np.asarray(1 / (1 + np.exp(-z)))


@wrong
def exponential_of_z(z: Array) -> Array:
    """both parts of a fraction become infinite.
    Which e^… does it compute for z = 1000?"""
    e = np.exp(z)
    return np.asarray(e / (1 + e))


@wrong
def both_halves(z: Array) -> Array:
    """the right form is chosen only after both have been computed for every z.
    np.where does not keep NumPy from computing what it does not choose."""
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))


@wrong
def clipped_for_float64(z: Array) -> Any:
    """z is cut off where float64 would overflow, which is too late for float32.
    How large may an exponent be in float32?"""
    one = z.dtype.type(1) if z.dtype.kind == "f" else 1.0
    return one / (one + np.exp(-np.clip(z, -500, 500)))


@wrong
def through_float32(z: Array) -> Array:
    """everything is computed in float32, whatever is returned.
    Look at where your code names a dtype."""
    right = sigmoid(z)
    return np.asarray(sigmoid(np.asarray(z, dtype=np.float32)), dtype=right.dtype)


@wrong
def one_form_for_both(z: Array) -> Array:
    """negative numbers are treated like positive ones.
    What is σ(-1), and what does your function give?"""
    return np.asarray(1 / (1 + np.exp(-np.abs(z))))


@wrong
def halves_exchanged(z: Array) -> Array:
    """the forms for the two signs have changed places.
    What is σ(2), and what does your function give?"""
    small = np.exp(-np.abs(z))
    return np.where(z < 0, 1 / (1 + small), small / (1 + small))


@wrong
def without_plus_one(z: Array) -> Array:
    """for negative numbers the denominator is missing.
    What is σ(-0.1), and what does your function give?"""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small)


@wrong
def tanh(z: Array) -> Array:
    """the tanh is taken.
    A gate lies between 0 and 1."""
    return np.asarray(np.tanh(z))


@wrong
def steep_tanh(z: Array) -> Array:
    """a tanh is moved into 0 to 1 without stretching it.
    Compare the slopes at z = 0: a sigmoid's is ¼."""
    return np.asarray((1 + np.tanh(z)) / 2)


@wrong
def hard(z: Array) -> Array:
    """a straight line that is cut off stands in for the curve.
    σ(1) is 0.731."""
    return np.clip(0.2 * z + 0.5, 0, 1).astype(sigmoid(z).dtype)


@wrong
def tight_clip(z: Array) -> Array:
    """z is cut off at ±5.
    How far is σ(5) from 1? From where on does nothing change any more?"""
    return sigmoid(np.clip(z, -5, 5))


@wrong
def no_minus(z: Array) -> Array:
    """the formula is typed with another sign in the exponent.
    Check the sign in the exponent."""
    return np.asarray(1 / (1 + np.exp(z)))


@wrong
def slope(z: Array) -> Array:
    """the sigmoid's slope is returned in place of the sigmoid.
    What is σ(0)?"""
    s = sigmoid(z)
    return np.asarray(s * (1 - s))


@wrong
def softmax(z: Array) -> Array:
    """all numbers of the array share one sum.
    Each number becomes a gate of its own."""
    e = np.exp(z - z.max())
    return np.asarray(e / e.sum())


@wrong
def buffer_like_z(z: Array) -> Array:
    """the results are written into an array of the input's own dtype.
    What can an array of integers hold?"""
    out = np.zeros_like(z)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    e = np.exp(z[~positive])
    out[~positive] = e / (1 + e)
    return out


@wrong
def writes_into_z(z: Array) -> Array:
    """the result is written into the caller's z.
    Look for an assignment into what was handed in."""
    right = sigmoid(z)
    z[...] = right
    return right


@wrong
def python_numbers(z: Array) -> Any:
    """a list comes back in place of an array.
    Look at the type of what you return."""
    return sigmoid(z).tolist()


def masks(z: Array) -> Array:
    out = np.empty(z.shape, dtype=np.float32 if z.dtype == np.float32 else np.float64)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    e = np.exp(z[~positive])
    out[~positive] = e / (1 + e)
    return out


def half_a_tanh(z: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))


def logarithms(z: Array) -> Array:
    zero = z.dtype.type(0)
    return np.asarray(np.exp(-np.logaddexp(zero, -z)))


def clipped_exponent(z: Array) -> Any:
    exponent = np.minimum(-z, 80) if z.dtype == np.float32 else np.clip(-z, -700, 700)
    return 1.0 / (1.0 + np.exp(exponent))


def silenced(z: Array) -> Any:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


wrong.add(
    "always_float64",
    but(sigmoid, returns=as_float64),
    "the result is float64 whatever came in. Look at where your code names a dtype.",
)


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
    also_right=(masks, half_a_tanh, logarithms, clipped_exponent, silenced),
    look="Compare your function with σ(0) = 0.5, σ(1) = 0.731 and σ(-1) = 0.269.",
)
