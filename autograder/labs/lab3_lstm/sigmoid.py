"""A gate out of any number, without a warning."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.labs.lab3_lstm._draws import Array, as_float64
from autograder.spec import Case, Close, Exercise, Mistake, but
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


def as_typed(z: Array) -> Array:
    z = np.asarray(z)
    return np.asarray(1 / (1 + np.exp(-z)))


def exponential_of_z(z: Array) -> Array:
    e = np.exp(z)
    return np.asarray(e / (1 + e))


def both_halves(z: Array) -> Array:
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))


def clipped_for_float64(z: Array) -> Any:
    one = z.dtype.type(1) if z.dtype.kind == "f" else 1.0
    return one / (one + np.exp(-np.clip(z, -500, 500)))


def through_float32(z: Array) -> Array:
    right = sigmoid(z)
    return np.asarray(sigmoid(np.asarray(z, dtype=np.float32)), dtype=right.dtype)


def one_form_for_both(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.abs(z))))


def halves_exchanged(z: Array) -> Array:
    small = np.exp(-np.abs(z))
    return np.where(z < 0, 1 / (1 + small), small / (1 + small))


def without_plus_one(z: Array) -> Array:
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small)


def tanh(z: Array) -> Array:
    return np.asarray(np.tanh(z))


def steep_tanh(z: Array) -> Array:
    return np.asarray((1 + np.tanh(z)) / 2)


def hard(z: Array) -> Array:
    return np.clip(0.2 * z + 0.5, 0, 1).astype(sigmoid(z).dtype)


def tight_clip(z: Array) -> Array:
    return sigmoid(np.clip(z, -5, 5))


def no_minus(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(z)))


def slope(z: Array) -> Array:
    s = sigmoid(z)
    return np.asarray(s * (1 - s))


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max())
    return np.asarray(e / e.sum())


def buffer_like_z(z: Array) -> Array:
    out = np.zeros_like(z)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    e = np.exp(z[~positive])
    out[~positive] = e / (1 + e)
    return out


def writes_into_z(z: Array) -> Array:
    right = sigmoid(z)
    z[...] = right
    return right


def python_numbers(z: Array) -> Any:
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


EXERCISE = Exercise(
    reference=sigmoid,
    inputs=inputs,
    points=5,
    axes={"B": 3, "H": 6},
    shapes={"z": "B H", "return": "B H"},
    close=Close(rtol=1e-9, atol=2.5e-9),
    cases=(
        Case(name="numbers up to 10,000 of both signs", inputs=extremes,
             why="For large numbers of either sign the answer is 0 or 1, never nan."),
        Case(name="warnings up to 10,000", inputs=extremes, scenario=with_warnings, value=False,
             why="For which sign of z does your exponential get a large argument?"),
        Case(name="numbers up to 10,000 in float32", inputs=extremes, dtype="float32", value=False,
             why="float32 overflows near e^89; the answer must be a finite float32 there too."),
        Case(name="warnings up to 10,000 in float32", inputs=extremes, dtype="float32",
             scenario=with_warnings, value=False,
             why="float32 overflows near e^89, where float64 has a long way to go."),
        Case(name="an array of no axes", inputs=one_number, value=False,
             why="An array may have any number of axes, none included."),
        Case(name="an array of three axes", inputs=three_axes, value=False,
             why="An array may have any number of axes."),
    ),
    mistakes=(
        Mistake("as_typed", as_typed,
                when="the formula is typed as it stands: right values, and a warning",
                look="Which e^… does it compute for z = -1000?"),
        Mistake("exponential_of_z", exponential_of_z,
                when="both parts of a fraction become infinite",
                look="Which e^… does it compute for z = 1000?"),
        Mistake("both_halves", both_halves,
                when="the right form is chosen only after both have been computed for every z",
                look="np.where does not keep NumPy from computing what it does not choose."),
        Mistake("clipped_for_float64", clipped_for_float64,
                when="z is cut off where float64 would overflow, which is too late for float32",
                look="How large may an exponent be in float32?"),
        Mistake("through_float32", through_float32,
                when="everything is computed in float32, whatever is returned",
                look="Look at where your code names a dtype."),
        Mistake("one_form_for_both", one_form_for_both,
                when="negative numbers are treated like positive ones",
                look="What is σ(-1), and what does your function give?"),
        Mistake("halves_exchanged", halves_exchanged,
                when="the forms for the two signs have changed places",
                look="What is σ(2), and what does your function give?"),
        Mistake("without_plus_one", without_plus_one,
                when="for negative numbers the denominator is missing",
                look="What is σ(-0.1), and what does your function give?"),
        Mistake("tanh", tanh, when="the tanh is taken",
                look="A gate lies between 0 and 1."),
        Mistake("steep_tanh", steep_tanh, when="a tanh is moved into 0 to 1 without stretching it",
                look="Compare the slopes at z = 0: a sigmoid's is ¼."),
        Mistake("hard", hard, when="a straight line that is cut off stands in for the curve",
                look="σ(1) is 0.731."),
        Mistake("tight_clip", tight_clip, when="z is cut off at ±5",
                look="How far is σ(5) from 1? From where on does nothing change any more?"),
        Mistake("no_minus", no_minus, when="the formula is typed with another sign in the exponent",
                look="Check the sign in the exponent."),
        Mistake("slope", slope, when="the sigmoid's slope is returned in place of the sigmoid",
                look="What is σ(0)?"),
        Mistake("softmax", softmax, when="all numbers of the array share one sum",
                look="Each number becomes a gate of its own."),
        Mistake("buffer_like_z", buffer_like_z,
                when="the results are written into an array of the input's own dtype",
                look="What can an array of integers hold?"),
        Mistake("always_float64", but(sigmoid, returns=as_float64),
                when="the result is float64 whatever came in",
                look="Look at where your code names a dtype."),
        Mistake("writes_into_z", writes_into_z, when="the result is written into the caller's z",
                look="Look for an assignment into what was handed in."),
        Mistake("python_numbers", python_numbers, when="a list comes back in place of an array",
                look="Look at the type of what you return."),
    ),
    also_right=(masks, half_a_tanh, logarithms, clipped_exponent, silenced),
    look="Compare your function with σ(0) = 0.5, σ(1) = 0.731 and σ(-1) = 0.269.",
)  # fmt: skip
