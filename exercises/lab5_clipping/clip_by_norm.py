"""All gradients scaled by one factor, so that their global norm is at most max_norm."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Close, Exercise, Mistakes, but
from autograder.spec.scenarios import gradients
from exercises.lab5_clipping import _stand_ins
from exercises.lab5_clipping._draws import Grads, gradients_of, length_of, merged, with_gaps
from exercises.lab5_clipping._scenarios import edited_afterwards, from_a_generator, without_tensors
from solutions.lab5_clipping import clip_by_norm

Answer = tuple[list[Tensor | None], Tensor]


def inputs(rng: np.random.Generator, I: int, H: int, O: int) -> Mapping[str, Any]:
    return {"grads": gradients_of(rng, I, H, O), "max_norm": float(rng.uniform(1.5, 2.5))}


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, 3, 4, 2)


def short(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(inputs(rng, 2, 3, 4), max_norm=100)


def some_none(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), grads=with_gaps(gradients_of(rng, 2, 3, 4)))


def nothing(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"iterables": [[], [None, None]], "max_norm": 1.5}


def tiny(rng: np.random.Generator) -> Mapping[str, Any]:
    grads = [1e-4 * g for g in gradients_of(rng, 3, 2, 4) if g is not None]
    return {"grads": grads, "max_norm": 2e-4}


def zeros(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"grads": [np.zeros((2, 3)), np.zeros(4)], "max_norm": 1.5}


def scaled(
    scale_of: Callable[[Any, float], Any] = lambda norm, most: (most / (norm + 1e-6)).clamp(
        max=1.0
    ),
    norm_of: Callable[[Grads], Any] = length_of,
) -> Callable[[Grads, float], Answer]:
    """Clipping by norm with another factor or another norm."""

    def changed(grads: Grads, max_norm: float) -> Answer:
        grads = list(grads)
        norm = norm_of(grads)
        scale = scale_of(norm, max_norm)
        return [None if g is None else g * scale for g in grads], norm

    return changed


def tensors(grads: Grads) -> list[Tensor]:
    return [g for g in grads if g is not None]


wrong = Mistakes()


@wrong
def one_norm_each(grads: Grads, max_norm: float) -> Answer:
    """each gradient is clipped by its own norm.
    How many norms do you compute? All gradients share one factor."""
    grads = list(grads)
    return [clip_by_norm([g], max_norm)[0][0] for g in grads], length_of(grads)


@wrong
def norm_again_and_again(grads: Grads, max_norm: float) -> Answer:
    """the norm is computed again after each gradient is scaled.
    Compute the norm once, before any gradient changes."""
    now = list(grads)
    norm = length_of(now)
    for i, g in enumerate(now):
        if g is not None:
            now[i] = g * (max_norm / (length_of(now) + 1e-6)).clamp(max=1.0)
    return now, norm


@wrong
def by_value(grads: Grads, max_norm: float) -> Answer:
    """the entries are cut off at ±max_norm.
    Clipping by norm keeps the direction: every entry is multiplied by the same number."""
    grads = list(grads)
    return [None if g is None else g.clamp(-max_norm, max_norm) for g in grads], length_of(grads)


@wrong
def norm_afterwards(grads: Grads, max_norm: float) -> Answer:
    """the norm after clipping is returned.
    Which of the two norms is due: before or after?"""
    clipped, _ = clip_by_norm(grads, max_norm)
    return clipped, length_of(clipped)


@wrong
def generator_used_up(grads: Grads, max_norm: float) -> Answer:
    """the gradients are gone through twice.
    What is left of a generator after the norm was computed?"""
    norm = length_of(grads)
    scale = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    return [None if g is None else g * scale for g in grads], norm


@wrong
def same_list_where_short(grads: Grads, max_norm: float) -> Answer:
    """the old tensors come back where nothing has to be clipped.
    New tensors are due in every case."""
    grads = list(grads)
    norm = length_of(grads)
    return (grads, norm) if norm <= max_norm else clip_by_norm(grads, max_norm)


@wrong
def in_place(grads: Grads, max_norm: float) -> Answer:
    """the caller's gradients are scaled in place.
    Look for an operation with an underscore, or one with an equals sign."""
    grads = list(grads)
    norm = length_of(grads)
    for g in tensors(grads):
        g.mul_((max_norm / (norm + 1e-6)).clamp(max=1.0))
    return grads, norm


@wrong
def stumbles_over_none(grads: Grads, max_norm: float) -> Answer:
    """None is used like a tensor.
    What is the gradient of a parameter that took no part in the loss?"""
    grads = list(grads)
    scale = (max_norm / (length_of(grads) + 1e-6)).clamp(max=1.0)
    return [g * scale for g in grads], length_of(grads)  # type: ignore[operator]


@wrong
def zeros_for_none(grads: Grads, max_norm: float) -> Answer:
    """None is replaced by a zero.
    What stands in the list where a gradient was None?"""
    clipped, norm = clip_by_norm(grads, max_norm)
    return [torch.zeros(()) if g is None else g for g in clipped], norm


@wrong
def fails_on_nothing(grads: Grads, max_norm: float) -> Answer:
    """the norm of no tensor at all is not thought of.
    What do you return for an empty list?"""
    grads = list(grads)
    norm = torch.stack([g.norm() for g in tensors(grads)]).norm()
    return clip_by_norm(grads, max_norm)[0], norm


@wrong
def number_zero_for_nothing(grads: Grads, max_norm: float) -> tuple[list[Tensor | None], Any]:
    """the norm of no tensor at all is a Python number.
    Look at the type of the norm for an empty list."""
    clipped, norm = clip_by_norm(grads, max_norm)
    return clipped, norm if tensors(clipped) else 0.0


def python_minimum(grads: Grads, max_norm: float) -> tuple[list[Tensor | None], Tensor]:
    kept = [g for g in grads]  # noqa: C416 - as students write it
    norm = torch.linalg.vector_norm(torch.tensor([0.0]))
    if tensors(kept):
        norm = torch.cat([g.flatten() for g in tensors(kept)]).norm(p=2)
    scale = min(1.0, max_norm / (norm.item() + 1e-6))
    return [g if g is None else g * scale for g in kept], norm


def with_an_if(grads: Grads, max_norm: float) -> Answer:
    kept = list(grads)
    total: Any = sum(g.pow(2).sum() for g in kept if g is not None)
    norm = torch.as_tensor(total) ** 0.5
    clipped: list[Tensor | None] = []
    for g in kept:
        if g is None:
            clipped.append(None)
        elif norm > max_norm:
            clipped.append(g * max_norm / (norm + 1e-6))
        else:
            clipped.append(g.clone())
    return clipped, norm


def divided(grads: Grads, max_norm: float) -> tuple[Any, Tensor]:
    kept = tuple(grads)
    norm = length_of(kept)
    divisor = torch.maximum((norm + 1e-6) / max_norm, torch.ones_like(norm))
    return tuple(None if g is None else torch.div(g, divisor) for g in kept), norm


wrong.add(
    "always_scaled",
    scaled(lambda norm, most: most / (norm + 1e-6)),
    "short gradients are made longer. What is the factor for gradients whose norm is below max_norm?",
)
wrong.add(
    "maximum_for_minimum",
    scaled(lambda norm, most: (most / (norm + 1e-6)).clamp(min=1.0)),
    "the larger of 1 and the quotient is taken. Should the factor be able to exceed 1?",
)
wrong.add(
    "upside_down",
    scaled(lambda norm, most: ((norm + 1e-6) / most).clamp(max=1.0)),
    "the quotient stands upside down. Multiply the norm by your factor: the product should be max_norm.",
)
wrong.add(
    "not_clipped",
    scaled(lambda norm, most: 1.0),
    "the gradients come back as they were. Look at the list that you return: is it the scaled one?",
)
wrong.add(
    "to_length_one",
    scaled(lambda norm, most: torch.where(norm > most, 1 / (norm + 1e-6), 1.0)),
    "long gradients are scaled to length 1. Look for max_norm in your factor.",
)
wrong.add(
    "sum_of_norms",
    scaled(norm_of=lambda grads: sum((g.norm() for g in tensors(grads)), torch.zeros(()))),
    "the norms of the tensors are added up. Try two gradients, [3.] and [4.]: as one vector they have length 5.",
)
wrong.add(
    "no_root",
    scaled(norm_of=lambda grads: length_of(grads) ** 2),
    "the sum of squares is used as the norm. Try the single gradient [3., 4.]: its length is 5.",
)
wrong.add(
    "largest_norm",
    scaled(norm_of=lambda grads: max((g.norm() for g in tensors(grads)), default=torch.zeros(()))),
    "the largest of the tensors' norms is used. Think of all tensors as pieces of one long vector.",
)
wrong.add(
    "other_way_round",
    but(clip_by_norm, returns=lambda both: (both[1], both[0])),
    "the norm comes first and the list second. Look at the order of the two things that you return.",
)
wrong.add(
    "list_only",
    but(clip_by_norm, returns=lambda both: both[0]),
    "the norm is not returned. Two things are due: the list and the norm.",
)
wrong.add(
    "norm_as_a_float",
    but(clip_by_norm, returns=lambda both: (both[0], float(both[1]))),
    "the norm is turned into a Python number. Look at the type of the norm that you return: a 0-d tensor is due.",
)
wrong.add(
    "no_epsilon",
    scaled(lambda norm, most: torch.where(norm > most, most / norm, 1.0)),
    "1e-6 is not added to the norm. Compare your factor with the formula, symbol by symbol.",
)
wrong.add(
    "divides_by_zero",
    scaled(lambda norm, most: (most / norm).clamp(max=math.inf) * 1.0),
    "the factor is max_norm / norm, whatever the norm. What is your factor where every gradient is 0? And for short gradients?",
)
wrong.add(
    "smaller_epsilon",
    scaled(lambda norm, most: (most / (norm + 1e-8)).clamp(max=1.0)),
    "1e-8 is added to the norm in place of 1e-6. Compare your factor with the formula, symbol by symbol.",
)
wrong.add(
    "epsilon_outside",
    scaled(lambda norm, most: (most / norm.clamp(min=1e-12) + 1e-6).clamp(max=1.0)),
    "1e-6 is added to the quotient and not to the norm. Where do the brackets stand in the formula?",
)
wrong.add(
    "epsilon_in_the_norm",
    scaled(lambda norm, most: (most / norm).clamp(max=1.0), lambda grads: length_of(grads) + 1e-6),
    "the norm is returned with 1e-6 added. The 1e-6 belongs to the factor; the norm is returned without it.",
)
wrong.add(
    "drops_none",
    but(clip_by_norm, returns=lambda both: (tensors(both[0]), both[1])),
    "None is left out of the list. The list has one entry for each gradient, in their order.",
)
wrong.add(
    "detached",
    but(
        clip_by_norm,
        returns=lambda both: ([g if g is None else g.detach() for g in both[0]], both[1]),
    ),
    "the clipped tensors are cut off from the gradients they were made from. Look for .detach(), .data or no_grad.",
)


EXERCISE = Exercise(
    reference=clip_by_norm,
    inputs=inputs,
    points=12,
    axes={"I": 3, "H": 5, "O": 2},
    parts=("clipped", "norm"),
    without=frozenset({"gradients"}),
    cases=(
        Case(name="gradients shorter than max_norm", inputs=short),
        Case(
            name="some gradients None",
            inputs=some_none,
            value=False,
            why="Where a gradient was None, None stands in the list that you return.",
        ),
        Case(
            name="a generator",
            inputs=ordinary,
            value=False,
            scenario=from_a_generator,
            why="You need the gradients twice, for the norm and for the scaling. A generator can be "
            "gone through once.",
        ),
        Case(
            name="no tensor at all",
            inputs=nothing,
            value=False,
            scenario=without_tensors,
            why="For an empty iterable, or one with nothing but None, the norm is 0, as a tensor.",
        ),
        Case(
            name="tiny gradients",
            inputs=tiny,
            value=False,
            close=Close(rtol=1e-6, atol=1e-14),
            why="Everything is tiny here: the norm is far below 1, max_norm smaller still, and the 1e-6 of the "
            "formula can be seen.",
        ),
        Case(
            name="gradients that are zero",
            inputs=zeros,
            value=False,
            why="Zero stays zero: no division by 0.",
        ),
        Case(
            name="the returned tensors edited afterwards",
            inputs=short,
            value=False,
            like="gradients shorter than max_norm",
            scenario=edited_afterwards,
            why="New tensors are due, also where nothing had to be clipped: whoever edits them must "
            "not edit the old gradients.",
        ),
        Case(
            name="gradients through short ones",
            inputs=short,
            value=False,
            like="gradients shorter than max_norm",
            scenario=gradients,
            why="The result must carry gradients back: no .data, .detach() or no_grad on the way.",
        ),
    ),
    mistakes=wrong,
    stand_in=_stand_ins.scaled_list,
    also_right=(python_minimum, with_an_if, divided),
    look="Compute three numbers by hand for the single gradient [3., 4.] and max_norm 1: norm, factor, "
    "result.",
)
