"""Central differences, tried on functions whose third derivative gives the step width away."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes
from exercises.lab2_rnn._draws import Array
from solutions.lab2_rnn import numerical_gradient

F = Callable[[Array], float]


def of_a_wave(entry: Any, x: Any, w: Any, k: float, **rest: float) -> Any:
    """The gradient of Σ w·sin(k·x) plus a product that couples the entries, by the entry point.

    rest may hold eps.  The function refuses an argument of another shape.
    """
    import numpy as np

    def f(a: Any) -> float:
        a = np.asarray(a, dtype=np.float64)
        if a.shape != w.shape:
            raise ValueError(f"f was called with shape {a.shape}, x has shape {w.shape}")
        return float(np.sum(w * np.sin(k * a)) + 0.1 * np.sum(a) ** 3)

    return entry(f, x, *rest.values())


def inputs(rng: np.random.Generator, B: int, I: int) -> Mapping[str, Any]:
    return {"x": rng.standard_normal((B, I)), "w": 0.5 + rng.random((B, I)), "k": 1.0, "eps": 1e-2}


def default_eps(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"x": rng.standard_normal((3, 2)), "w": 0.5 + rng.random((3, 2)), "k": 300.0}


def of_shape(*shape: int) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Inputs of one shape, with a small eps."""
    return lambda rng: {
        "x": rng.standard_normal(shape),
        "w": 0.5 + rng.random(shape),
        "k": 2.0,
        "eps": 1e-3,
    }


wrong = Mistakes()


@wrong
def one_sided(f: F, x: Array, eps: float = 1e-5) -> Array:
    """the difference is taken to one side, from x to x + eps.
    On which sides of x do you call f?"""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        above = x.copy()
        above[i] += eps
        gradient[i] = (f(above) - f(x)) / eps
    return gradient


@wrong
def backward_difference(f: F, x: Array, eps: float = 1e-5) -> Array:
    """the difference is taken to one side, from x - eps to x.
    On which sides of x do you call f?"""
    return one_sided(f, x, -eps)


@wrong
def without_two(f: F, x: Array, eps: float = 1e-5) -> Array:
    """the difference is divided by eps where the two points are 2·eps apart.
    How far apart are the two points at which you call f?"""
    return 2 * numerical_gradient(f, x, eps)


@wrong
def half_of_it(f: F, x: Array, eps: float = 1e-5) -> Array:
    """the difference is divided by more than the distance of the two points.
    How far apart are the two points at which you call f?"""
    return numerical_gradient(f, x, eps) / 2


@wrong
def wrong_sign(f: F, x: Array, eps: float = 1e-5) -> Array:
    """the lower value is taken first.
    Which of the two values should be subtracted?"""
    return numerical_gradient(f, x, -eps) * -1


@wrong
def eps_ignored(f: F, x: Array, eps: float = 1e-5) -> Array:
    """the argument eps is never used.
    Call with a large eps: does the result change?"""
    return numerical_gradient(f, x)


@wrong
def another_default(f: F, x: Array, eps: float = 1e-3) -> Array:
    """the default of eps is larger than the one asked for.
    Compare your signature with the one in the exercise."""
    return numerical_gradient(f, x, eps)


@wrong
def smaller_default(f: F, x: Array, eps: float = 1e-6) -> Array:
    """the default of eps is smaller than the one asked for.
    Compare your signature with the one in the exercise."""
    return numerical_gradient(f, x, eps)


@wrong
def all_at_once(f: F, x: Array, eps: float = 1e-5) -> Array:
    """all entries of x are moved at the same time.
    How many entries of x differ between your two calls of f?"""
    return np.full(x.shape, (f(x + eps) - f(x - eps)) / (2 * eps))


