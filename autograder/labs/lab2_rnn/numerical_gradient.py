"""Central differences, tried on functions whose third derivative gives the step width away."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.labs.lab2_rnn._draws import Array
from autograder.spec import Case, Exercise, Mistake
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
        "x": rng.standard_normal(shape), "w": 0.5 + rng.random(shape), "k": 2.0, "eps": 1e-3
    }  # fmt: skip


def one_sided(f: F, x: Array, eps: float = 1e-5) -> Array:
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        above = x.copy()
        above[i] += eps
        gradient[i] = (f(above) - f(x)) / eps
    return gradient


def backward_difference(f: F, x: Array, eps: float = 1e-5) -> Array:
    return one_sided(f, x, -eps)


def without_two(f: F, x: Array, eps: float = 1e-5) -> Array:
    return 2 * numerical_gradient(f, x, eps)


def half_of_it(f: F, x: Array, eps: float = 1e-5) -> Array:
    return numerical_gradient(f, x, eps) / 2


def wrong_sign(f: F, x: Array, eps: float = 1e-5) -> Array:
    return numerical_gradient(f, x, -eps) * -1


def eps_ignored(f: F, x: Array, eps: float = 1e-5) -> Array:
    return numerical_gradient(f, x)


def another_default(f: F, x: Array, eps: float = 1e-3) -> Array:
    return numerical_gradient(f, x, eps)


def smaller_default(f: F, x: Array, eps: float = 1e-6) -> Array:
    return numerical_gradient(f, x, eps)


def all_at_once(f: F, x: Array, eps: float = 1e-5) -> Array:
    return np.full(x.shape, (f(x + eps) - f(x - eps)) / (2 * eps))


def never_put_back(f: F, x: Array, eps: float = 1e-5) -> Array:
    gradient = np.zeros_like(x)
    moved = x.copy()
    for i in np.ndindex(x.shape):
        moved[i] += eps
        above = f(moved)
        moved[i] -= 2 * eps
        gradient[i] = (above - f(moved)) / (2 * eps)
    return gradient


def put_back_by_adding(f: F, x: Array, eps: float = 1e-5) -> Array:
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += eps
        above = f(x)
        x[i] -= 2 * eps
        gradient[i] = (above - f(x)) / (2 * eps)
        x[i] += eps
    return gradient


def leaves_x_moved(f: F, x: Array, eps: float = 1e-5) -> Array:
    gradient = never_put_back(f, x, eps)
    x -= eps
    return gradient


def flat(f: F, x: Array, eps: float = 1e-5) -> Array:
    return numerical_gradient(f, x, eps).ravel()


def as_a_list(f: F, x: Array, eps: float = 1e-5) -> object:
    return numerical_gradient(f, x, eps).tolist()


def only_the_first_row(f: F, x: Array, eps: float = 1e-5) -> Array:
    right = numerical_gradient(f, x, eps)
    right[1:] = 0
    return right


def transposed_places(f: F, x: Array, eps: float = 1e-5) -> Array:
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
        Case(name="the default eps on a function that bends sharply", inputs=default_eps,
             why="Look at the step width that is used when none is given."),
        Case(name="an array with three axes", inputs=of_shape(2, 3, 2), value=False,
             why="x may have any number of axes."),
        Case(name="a vector", inputs=of_shape(5), value=False,
             why="x may have any number of axes."),
    ),
    mistakes=(
        Mistake("one_sided", one_sided,
                when="the difference is taken to one side, from x to x + eps",
                look="On which sides of x do you call f?"),
        Mistake("backward_difference", backward_difference,
                when="the difference is taken to one side, from x - eps to x",
                look="On which sides of x do you call f?"),
        Mistake("without_two", without_two,
                when="the difference is divided by eps where the two points are 2·eps apart",
                look="How far apart are the two points at which you call f?"),
        Mistake("half_of_it", half_of_it,
                when="the difference is divided by more than the distance of the two points",
                look="How far apart are the two points at which you call f?"),
        Mistake("wrong_sign", wrong_sign,
                when="the lower value is taken first",
                look="Which of the two values should be subtracted?"),
        Mistake("eps_ignored", eps_ignored,
                when="the argument eps is never used",
                look="Call with a large eps: does the result change?"),
        Mistake("another_default", another_default,
                when="the default of eps is larger than the one asked for",
                look="Compare your signature with the one in the exercise."),
        Mistake("smaller_default", smaller_default,
                when="the default of eps is smaller than the one asked for",
                look="Compare your signature with the one in the exercise."),
        Mistake("all_at_once", all_at_once,
                when="all entries of x are moved at the same time",
                look="How many entries of x differ between your two calls of f?"),
        Mistake("never_put_back", never_put_back,
                when="an entry is not put back before the next one is moved",
                look="How many entries of x differ from the original at your last call of f?"),
        Mistake("put_back_by_adding", put_back_by_adding,
                when="x is put back by adding what was subtracted, which leaves a rounding error",
                look="Compare x before and after the call bit for bit."),
        Mistake("leaves_x_moved", leaves_x_moved,
                when="x is left where the last calls moved it",
                look="Compare x before and after the call."),
        Mistake("flat", flat,
                when="the gradient comes back as one long vector",
                look="A gradient has the shape of what it belongs to."),
        Mistake("as_a_list", as_a_list,
                when="the gradient comes back as a list",
                look="Look at the type of what you return."),
        Mistake("only_the_first_row", only_the_first_row,
                when="only the first row of x is worked through",
                look="Does your loop reach every entry of every axis?"),
        Mistake("transposed_places", transposed_places,
                when="the numbers are right and stand in each other's places",
                look="Do you walk through x and through the gradient in the same order?"),
    ),
    also_right=(in_place_with_the_old_value, one_mask_at_a_time, identity_rows),
    look="Move one entry up, call f; move the same entry down, call f; what do the two tell you?",
)  # fmt: skip
