"""Each sequence of a padded batch reversed within its own length."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab6_bidirectional._draws import Draw, draw_lengths, draw_steps
from solutions.lab6_bidirectional import reverse_within_length


def inputs(rng: np.random.Generator, B: int, T: int, F: int) -> Mapping[str, Any]:
    return {"x": rng.standard_normal((B, T, F)) + 0.1, "lengths": draw_lengths(rng, B, T)}


def with_lengths(*lengths: int) -> Draw:
    """Inputs of 7 steps and 3 features with lengths of their own."""
    return lambda rng: {"x": draw_steps(rng, lengths), "lengths": np.array(lengths)}


changed = partial(edited, reverse_within_length)


def taken_from(source: str) -> Any:
    """The reference with each step t taken from another one; T is the width of the batch."""
    width = {"t = torch": "T = x.shape[1]\n    t = torch"}
    return changed({**width, "torch.where(mirrored >= 0, mirrored, t)": source})


wrong = Mistakes()
printed(wrong, reverse_within_length)

wrong.add(
    "always_from_the_first_sample",
    changed({"x.gather(1, source[:, :, None].expand_as(x))": "x[0][source]"}),
    "every row is filled from the first sequence. Does your index name the row too?",
)
said = "the whole row is reversed, padding and all. What stands at step 0 of a short sequence?"
wrong.add("padding_first", lambda x, lengths: x.flip(1), said)
wrong.family(
    "Which axis is time?",
    (
        "reversed_batch",
        lambda x, lengths: x.flip(0),
        "the order of the sequences in the batch is reversed",
    ),
    ("reversed_features", lambda x, lengths: x.flip(2), "the features are reversed"),
)
wrong.add("unchanged", lambda x, lengths: x, "nothing is reversed. Compare your result with x.")
said = "the caller's x is reversed as well. Compare x before and after the call."
wrong.add("in_place", changed({"x.gather": "x.copy_(x.clone().gather", "(x))": "(x)))"}), said)


@wrong
def through_numpy(x, lengths):
    """the numbers take a way on which no gradient can follow.
    Call backward() on the sum of your result: what is x.grad?"""
    out = x.detach().numpy().copy()
    for row, n in zip(out, lengths.tolist(), strict=True):
        row[:n] = row[:n][::-1].copy()
    return torch.from_numpy(out)


said = "the result is float32 whatever x is. Look at the dtype of the tensors that you make."
wrong.add("into_float32", but(reverse_within_length, returns=torch.Tensor.float), said)
said = "the tensor of steps lives on the CPU wherever x is. Look at the device of the tensors that you make."
wrong.add("steps_on_the_cpu", changed({", device=x.device": ""}), said)
said = "a list of sequences comes back. Look at the type of what you return."
wrong.add("a_list", but(reverse_within_length, returns=list), said)
wrong.family(
    "Compare the padding before and after.",
    (
        "padding_zeroed",
        changed({"as(x))": "as(x)) * (mirrored >= 0)[:, :, None]"}),
        "the padding is set to zero",
    ),
    (
        "padding_too",
        taken_from("mirrored % T"),
        "the real steps are right and the padding is reversed as well",
    ),
    ("padding_from_step_0", taken_from("mirrored.clamp(min=0)"), "step 0 stands on the padding"),
)
said = "the sequences are moved in their rows and not reversed. Follow a sequence of two steps."
wrong.add("shifted_left", taken_from("(t - lengths[:, None]) % T"), said)
wrong.add(
    "one_step_late",
    taken_from("torch.where(mirrored >= 0, (mirrored + 1).clamp(max=T - 1), t)"),
    "each step is taken from one place too far to the right. Where does step 0 of the result come from in a sequence of two steps?",
)
wrong.family(
    "Which is the last real step of a sequence of n?",
    (
        "one_too_many",
        taken_from("torch.where(mirrored >= -1, (mirrored + 1).clamp(max=T - 1), t)"),
        "the first step of the padding is reversed with the sequence",
    ),
    (
        "one_too_few",
        taken_from("torch.where(mirrored >= 1, mirrored - 1, t)"),
        "the last real step of each sequence is left where it was",
    ),
)
said = "the first step of each sequence never gets to its end. What stands at the last real step of the result?"
wrong.add("last_stays", taken_from("torch.where(mirrored >= 1, mirrored, t)"), said)
wrong.add(
    "first_stays",
    taken_from("torch.where((t > 0) & (mirrored >= 0), mirrored + 1, t)"),
    "the first step of each sequence stays where it was. Where does step 0 go?",
)
said = "every sequence is reversed within the length of the first. Which length does the second sequence have?"
wrong.add("lengths_of_the_first", changed({"lengths[:, None]": "lengths[:1, None]"}), said)
wrong.add(
    "in_the_order_of_length",
    but(reverse_within_length, lengths=lambda lengths: lengths.sort(descending=True).values),
    "the lengths are sorted and the sequences are not. Which length belongs to which row?",
)
said = "the values are right and no gradient comes back. Call backward() on the sum of your result: what is x.grad?"
wrong.add("detached", but(reverse_within_length, x=torch.Tensor.detach), said)


EXERCISE = Exercise(
    reference=reverse_within_length,
    inputs=inputs,
    points=9,
    axes={"B": 4, "T": 6, "F": 3},
    shapes={"x": "B T F", "lengths": "B", "return": "B T F"},
    cases=(
        Case(name="padding behind every sequence", inputs=with_lengths(2, 5, 4)),
        Case(
            name="no padding at all",
            inputs=with_lengths(7, 7),
            value=False,
            why="Where every length is T the whole sequence is reversed.",
        ),
        Case(
            name="lengths 1",
            inputs=with_lengths(1, 1, 1),
            value=False,
            why="A sequence of one step is its own reverse, and its padding stays.",
        ),
    ),
    mistakes=wrong,
    look="Take a sequence of three steps in a row of five: from which step does each one come?",
    when_right=(
        "A loop over the batch that flips each row up to its length is as right, and slower. The "
        "index that says where each step comes from does it for all rows at once: mirrored within "
        "the length, itself beyond. Applied twice, it gives x back; this is a good test, but a "
        "function that does nothing passes it as well. Next question: which other rearrangements "
        "of the steps come back when they are done twice?"
    ),
)
