"""The mean over the real steps of each sequence."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab6_bidirectional._draws import Draw, draw_lengths, draw_steps
from solutions.lab6_bidirectional import masked_mean


def inputs(rng: np.random.Generator, B: int, T: int, F: int) -> Mapping[str, Any]:
    return {"output": rng.standard_normal((B, T, F)) + 0.3, "lengths": draw_lengths(rng, B, T)}


def with_lengths(*lengths: int, padding: float = 0.0) -> Draw:
    """Inputs of 7 steps with lengths of their own, and something added to the padding."""
    return lambda rng: {"output": draw_steps(rng, lengths, padding), "lengths": np.array(lengths)}


def zero_steps(rng: np.random.Generator) -> Mapping[str, Any]:
    drawn = dict(with_lengths(3, 7, 5)(rng))
    drawn["output"][:, 1:3] = 0.0
    return drawn


SUM, DIVIDED = "(output * real[:, :, None]).sum(dim=1)", " / lengths[:, None]"

changed = partial(edited, masked_mean)
wrong = Mistakes()
printed(wrong, masked_mean)

said = "the mask is inverted. What does True stand for in your mask?"
wrong.add("of_the_others", changed({"real[:, :, None]": "~real[:, :, None]"}), said)
wrong.family(
    "Which summary is asked for?",
    (
        "largest",
        changed({SUM + DIVIDED: "output.masked_fill(~real[:, :, None], -torch.inf).amax(1)"}),
        "the largest value is taken in place of the mean",
    ),
    (
        "last_step",
        lambda output, n: output[torch.arange(len(output), device=output.device), n - 1],
        "the last real step is taken in place of the mean",
    ),
)
said = "the mask lives on the CPU wherever the input is. Look at the device of the tensors that you make."
wrong.add("steps_on_the_cpu", changed({", device=output.device": ""}), said)
said = "the result is float32 whatever the input is. Look at the dtype of your result."
wrong.add("in_float32", but(masked_mean, returns=torch.Tensor.float), said)
said = "the result is float64 whatever the input is. Call with float32: what is the dtype of your result, and where does it change?"
wrong.add("in_float64", changed({"real[:, :, None]": "real[:, :, None].double()"}), said)
wrong.add(
    "zeroes_the_padding",
    changed({"(output * real[:, :, None])": "output.mul_(real[:, :, None])"}),
    "the caller's output is changed. Compare output before and after the call.",
)
wrong.family(
    "Which steps does your sum run over?",
    (
        "plain_mean",
        lambda output, lengths: output.mean(1),
        "the padding counts like any other step",
    ),
    ("all_by_lengths", changed({SUM: "output.sum(1)"}), "the sum runs over the padding as well"),
)
for name, divisor, when in (
    (
        "by_width",
        "output.shape[1]",
        "the sum over the real steps is divided by the width of the batch",
    ),
    (
        "by_all_lengths",
        "lengths.sum()",
        "each sum is divided by the real steps of the whole batch",
    ),
    ("by_longest", "lengths.max()", "each sum is divided by the largest length"),
    ("by_batch", "output.shape[0]", "each sum is divided by the size of the batch"),
    (
        "by_one_less",
        "(lengths - 1).clamp(min=1)[:, None]",
        "each sum is divided by one step too few",
    ),
    ("by_one_more", "(lengths[:, None] + 1)", "each sum is divided by one step too many"),
):
    program = changed({DIVIDED: f" / {divisor}"})
    wrong.family("What do you divide by?", (name, program, when))
said = "each sum is divided by the number of its terms that are not 0. Is a real step of zeros a step?"
wrong.add(
    "by_nonzeros",
    changed({DIVIDED: " / (output * real[:, :, None]).count_nonzero(dim=1).clamp(min=1)"}),
    said,
)
wrong.add("sum", changed({DIVIDED: ""}), "nothing is divided. Sum or mean?")
wrong.family(
    "Which is the last real step of a sequence of n?",
    (
        "one_step_too_many",
        changed({"< lengths[:": "<= lengths[:"}),
        "the first step of the padding counts as real",
    ),
    (
        "one_step_too_few",
        changed({"< lengths[:, None]": "< lengths[:, None] - 1"}),
        "the last real step is left out of the sum",
    ),
    (
        "counts_one_step_too_many",
        changed({"< lengths[:": "<= lengths[:", DIVIDED: " / real.sum(1, keepdim=True)"}),
        "the first step of the padding counts as real, in the sum and in the count",
    ),
)
wrong.family(
    "Which axis is time?",
    (
        "over_the_features",
        changed({"dim=1": "dim=2", DIVIDED: " / output.shape[2]"}),
        "the mean runs over the features",
    ),
    (
        "over_the_batch",
        changed({"dim=1": "dim=0", DIVIDED: " / output.shape[0]"}),
        "the mean runs over the batch",
    ),
)
said = "the time axis is kept. Look at the shape of your result."
wrong.add("keeps_the_axis", but(masked_mean, returns=lambda mean: mean[:, None]), said)
said = "the division rounds down. Look at the sign with which you divide."
wrong.add("rounded_down", changed({DIVIDED: " // lengths[:, None]"}), said)
said = "the values are right and no gradient comes back. Call backward() on the sum of your result: what is output.grad?"
wrong.add("detached", but(masked_mean, returns=torch.Tensor.detach), said)


EXERCISE = Exercise(
    reference=masked_mean,
    inputs=inputs,
    points=7,
    axes={"B": 4, "T": 6, "F": 3},
    shapes={"output": "B T F", "lengths": "B", "return": "B F"},
    cases=(
        Case(name="padding behind every sequence", inputs=with_lengths(2, 5, 4, padding=50.0)),
        Case(
            name="no padding at all",
            inputs=with_lengths(7, 7),
            value=False,
            why="Where every length is T the plain mean is due.",
        ),
        Case(
            name="real steps that are zero",
            inputs=zero_steps,
            value=False,
            why="A step of zeros is a step: it counts where you divide.",
        ),
        Case(
            name="lengths 1",
            inputs=with_lengths(1, 1, 1),
            value=False,
            why="The mean of one step is that step.",
        ),
    ),
    mistakes=wrong,
    look="Take one sequence of two steps in a row of three, and do the sum by hand.",
    when_right=(
        "The sum over real steps, divided by the length: one multiplication by a mask is enough, "
        "as long as the padding is finite. If it may hold nan, masking by choosing is safer, "
        "because 0 · nan is nan. Dividing by T makes the answer depend on the other sentences of "
        "the batch. Next question: what would a maximum over the real steps have to put in place "
        "of the padding, and why not 0?"
    ),
)
