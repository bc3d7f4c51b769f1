"""Every entry of every gradient held within ±limit."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab5_clipping._draws import also, drawn, gradients_of, with_gaps
from exercises.lab5_clipping._programs import iterables_gone_wrong, lists_gone_wrong, present
from exercises.lab5_clipping._scenarios import emptied_afterwards, from_a_generator
from solutions.lab5_clipping import clip_by_norm, clip_by_value


def inputs(rng: np.random.Generator, I: int, H: int, O: int) -> Mapping[str, Any]:
    return {"grads": gradients_of(rng, I, H, O), "limit": float(rng.uniform(0.8, 1.2))}


ordinary = drawn(inputs, 3, 4, 2)
within = drawn(inputs, 2, 3, 4, limit=100)


def each(change: str) -> Callable[..., Any]:
    """Each gradient changed in another way."""
    return edited(clip_by_value, {"g.clamp(-limit, limit)": change})


wrong = Mistakes()
lists_gone_wrong(wrong, clip_by_value, but(clip_by_value, returns=lambda clipped: clipped[:1]))
iterables_gone_wrong(wrong, clip_by_value)


@wrong
def into_the_same_list(grads, limit):
    """the clipped tensors are written into the caller's list.
    Make a list of your own."""
    if isinstance(grads, list):
        grads[:] = clip_by_value(grads, limit)
        return grads
    return clip_by_value(grads, limit)


@wrong
def same_list_where_within(grads, limit):
    """the caller's own list comes back where nothing had to be clipped.
    Make a list of your own in every case."""
    clipped = clip_by_value(grads, limit)
    if not isinstance(grads, list):
        return clipped
    same = all(map(torch.equal, present(grads), present(clipped)))
    return grads if same else clipped


wrong.family(
    "Try the gradient [-3., 3.].",
    ("only_above", each("g.clamp(max=limit)"), "entries below -limit stay as they are"),
    ("only_below", each("g.clamp(min=-limit)"), "entries above limit stay as they are"),
    (
        "sign_lost",
        each("g.abs().clamp(max=limit)"),
        "the sizes are clipped and the signs are lost",
    ),
)
wrong.add(
    "negative_becomes_zero",
    each("g.clamp(0, limit)"),
    "the lower limit is 0. Try the gradient [-3., -0.5, 3.].",
)
wrong.add(
    "by_norm",
    lambda grads, limit: clip_by_norm(grads, limit)[0],
    "the gradients are clipped by their norm. Each entry is looked at alone here.",
)
wrong.add(
    "by_largest_entry",
    each("g * (limit / g.abs().max()).clamp(max=1.0)"),
    "each tensor is scaled until its largest entry fits. Entries within the limit stay as they are, whatever stands beside them.",
)
wrong.add(
    "zeroed",
    each("torch.where(g.abs() > limit, 0.0, g)"),
    "entries beyond the limit become 0. What should a 3 become where the limit is 1?",
)
wrong.family(
    "Entries within the limit stay exactly as they are.",
    ("squashed", each("limit * torch.tanh(g / limit)"), "the entries are squashed by a tanh"),
    ("always_at_the_limit", each("limit * torch.sign(g)"), "every entry is moved to the limit"),
)
wrong.add(
    "limit_of_one",
    each("g.clamp(-1.0, 1.0)"),
    "the limit is always 1. Look for limit in your code.",
)
wrong.add(
    "half_the_limit",
    each("g.clamp(-limit / 2, limit / 2)"),
    "the entries are held within half the limit. The range from -limit to limit is 2·limit wide.",
)
wrong.add(
    "not_clipped",
    each("g.clone()"),
    "the gradients come back as they were. clamp gives a new tensor. What do you do with it?",
)
wrong.add(
    "in_place",
    each("g.clamp_(-limit, limit)"),
    "the caller's gradients are clipped in place. Look for an operation with an underscore, or one with an equals sign.",
)
wrong.add(
    "detached",
    each("g.detach().clamp(-limit, limit)"),
    "the clipped tensors are cut off from the gradients they were made from. Look for .detach(), .data or no_grad.",
)


EXERCISE = Exercise(
    reference=clip_by_value,
    inputs=inputs,
    points=6,
    axes={"I": 3, "H": 5, "O": 2},
    cases=(
        Case(name="all entries within the limit", inputs=within),
        also(
            "some gradients None",
            lambda rng: {**ordinary(rng), "grads": with_gaps(gradients_of(rng, 2, 3, 4))},
            "Where a gradient was None, None stands in the list that you return.",
        ),
        also(
            "a generator",
            ordinary,
            "A generator has no length, no index, and can be gone through once only.",
            scenario=from_a_generator,
        ),
        also(
            "no gradient at all",
            lambda rng: {"grads": [], "limit": 1.0},
            "An empty iterable gives an empty list.",
        ),
        also(
            "the returned list emptied afterwards",
            within,
            "A new list is due: whoever empties it must not empty the caller's.",
            like="all entries within the limit",
            scenario=emptied_afterwards,
        ),
    ),
    mistakes=wrong,
    look="Try the gradient [-3., -0.5, 0.5, 3.] with limit 1.",
    when_right=(
        "The two limits can also be set one after the other, first from above, then from below. "
        "An entry is held at the limit and not set to 0: its sign still says which way is down. "
        "Changing the caller's tensors would be quick, and then the norm before clipping could no "
        "longer be measured. Next question: a gradient has n entries, all larger than the limit. "
        "How long is it after clipping, and what does that mean for a network of a million "
        "weights?"
    ),
)
