"""Each sequence of a padded batch reversed within its own length."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab6_bidirectional import _stand_ins
from exercises.lab6_bidirectional._draws import draw_lengths
from solutions.lab6_bidirectional import reverse_within_length


def inputs(rng: np.random.Generator, B: int, T: int, F: int) -> Mapping[str, Any]:
    return {"x": rng.standard_normal((B, T, F)) + 0.1, "lengths": draw_lengths(rng, B, T)}


def with_lengths(*lengths: int) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Inputs of 7 steps and 3 features with lengths of their own."""
    return lambda rng: {
        "x": rng.standard_normal((len(lengths), 7, 3)),
        "lengths": np.array(lengths),
    }


def picked(step: Callable[[Tensor, Tensor, int], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """x with step t taken from step(t, lengths, T), held to the steps that there are."""

    def changed(x: Tensor, lengths: Tensor) -> Tensor:
        t = torch.arange(x.shape[1], device=x.device).expand(x.shape[0], -1)
        source = step(t, lengths[:, None], x.shape[1]).clamp(0, x.shape[1] - 1)
        return x.gather(1, source[:, :, None].expand_as(x))

    return changed


def mirror(t: Tensor, n: Tensor, last: int) -> Tensor:
    return torch.where(t < n, n - 1 - t, t)


def one_step_late(t: Tensor, n: Tensor, last: int) -> Tensor:
    return torch.where(t < n, n - t, t)


def one_too_many(t: Tensor, n: Tensor, last: int) -> Tensor:
    return torch.where(t <= n, n - t, t)


def one_too_few(t: Tensor, n: Tensor, last: int) -> Tensor:
    return torch.where(t < n - 1, n - 2 - t, t)


def last_stays(t: Tensor, n: Tensor, last: int) -> Tensor:
    return torch.where(t < n - 1, n - 1 - t, t)


def first_stays(t: Tensor, n: Tensor, last: int) -> Tensor:
    return torch.where((t > 0) & (t < n), n - t, t)


def padding_too(t: Tensor, n: Tensor, last: int) -> Tensor:
    return (n - 1 - t) % last


def shifted_left(t: Tensor, n: Tensor, last: int) -> Tensor:
    return (t + last - n) % last


def held_at_zero(t: Tensor, n: Tensor, last: int) -> Tensor:
    return (n - 1 - t).clamp(min=0)


def lengths_of_the_first(t: Tensor, n: Tensor, last: int) -> Tensor:
    return mirror(t, n[:1], last)


def in_the_order_of_length(t: Tensor, n: Tensor, last: int) -> Tensor:
    return mirror(t, n.sort(dim=0, descending=True).values, last)


wrong = Mistakes()


@wrong
def always_from_the_first_sample(x: Tensor, lengths: Tensor) -> Tensor:
    """every row is filled from the first sequence.
    Does your index name the row too?"""
    t = torch.arange(x.shape[1], device=x.device).expand(x.shape[0], -1)
    return x[0][mirror(t, lengths[:, None], x.shape[1])]


@wrong
def padding_zeroed(x: Tensor, lengths: Tensor) -> Tensor:
    """the padding is set to zero.
    Compare the padding before and after."""
    t = torch.arange(x.shape[1], device=x.device)
    return reverse_within_length(x, lengths) * (t < lengths[:, None])[:, :, None]


@wrong
def padding_first(x: Tensor, lengths: Tensor) -> Tensor:
    """the whole row is reversed, padding and all.
    What stands at step 0 of a short sequence?"""
    return x.flip(1)


@wrong
def reversed_batch(x: Tensor, lengths: Tensor) -> Tensor:
    """the order of the sequences in the batch is reversed.
    Which axis is time?"""
    return x.flip(0)


@wrong
def reversed_features(x: Tensor, lengths: Tensor) -> Tensor:
    """the features are reversed.
    Which axis is time?"""
    return x.flip(2)


@wrong
def unchanged(x: Tensor, lengths: Tensor) -> Tensor:
    """nothing is reversed.
    Compare your result with x."""
    return x


@wrong
def in_place(x: Tensor, lengths: Tensor) -> Tensor:
    """the caller's x is reversed as well.
    Compare x before and after the call."""
    x.copy_(reverse_within_length(x.clone(), lengths))
    return x


@wrong
def through_numpy(x: Tensor, lengths: Tensor) -> Tensor:
    """the numbers take a way on which no gradient can follow.
    Call backward() on the sum of your result: what is x.grad?"""
    out = x.detach().numpy().copy()
    for row, n in zip(out, lengths.tolist(), strict=True):
        row[:n] = row[:n][::-1].copy()
    return torch.from_numpy(out)


@wrong
def into_float32(x: Tensor, lengths: Tensor) -> Tensor:
    """the result is float32 whatever x is.
    Look at the dtype of the tensors that you make."""
    out = torch.zeros(x.shape, device=x.device)
    return out + reverse_within_length(x, lengths).float()


@wrong
def steps_on_the_cpu(x: Tensor, lengths: Tensor) -> Tensor:
    """the tensor of steps lives on the CPU wherever x is.
    Look at the device of the tensors that you make."""
    source = mirror(torch.arange(x.shape[1]), lengths[:, None], x.shape[1])
    return x.gather(1, source[:, :, None].expand_as(x))


@wrong
def a_list(x: Tensor, lengths: Tensor) -> list[Tensor]:
    """a list of sequences comes back.
    Look at the type of what you return."""
    return list(reverse_within_length(x, lengths))


def row_by_row(x: Tensor, lengths: Tensor) -> Tensor:
    out = x.clone()
    for row, n in enumerate(lengths.tolist()):
        out[row, :n] = x[row, :n].flip(0)
    return out


def pieces_put_together(x: Tensor, lengths: Tensor) -> Tensor:
    rows = [torch.cat([row[:n].flip(0), row[n:]]) for row, n in zip(x, lengths, strict=True)]
    return torch.stack(rows)


def by_advanced_index(x: Tensor, lengths: Tensor) -> Tensor:
    t = torch.arange(x.shape[1], device=x.device)[None]
    inside = t < lengths[:, None]
    source = inside * (lengths[:, None] - 1 - t) + ~inside * t
    return x[torch.arange(x.shape[0], device=x.device)[:, None], source]


def step_by_step(x: Tensor, lengths: Tensor) -> Tensor:
    rows = torch.arange(len(x), device=x.device)
    last = x.new_tensor(0, dtype=torch.int64)
    steps = [
        torch.where((t < lengths)[:, None], x[rows, torch.maximum(lengths - 1 - t, last)], x[:, t])
        for t in range(x.size(1))
    ]
    return torch.stack(steps, 1)


wrong.add(
    "padding_too",
    picked(padding_too),
    "the real steps are right and the padding is reversed as well. Compare the padding before and after.",
)
wrong.add(
    "padding_from_step_0",
    picked(held_at_zero),
    "step 0 stands on the padding. Compare the padding before and after.",
)
wrong.add(
    "shifted_left",
    picked(shifted_left),
    "the sequences are moved in their rows and not reversed. Follow a sequence of two steps.",
)
wrong.add(
    "one_step_late",
    picked(one_step_late),
    "each step is taken from one place too far to the right. Where does step 0 of the result come from in a sequence of two steps?",
)
wrong.add(
    "one_too_many",
    picked(one_too_many),
    "the first step of the padding is reversed with the sequence. Which is the last real step of a sequence of n?",
)
wrong.add(
    "one_too_few",
    picked(one_too_few),
    "the last real step of each sequence is left where it was. Which is the last real step of a sequence of n?",
)
wrong.add(
    "last_stays",
    picked(last_stays),
    "the first step of each sequence never gets to its end. What stands at the last real step of the result?",
)
wrong.add(
    "first_stays",
    picked(first_stays),
    "the first step of each sequence stays where it was. Where does step 0 go?",
)
wrong.add(
    "lengths_of_the_first",
    picked(lengths_of_the_first),
    "every sequence is reversed within the length of the first. Which length does the second sequence have?",
)
wrong.add(
    "in_the_order_of_length",
    picked(in_the_order_of_length),
    "the lengths are sorted and the sequences are not. Which length belongs to which row?",
)
wrong.add(
    "detached",
    but(reverse_within_length, x=lambda x: x.detach()),
    "the values are right and no gradient comes back. Call backward() on the sum of your result: what is x.grad?",
)


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
    stand_in=_stand_ins.turned_within,
    also_right=(row_by_row, pieces_put_together, by_advanced_index, step_by_step, picked(mirror)),
    look="Take a sequence of three steps in a row of five: from which step does each one come?",
)