@wrong
def never_put_back(f: F, x: Array, eps: float = 1e-5) -> Array:
    """an entry is not put back before the next one is moved.
    How many entries of x differ from the original at your last call of f?"""
    gradient = np.zeros_like(x)
    moved = x.copy()
    for i in np.ndindex(x.shape):
        moved[i] += eps
        above = f(moved)
        moved[i] -= 2 * eps
        gradient[i] = (above - f(moved)) / (2 * eps)
    return gradient


@wrong
def put_back_by_adding(f: F, x: Array, eps: float = 1e-5) -> Array:
    """x is put back by adding what was subtracted, which leaves a rounding error.
    Compare x before and after the call bit for bit."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += eps
        above = f(x)
        x[i] -= 2 * eps
        gradient[i] = (above - f(x)) / (2 * eps)
        x[i] += eps
    return gradient


@wrong
def leaves_x_moved(f: F, x: Array, eps: float = 1e-5) -> Array:
    """x is left where the last calls moved it.
    Compare x before and after the call."""
    gradient = never_put_back(f, x, eps)
    x -= eps
    return gradient


@wrong
def flat(f: F, x: Array, eps: float = 1e-5) -> Array:
    """the gradient comes back as one long vector.
    A gradient has the shape of what it belongs to."""
    return numerical_gradient(f, x, eps).ravel()


@wrong
def as_a_list(f: F, x: Array, eps: float = 1e-5) -> object:
    """the gradient comes back as a list.
    Look at the type of what you return."""
    return numerical_gradient(f, x, eps).tolist()


@wrong
def only_the_first_row(f: F, x: Array, eps: float = 1e-5) -> Array:
    """only the first row of x is worked through.
    Does your loop reach every entry of every axis?"""
    right = numerical_gradient(f, x, eps)
    right[1:] = 0
    return right


@wrong
def transposed_places(f: F, x: Array, eps: float = 1e-5) -> Array:
    """the numbers are right and stand in each other's places.
    Do you walk through x and through the gradient in the same order?"""
    right = numerical_gradient(f, x, eps)
    return np.ascontiguousarray(right.T).reshape(x.shape)


def in_place_with_the_old_value(f: F, x: Array, eps: float = 1e-5) -> Array:
    gradient = np.zeros_like(x)
    for i in itertools.product(*map(range, x.shape)):
        old = x[i]
        x[i] = old + eps
        above = f(x)
        x[i] = old - eps
        below = f(x)
        x[i] = old
        gradient[i] = (above - below) / (2 * eps)
    return gradient


def one_mask_at_a_time(f: F, x: Array, eps: float = 1e-5) -> Array:
    slopes = []
    for place in range(x.size):
        flat_step = np.zeros(x.size)
        flat_step[place] = eps
        step = flat_step.reshape(x.shape)
        slopes.append((f(x + step) - f(x - step)) / 2 / eps)
    return np.array(slopes).reshape(x.shape)


def identity_rows(f: F, x: Array, eps: float = 1e-5) -> Array:
    shifts = eps * np.eye(x.size).reshape(-1, *x.shape)
    return np.array([0.5 * (f(x + s) - f(x - s)) / eps for s in shifts]).reshape(x.shape)


EXERCISE = Exercise(
    reference=numerical_gradient,
    inputs=inputs,
    points=9,
    axes={"B": 3, "I": 4},
    shapes={"x": "B I", "w": "B I", "return": "B I"},
    scenario=of_a_wave,
    without=frozenset({"integer inputs", "float32"}),
    cases=(
        Case(
            name="the default eps on a function that bends sharply",
            inputs=default_eps,
            why="Look at the step width that is used when none is given.",
        ),
        Case(
            name="an array with three axes",
            inputs=of_shape(2, 3, 2),
            value=False,
            why="x may have any number of axes.",
        ),
        Case(
            name="a vector", inputs=of_shape(5), value=False, why="x may have any number of axes."
        ),
    ),
    mistakes=wrong,
    also_right=(in_place_with_the_old_value, one_mask_at_a_time, identity_rows),
    look="Move one entry up, call f; move the same entry down, call f; what do the two tell you?",
)
