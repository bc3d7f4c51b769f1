"""The largest relative error between two arrays."""

from collections.abc import Mapping

import numpy as np

from autograder.labs.lab2_rnn._draws import Array
from autograder.spec import Case, Exercise, Mistake, but
from solutions.lab2_rnn import relative_error


def inputs(rng: np.random.Generator, B: int, I: int) -> Mapping[str, Array]:
    """Numbers of one sign that differ by up to a half; the largest error is not at the largest ones."""
    a = rng.uniform(0.5, 3, (B, I)) * rng.choice([-1, 1], (B, I))
    b = a * rng.uniform(0.8, 1.2, (B, I))
    b.flat[int(rng.integers(a.size))] *= rng.choice([0.4, 2.2])
    return {"a": a, "b": b}


def opposite_signs(rng: np.random.Generator) -> Mapping[str, Array]:
    a = rng.uniform(0.5, 3, (3, 2))
    b = a * rng.uniform(0.9, 1.1, (3, 2))
    b[1, 1] *= -1
    return {"a": -a, "b": -b}


def zeros(rng: np.random.Generator) -> Mapping[str, Array]:
    return {"a": np.zeros((2, 3)), "b": np.zeros((2, 3))}


def zeros_beside_others(rng: np.random.Generator) -> Mapping[str, Array]:
    a = rng.uniform(0.5, 3, (2, 3))
    b = a * 1.25
    a[0, 1] = b[0, 1] = 0.0
    return {"a": a, "b": b}


def tiny(rng: np.random.Generator) -> Mapping[str, Array]:
    return {"a": np.array([3e-13, 2.0]), "b": np.array([1e-13, 2.0])}


def small(rng: np.random.Generator) -> Mapping[str, Array]:
    return {"a": np.array([3e-10, 2.0]), "b": np.array([1e-10, 2.0])}


def _size(a: Array, b: Array) -> Array:
    return np.abs(a) + np.abs(b)


def mean(a: Array, b: Array) -> float:
    return float(np.mean(np.abs(a - b) / np.maximum(1e-12, _size(a, b))))


def of_the_sums(a: Array, b: Array) -> float:
    return float(np.abs(a - b).sum() / max(1e-12, float(_size(a, b).sum())))


def of_the_norms(a: Array, b: Array) -> float:
    size = float(np.linalg.norm(a) + np.linalg.norm(b))
    return float(np.linalg.norm(a - b)) / max(1e-12, size)


def by_the_larger(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, np.maximum(np.abs(a), np.abs(b)))))


def by_the_first(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(a))))


def by_the_second(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(b))))


def by_the_sum_with_signs(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(a + b))))


def with_signs_inside(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, a + b)))


def absolute_error(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b)))


def without_absolute_value(a: Array, b: Array) -> float:
    return float(np.max((a - b) / np.maximum(1e-12, _size(a, b))))


def by_the_mean(a: Array, b: Array) -> float:
    return 2 * relative_error(a, b)


def without_floor(a: Array, b: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.max(np.abs(a - b) / _size(a, b)))


def floor_added(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b) / (1e-12 + _size(a, b))))


def high_floor(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, _size(a, b))))


def largest_by_largest(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b))) / max(1e-12, float(np.max(_size(a, b))))


def smallest(a: Array, b: Array) -> float:
    return float(np.min(np.abs(a - b) / np.maximum(1e-12, _size(a, b))))


def elementwise(a: Array, b: Array) -> Array:
    return np.abs(a - b) / np.maximum(1e-12, _size(a, b))


def loop(a: Array, b: Array) -> float:
    worst = 0.0
    for one, other in zip(a.flat, b.flat, strict=True):
        size = max(1e-12, abs(float(one)) + abs(float(other)))
        worst = max(worst, abs(float(one) - float(other)) / size)
    return worst


