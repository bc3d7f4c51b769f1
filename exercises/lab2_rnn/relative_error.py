"""The largest relative error between two arrays."""

from collections.abc import Mapping

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab2_rnn._draws import Array
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


wrong = Mistakes()


@wrong
def mean(a: Array, b: Array) -> float:
    """the mean of the errors is taken.
    One number for a whole array: which one is asked for?"""
    return float(np.mean(np.abs(a - b) / np.maximum(1e-12, _size(a, b))))


@wrong
def of_the_sums(a: Array, b: Array) -> float:
    """differences and sizes are added up before they are divided.
    Which comes first, the division or the step to one number?"""
    return float(np.abs(a - b).sum() / max(1e-12, float(_size(a, b).sum())))


@wrong
def of_the_norms(a: Array, b: Array) -> float:
    """the norms of the arrays are compared.
    Which comes first, the division or the step to one number?"""
    size = float(np.linalg.norm(a) + np.linalg.norm(b))
    return float(np.linalg.norm(a - b)) / max(1e-12, size)


@wrong
def by_the_larger(a: Array, b: Array) -> float:
    """the denominator is the larger of the two sizes.
    Look at the denominator in the formula."""
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, np.maximum(np.abs(a), np.abs(b)))))


@wrong
def by_the_first(a: Array, b: Array) -> float:
    """the denominator is the size of a alone.
    Exchange a and b: should the result change?"""
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(a))))


@wrong
def by_the_second(a: Array, b: Array) -> float:
    """the denominator is the size of b alone.
    Exchange a and b: should the result change?"""
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(b))))


@wrong
def by_the_sum_with_signs(a: Array, b: Array) -> float:
    """a and b are added before the sign is taken off.
    Try 1 against -1."""
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(a + b))))


@wrong
def with_signs_inside(a: Array, b: Array) -> float:
    """the denominator keeps the signs of a and b.
    Try two negative numbers."""
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, a + b)))


@wrong
def absolute_error(a: Array, b: Array) -> float:
    """nothing is divided.
    Try 1000 against 1001, and 1 against 2."""
    return float(np.max(np.abs(a - b)))


@wrong
def without_absolute_value(a: Array, b: Array) -> float:
    """differences below zero do not count.
    Exchange a and b: should the result change?"""
    return float(np.max((a - b) / np.maximum(1e-12, _size(a, b))))


@wrong
def by_the_mean(a: Array, b: Array) -> float:
    """the denominator is the mean of the two sizes.
    Look at the denominator in the formula."""
    return 2 * relative_error(a, b)


@wrong
def without_floor(a: Array, b: Array) -> float:
    """nothing keeps the denominator away from zero.
    Try 0 against 0."""
    with np.errstate(all="ignore"):
        return float(np.max(np.abs(a - b) / _size(a, b)))


@wrong
def floor_added(a: Array, b: Array) -> float:
    """the floor is added to the denominator in place of being its least value.
    Try numbers of about 1e-13."""
    return float(np.max(np.abs(a - b) / (1e-12 + _size(a, b))))


@wrong
def high_floor(a: Array, b: Array) -> float:
    """the floor of the denominator is higher than the one asked for.
    Try numbers of about 1e-10."""
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, _size(a, b))))


@wrong
def largest_by_largest(a: Array, b: Array) -> float:
    """the largest difference is divided by the largest size.
    Which comes first, the division or the step to one number?"""
    return float(np.max(np.abs(a - b))) / max(1e-12, float(np.max(_size(a, b))))


@wrong
def smallest(a: Array, b: Array) -> float:
    """the smallest error is taken.
    One number for a whole array: which one is asked for?"""
    return float(np.min(np.abs(a - b) / np.maximum(1e-12, _size(a, b))))


@wrong
def elementwise(a: Array, b: Array) -> Array:
    """one error per entry comes back.
    One number is asked for."""
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


wrong.add(
    "numpy_number",
    but(relative_error, returns=np.float32),
    "the result is a NumPy float32 and no Python float. Look at the type of what you return.",
)


EXERCISE = Exercise(
    reference=relative_error,
    inputs=inputs,
    points=5,
    axes={"B": 3, "I": 4},
    shapes={"a": "B I", "b": "B I"},
    cases=(
        Case(
            name="numbers of opposite sign",
            inputs=opposite_signs,
            value=False,
            why="The denominator adds two sizes, and a size has no sign.",
        ),
        Case(
            name="zeros against zeros",
            inputs=zeros,
            value=False,
            why="0 against 0 is no error at all.",
        ),
        Case(
            name="zeros beside other numbers",
            inputs=zeros_beside_others,
            value=False,
            why="0 against 0 is no error, and the others still count.",
        ),
        Case(
            name="numbers below the floor of the denominator",
            inputs=tiny,
            value=False,
            why="Below 1e-12 the denominator stays at 1e-12.",
        ),
        Case(
            name="small numbers above the floor",
            inputs=small,
            value=False,
            why="Above 1e-12 the denominator is the sum of the two sizes.",
        ),
    ),
    mistakes=wrong,
    also_right=(loop, clipped, where),
    look="Work through the formula for two arrays with two entries each.",
)
