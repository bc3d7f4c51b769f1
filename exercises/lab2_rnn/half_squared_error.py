"""Half the squared error and its gradient."""

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab2_rnn._programs import NO_RETURN
from solutions.lab2_rnn import half_squared_error


def inputs(rng, B, T, O):
    return {"y": rng.standard_normal((B, T, O)), "target": 0.5 + rng.standard_normal((B, T, O))}


def answer(text: str):
    """The reference with something else made of its loss and its dy."""
    last = "return 0.5 * float(np.sum(dy**2)), dy"
    new = f"loss = 0.5 * float(np.sum(dy**2))\n    return {text}"
    return edited(half_squared_error, {last: new})


wrong = Mistakes()

wrong.family(
    "Read again over what the loss adds up, and whether anything divides it.",
    (
        "mean",
        answer("loss / dy.size, dy / dy.size"),
        "the mean is taken in place of the sum, in the loss and in the gradient",
    ),
    (
        "mean_with_gradient_of_the_sum",
        answer("loss / dy.size, dy"),
        "the loss is a mean while the gradient is that of the sum",
    ),
    (
        "per_sample",
        answer("loss / len(dy), dy / len(dy)"),
        "loss and gradient are divided by the size of the batch",
    ),
)

said = "the loss is the mean squared error, while the gradient is right. Derive your loss by one number of y: does your dy come out?"
wrong.add("mean_without_half", answer("2 * loss / dy.size, dy"), said)

wrong.family(
    "Look at the factor in front of the sum.",
    (
        "without_half",
        answer("2 * loss, 2 * dy"),
        "the half is missing in the loss and in the gradient",
    ),
    ("half_only_in_gradient", answer("2 * loss, dy"), "the half is missing in the loss alone"),
)

wrong.family(
    "Derive ½u² by u.",
    ("doubled_gradient", answer("loss, 2 * dy"), "the gradient is twice as large as it should be"),
    ("halved_gradient", answer("loss, 0.5 * dy"), "the half stands in front of the gradient, too"),
)

said = "the gradient points the wrong way. If one output is too large, should its gradient be positive or negative?"
wrong.add("wrong_sign", answer("loss, -dy"), said)

said = "the differences are not squared. Look at what happens to each difference before the sum."
wrong.add("absolute", answer("0.5 * float(np.sum(np.abs(dy))), dy"), said)

said = "a square root is taken of the sum. Look at what you do after the sum."
wrong.add("root", answer("loss**0.5, dy"), said)

said = "the differences are added before they are squared. Look at which comes first, the square or the sum."
wrong.add("squared_sum", answer("0.5 * float(np.sum(dy)) ** 2, dy"), said)

wrong.add(
    "edits_y",
    edited(half_squared_error, {"as_float(y) - as_float(target)": "y\n    dy -= target"}),
    "the difference is written into the caller's y. Look for -= on something that was handed in.",
)

said = "the loss is a NumPy number of the inputs' dtype and no Python float. float32 inputs give it away; look at the type of your loss."
wrong.add("loss_is_a_numpy_number", answer("0.5 * np.sum(dy**2), dy"), said)

said = "the loss is an array without axes and no Python float. Look at the type of your loss."
wrong.add("loss_is_an_array", answer("np.array(loss), dy"), said)

said = "the gradient comes before the loss. Look at the order of what you return."
wrong.add("gradient_first", answer("dy, loss"), said)

said = "the squares are added up along one axis only. How many losses are asked for?"
wrong.add("one_loss_per_step", answer("0.5 * np.sum(dy**2, axis=-1), dy"), said)

wrong.add("nothing_returned", but(half_squared_error, returns=lambda pair: None), NO_RETURN)

said = "only the loss comes back. Two things are asked for."
wrong.add("only_the_loss", answer("loss"), said)

EXERCISE = Exercise(
    reference=half_squared_error,
    inputs=inputs,
    points=5,
    axes={"B": 3, "T": 5, "O": 2},
    shapes={"y": "B T O", "target": "B T O", "dy": "B T O", "return": "B T O"},
    parts=("loss", "dy"),
    mistakes=wrong,
    look="Try y and target with one number each, and derive by hand.",
    when_right=(
        "The ½ pays for the 2 of the square, so the gradient is the plain difference. A mean in "
        "place of the sum has the same direction and another length: with it the best learning "
        "rate depends on B and T. Next question: what becomes of the gradient of one sequence "
        "when you double the batch, with the sum and with the mean?"
    ),
)
