"""Half the squared error and its gradient."""

from collections.abc import Mapping

import numpy as np

from autograder.spec import Exercise, Mistakes, but
from exercises.lab2_rnn._draws import Array
from solutions.lab2_rnn import half_squared_error

Answer = tuple[float, Array]


def inputs(rng: np.random.Generator, B: int, T: int, O: int) -> Mapping[str, Array]:
    return {"y": rng.standard_normal((B, T, O)), "target": 0.5 + rng.standard_normal((B, T, O))}


wrong = Mistakes()


@wrong
def mean(y: Array, target: Array) -> Answer:
    """the mean is taken in place of the sum, in the loss and in the gradient.
    Read again over what the loss adds up, and whether anything divides it."""
    loss, dy = half_squared_error(y, target)
    return loss / dy.size, dy / dy.size


@wrong
def mean_with_gradient_of_the_sum(y: Array, target: Array) -> Answer:
    """the loss is a mean while the gradient is that of the sum.
    Read again over what the loss adds up, and whether anything divides it."""
    loss, dy = half_squared_error(y, target)
    return loss / dy.size, dy


@wrong
def mean_without_half(y: Array, target: Array) -> Answer:
    """the loss is the mean squared error, while the gradient is right.
    Derive your loss by one number of y: does your dy come out?"""
    loss, dy = half_squared_error(y, target)
    return 2 * loss / dy.size, dy


@wrong
def per_sample(y: Array, target: Array) -> Answer:
    """loss and gradient are divided by the size of the batch.
    Read again over what the loss adds up, and whether anything divides it."""
    loss, dy = half_squared_error(y, target)
    return loss / len(dy), dy / len(dy)


@wrong
def without_half(y: Array, target: Array) -> Answer:
    """the half is missing in the loss and in the gradient.
    Look at the factor in front of the sum."""
    loss, dy = half_squared_error(y, target)
    return 2 * loss, 2 * dy


@wrong
def half_only_in_gradient(y: Array, target: Array) -> Answer:
    """the half is missing in the loss alone.
    Look at the factor in front of the sum."""
    loss, dy = half_squared_error(y, target)
    return 2 * loss, dy


@wrong
def doubled_gradient(y: Array, target: Array) -> Answer:
    """the gradient is twice as large as it should be.
    Derive ½u² by u."""
    loss, dy = half_squared_error(y, target)
    return loss, 2 * dy


@wrong
def halved_gradient(y: Array, target: Array) -> Answer:
    """the half stands in front of the gradient, too.
    Derive ½u² by u."""
    loss, dy = half_squared_error(y, target)
    return loss, 0.5 * dy


@wrong
def wrong_sign(y: Array, target: Array) -> Answer:
    """the gradient points the wrong way.
    If one output is too large, should its gradient be positive or negative?"""
    loss, dy = half_squared_error(y, target)
    return loss, -dy


@wrong
def absolute(y: Array, target: Array) -> Answer:
    """the differences are not squared.
    Look at what happens to each difference before the sum."""
    _, dy = half_squared_error(y, target)
    return 0.5 * float(np.abs(dy).sum()), dy


@wrong
def root(y: Array, target: Array) -> Answer:
    """a square root is taken of the sum.
    Look at what you do after the sum."""
    loss, dy = half_squared_error(y, target)
    return loss**0.5, dy


@wrong
def squared_sum(y: Array, target: Array) -> Answer:
    """the differences are added before they are squared.
    Look at which comes first, the square or the sum."""
    _, dy = half_squared_error(y, target)
    return 0.5 * float(dy.sum()) ** 2, dy


@wrong
def edits_y(y: Array, target: Array) -> Answer:
    """the difference is written into the caller's y.
    Look for -= on something that was handed in."""
    loss, dy = half_squared_error(y, target)
    y -= target
    return loss, dy


@wrong
def loss_is_a_numpy_number(y: Array, target: Array) -> tuple[object, Array]:
    """the loss is a NumPy number of the inputs' dtype and no Python float.
    float32 inputs give it away; look at the type of your loss."""
    loss, dy = half_squared_error(y, target)
    return dy.dtype.type(loss), dy


@wrong
def loss_is_an_array(y: Array, target: Array) -> tuple[object, Array]:
    """the loss is an array without axes and no Python float.
    Look at the type of your loss."""
    loss, dy = half_squared_error(y, target)
    return np.array(loss), dy


def inner_product(y: Array, target: Array) -> Answer:
    dy = np.subtract(y, target, dtype=np.result_type(y, target, np.float32))
    return float(dy.ravel() @ dy.ravel()) / 2, dy


def loop(y: Array, target: Array) -> tuple[object, Array]:
    dy = 1.0 * (y - target)
    return sum(float(one) ** 2 for one in dy.flat) / 2, dy


def norm(y: Array, target: Array) -> list[object]:
    dy = y - 1.0 * target
    return [np.float64(np.linalg.norm(dy)) ** 2 * 0.5, dy]


wrong.add(
    "gradient_first",
    but(half_squared_error, returns=lambda pair: (pair[1], pair[0])),
    "the gradient comes before the loss. Look at the order of what you return.",
)
wrong.add(
    "only_the_loss",
    but(half_squared_error, returns=lambda pair: pair[0]),
    "only the loss comes back. Two things are asked for.",
)


EXERCISE = Exercise(
    reference=half_squared_error,
    inputs=inputs,
    points=5,
    axes={"B": 3, "T": 5, "O": 2},
    shapes={"y": "B T O", "target": "B T O", "dy": "B T O", "return": "B T O"},
    parts=("loss", "dy"),
    without=frozenset({"integer inputs"}),
    mistakes=wrong,
    also_right=(inner_product, loop, norm),
    look="Try y and target with one number each, and derive by hand.",
)
