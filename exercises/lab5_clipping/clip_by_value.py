"""Every entry of every gradient held within ±limit."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab5_clipping import _stand_ins
from exercises.lab5_clipping._draws import Grads, gradients_of, merged, with_gaps
from exercises.lab5_clipping._scenarios import emptied_afterwards, from_a_generator
from solutions.lab5_clipping import clip_by_norm, clip_by_value

Answer = list[Tensor | None]


def inputs(rng: np.random.Generator, I: int, H: int, O: int) -> Mapping[str, Any]:
    return {"grads": gradients_of(rng, I, H, O), "limit": float(rng.uniform(0.8, 1.2))}


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, 3, 4, 2)


def within(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(inputs(rng, 2, 3, 4), limit=100)


def some_none(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), grads=with_gaps(gradients_of(rng, 2, 3, 4)))


def empty(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"grads": [], "limit": 1.0}


def entrywise(change: Callable[[Tensor, float], Tensor]) -> Callable[[Grads, float], Answer]:
    """Each gradient changed by itself, None kept."""

    def changed(grads: Grads, limit: float) -> Answer:
        return [None if g is None else change(g, limit) for g in grads]

    return changed


wrong = Mistakes()


@wrong
def in_place(grads: Grads, limit: float) -> Answer:
    """the caller's gradients are clipped in place.
    Look for an operation with an underscore, or one with an equals sign."""
    return [None if g is None else g.clamp_(-limit, limit) for g in grads]


@wrong
def into_the_same_list(grads: Any, limit: float) -> Answer:
    """the clipped tensors are written into the caller's list.
    Make a list of your own."""
    if isinstance(grads, list):
        grads[:] = clip_by_value(grads, limit)
        return grads
    return clip_by_value(grads, limit)


@wrong
def same_list_where_within(grads: Any, limit: float) -> Answer:
    """the caller's own list comes back where nothing had to be clipped.
    Make a list of your own in every case."""
    clipped = clip_by_value(grads, limit)
    same = isinstance(grads, list) and all(
        g is None or torch.equal(g, c)
        for g, c in zip(grads, clipped, strict=True)
        if c is not None
    )
    return grads if same else clipped


@wrong
def looks_twice(grads: Grads, limit: float) -> Answer:
    """the gradients are gone through twice.
    What is left of a generator after it was gone through?"""
    return [] if all(g is None for g in grads) else clip_by_value(grads, limit)


@wrong
def wants_a_list(grads: Any, limit: float) -> Answer:
    """the gradients are asked for their length or for an item.
    A generator can only be gone through."""
    return clip_by_value([grads[i] for i in range(len(grads))], limit)


@wrong
def stumbles_over_none(grads: Grads, limit: float) -> Answer:
    """None is used like a tensor.
    What is the gradient of a parameter that took no part in the loss?"""
    return [g.clamp(-limit, limit) for g in grads]  # type: ignore[union-attr]


@wrong
def zeros_for_none(grads: Grads, limit: float) -> Answer:
    """None is replaced by a zero.
    What stands in the list where a gradient was None?"""
    return [torch.zeros(()) if g is None else g for g in clip_by_value(grads, limit)]


def minimum_and_maximum(grads: Grads, limit: float) -> Answer:
    clipped: Answer = []
    for g in grads:
        if g is None:
            clipped.append(g)
        else:
            bound = torch.full_like(g, limit)
            clipped.append(torch.maximum(torch.minimum(g, bound), -bound))
    return clipped


def with_where(grads: Grads, limit: float) -> Any:
    return tuple(
        g if g is None else torch.where(g.abs() > limit, limit * torch.sign(g), g) for g in grads
    )


def hard_tanh(grads: Grads, limit: float) -> Answer:
    return [
        None if g is None else torch.nn.functional.hardtanh(g, -limit, limit) for g in list(grads)
    ]


wrong.add(
    "only_above",
    entrywise(lambda g, limit: g.clamp(max=limit)),
    "entries below -limit stay as they are. Try the gradient [-3., 3.].",
)
wrong.add(
    "only_below",
    entrywise(lambda g, limit: g.clamp(min=-limit)),
    "entries above limit stay as they are. Try the gradient [-3., 3.].",
)
wrong.add(
    "negative_becomes_zero",
    entrywise(lambda g, limit: g.clamp(0, limit)),
    "the lower limit is 0. Try the gradient [-3., -0.5, 3.].",
)
wrong.add(
    "sign_lost",
    entrywise(lambda g, limit: g.abs().clamp(max=limit)),
    "the sizes are clipped and the signs are lost. Try the gradient [-3., 3.].",
)
wrong.add(
    "by_norm",
    lambda grads, limit: clip_by_norm(grads, limit)[0],
    "the gradients are clipped by their norm. Each entry is looked at alone here.",
)
wrong.add(
    "by_largest_entry",
    entrywise(lambda g, limit: g * (limit / g.abs().max()).clamp(max=1.0)),
    "each tensor is scaled until its largest entry fits. Entries within the limit stay as they are, whatever stands beside them.",
)
wrong.add(
    "zeroed",
    entrywise(lambda g, limit: torch.where(g.abs() > limit, 0.0, g)),
    "entries beyond the limit become 0. What should a 3 become where the limit is 1?",
)
wrong.add(
    "squashed",
    entrywise(lambda g, limit: limit * torch.tanh(g / limit)),
    "the entries are squashed by a tanh. Entries within the limit stay exactly as they are.",
)
wrong.add(
    "always_at_the_limit",
    entrywise(lambda g, limit: limit * torch.sign(g)),
    "every entry is moved to the limit. Entries within the limit stay exactly as they are.",
)
wrong.add(
    "limit_of_one",
    entrywise(lambda g, limit: g.clamp(-1.0, 1.0)),
    "the limit is always 1. Look for limit in your code.",
)
wrong.add(
    "half_the_limit",
    entrywise(lambda g, limit: g.clamp(-limit / 2, limit / 2)),
    "the entries are held within half the limit. The range from -limit to limit is 2·limit wide.",
)
wrong.add(
    "not_clipped",
    entrywise(lambda g, limit: g.clone()),
    "the gradients come back as they were. clamp gives a new tensor. What do you do with it?",
)
wrong.add(
    "drops_none",
    but(clip_by_value, returns=lambda clipped: [g for g in clipped if g is not None]),
    "None is left out of the list. The list has one entry for each gradient, in their order.",
)
wrong.add(
    "detached",
    entrywise(lambda g, limit: g.detach().clamp(-limit, limit)),
    "the clipped tensors are cut off from the gradients they were made from. Look for .detach(), .data or no_grad.",
)


EXERCISE = Exercise(
    reference=clip_by_value,
    inputs=inputs,
    points=6,
    axes={"I": 3, "H": 5, "O": 2},
    cases=(
        Case(name="all entries within the limit", inputs=within),
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
            why="A generator has no length, no index, and can be gone through once only.",
        ),
        Case(
            name="no gradient at all",
            inputs=empty,
            value=False,
            why="An empty iterable gives an empty list.",
        ),
        Case(
            name="the returned list emptied afterwards",
            inputs=within,
            value=False,
            like="all entries within the limit",
            scenario=emptied_afterwards,
            why="A new list is due: whoever empties it must not empty the caller's.",
        ),
    ),
    mistakes=wrong,
    stand_in=_stand_ins.held_list,
    also_right=(minimum_and_maximum, with_where, hard_tanh),
    look="Try the gradient [-3., -0.5, 0.5, 3.] with limit 1.",
)