def clipped(a: Array, b: Array) -> float:
    return (np.abs(b - a) / np.clip(np.abs(b) + np.abs(a), 1e-12, None)).max().item()


def where(a: Array, b: Array) -> float:
    size = np.abs(a) + np.abs(b)
    ratios = np.absolute(np.subtract(a, b)) / np.where(size > 1e-12, size, 1e-12)
    return float(sorted(ratios.ravel())[-1])


EXERCISE = Exercise(
    reference=relative_error,
    inputs=inputs,
    points=5,
    axes={"B": 3, "I": 4},
    shapes={"a": "B I", "b": "B I"},
    cases=(
        Case(name="numbers of opposite sign", inputs=opposite_signs, value=False,
             why="The denominator adds two sizes, and a size has no sign."),
        Case(name="zeros against zeros", inputs=zeros, value=False,
             why="0 against 0 is no error at all."),
        Case(name="zeros beside other numbers", inputs=zeros_beside_others, value=False,
             why="0 against 0 is no error, and the others still count."),
        Case(name="numbers below the floor of the denominator", inputs=tiny, value=False,
             why="Below 1e-12 the denominator stays at 1e-12."),
        Case(name="small numbers above the floor", inputs=small, value=False,
             why="Above 1e-12 the denominator is the sum of the two sizes."),
    ),
    mistakes=(
        Mistake("mean", mean, when="the mean of the errors is taken",
                look="One number for a whole array: which one is asked for?"),
        Mistake("smallest", smallest, when="the smallest error is taken",
                look="One number for a whole array: which one is asked for?"),
        Mistake("of_the_sums", of_the_sums,
                when="differences and sizes are added up before they are divided",
                look="Which comes first, the division or the step to one number?"),
        Mistake("of_the_norms", of_the_norms,
                when="the norms of the arrays are compared",
                look="Which comes first, the division or the step to one number?"),
        Mistake("largest_by_largest", largest_by_largest,
                when="the largest difference is divided by the largest size",
                look="Which comes first, the division or the step to one number?"),
        Mistake("by_the_larger", by_the_larger,
                when="the denominator is the larger of the two sizes",
                look="Look at the denominator in the formula."),
        Mistake("by_the_first", by_the_first, when="the denominator is the size of a alone",
                look="Exchange a and b: should the result change?"),
        Mistake("by_the_second", by_the_second, when="the denominator is the size of b alone",
                look="Exchange a and b: should the result change?"),
        Mistake("by_the_sum_with_signs", by_the_sum_with_signs,
                when="a and b are added before the sign is taken off",
                look="Try 1 against -1."),
        Mistake("with_signs_inside", with_signs_inside,
                when="the denominator keeps the signs of a and b",
                look="Try two negative numbers."),
        Mistake("by_the_mean", by_the_mean,
                when="the denominator is the mean of the two sizes",
                look="Look at the denominator in the formula."),
        Mistake("absolute_error", absolute_error, when="nothing is divided",
                look="Try 1000 against 1001, and 1 against 2."),
        Mistake("without_absolute_value", without_absolute_value,
                when="differences below zero do not count",
                look="Exchange a and b: should the result change?"),
        Mistake("without_floor", without_floor,
                when="nothing keeps the denominator away from zero",
                look="Try 0 against 0."),
        Mistake("floor_added", floor_added,
                when="the floor is added to the denominator in place of being its least value",
                look="Try numbers of about 1e-13."),
        Mistake("high_floor", high_floor,
                when="the floor of the denominator is higher than the one asked for",
                look="Try numbers of about 1e-10."),
        Mistake("elementwise", elementwise, when="one error per entry comes back",
                look="One number is asked for."),
        Mistake("numpy_number", but(relative_error, returns=np.float32),
                when="the result is a NumPy float32 and no Python float",
                look="Look at the type of what you return."),
    ),
    also_right=(loop, clipped, where),
    look="Work through the formula for two arrays with two entries each.",
)  # fmt: skip
