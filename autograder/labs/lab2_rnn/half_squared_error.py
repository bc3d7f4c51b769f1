"""Half the squared error and its gradient."""

from collections.abc import Mapping

import numpy as np

from autograder.labs.lab2_rnn._draws import Array
from autograder.spec import Exercise, Mistake, but
from solutions.lab2_rnn import half_squared_error

Answer = tuple[float, Array]


def inputs(rng: np.random.Generator, B: int, T: int, O: int) -> Mapping[str, Array]:
    return {"y": rng.standard_normal((B, T, O)), "target": 0.5 + rng.standard_normal((B, T, O))}


def mean(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    return loss / dy.size, dy / dy.size


def mean_with_gradient_of_the_sum(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    return loss / dy.size, dy


def mean_without_half(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    return 2 * loss / dy.size, dy


def per_sample(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    return loss / len(dy), dy / len(dy)


def without_half(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    return 2 * loss, 2 * dy


def half_only_in_gradient(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    return 2 * loss, dy


def doubled_gradient(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    return loss, 2 * dy


def halved_gradient(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    return loss, 0.5 * dy


def wrong_sign(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    return loss, -dy


def absolute(y: Array, target: Array) -> Answer:
    _, dy = half_squared_error(y, target)
    return 0.5 * float(np.abs(dy).sum()), dy


def root(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    return loss**0.5, dy


def squared_sum(y: Array, target: Array) -> Answer:
    _, dy = half_squared_error(y, target)
    return 0.5 * float(dy.sum()) ** 2, dy


def edits_y(y: Array, target: Array) -> Answer:
    loss, dy = half_squared_error(y, target)
    y -= target
    return loss, dy


def loss_is_a_numpy_number(y: Array, target: Array) -> tuple[object, Array]:
    loss, dy = half_squared_error(y, target)
    return dy.dtype.type(loss), dy


def loss_is_an_array(y: Array, target: Array) -> tuple[object, Array]:
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


EXERCISE = Exercise(
    reference=half_squared_error,
    inputs=inputs,
    points=5,
    axes={"B": 3, "T": 5, "O": 2},
    shapes={"y": "B T O", "target": "B T O", "dy": "B T O", "return": "B T O"},
    parts=("loss", "dy"),
    without=frozenset({"integer inputs"}),
    mistakes=(
        Mistake(
            "mean", mean,
            when="the mean is taken in place of the sum, in the loss and in the gradient",
            look="Read again over what the loss adds up, and whether anything divides it.",
        ),
        Mistake(
            "mean_with_gradient_of_the_sum", mean_with_gradient_of_the_sum,
            when="the loss is a mean while the gradient is that of the sum",
            look="Read again over what the loss adds up, and whether anything divides it.",
        ),
        Mistake(
            "mean_without_half", mean_without_half,
            when="the loss is the mean squared error, while the gradient is right",
            look="Derive your loss by one number of y: does your dy come out?",
        ),
        Mistake(
            "per_sample", per_sample,
            when="loss and gradient are divided by the size of the batch",
            look="Read again over what the loss adds up, and whether anything divides it.",
        ),
        Mistake(
            "without_half", without_half,
            when="the half is missing in the loss and in the gradient",
            look="Look at the factor in front of the sum.",
        ),
        Mistake(
            "half_only_in_gradient", half_only_in_gradient,
            when="the half is missing in the loss alone",
            look="Look at the factor in front of the sum.",
        ),
        Mistake(
            "doubled_gradient", doubled_gradient,
            when="the gradient is twice as large as it should be",
            look="Derive ½u² by u.",
        ),
        Mistake(
            "halved_gradient", halved_gradient,
            when="the half stands in front of the gradient, too",
            look="Derive ½u² by u.",
        ),
        Mistake(
            "wrong_sign", wrong_sign,
            when="the gradient points the wrong way",
            look="If one output is too large, should its gradient be positive or negative?",
        ),
        Mistake(
            "absolute", absolute,
            when="the differences are not squared",
            look="Look at what happens to each difference before the sum.",
        ),
        Mistake(
            "root", root,
            when="a square root is taken of the sum",
            look="Look at what you do after the sum.",
        ),
        Mistake(
            "squared_sum", squared_sum,
            when="the differences are added before they are squared",
            look="Look at which comes first, the square or the sum.",
        ),
        Mistake(
            "gradient_first", but(half_squared_error, returns=lambda pair: (pair[1], pair[0])),
            when="the gradient comes before the loss",
            look="Look at the order of what you return.",
        ),
        Mistake(
            "only_the_loss", but(half_squared_error, returns=lambda pair: pair[0]),
            when="only the loss comes back",
            look="Two things are asked for.",
        ),
        Mistake(
            "edits_y", edits_y,
            when="the difference is written into the caller's y",
            look="Look for -= on something that was handed in.",
        ),
        Mistake(
            "loss_is_a_numpy_number", loss_is_a_numpy_number,
            when="the loss is a NumPy number of the inputs' dtype and no Python float",
            look="float32 inputs give it away; look at the type of your loss.",
        ),
        Mistake(
            "loss_is_an_array", loss_is_an_array,
            when="the loss is an array without axes and no Python float",
            look="Look at the type of your loss.",
        ),
    ),
    also_right=(inner_product, loop, norm),
    look="Try y and target with one number each, and derive by hand.",
)  # fmt: skip
