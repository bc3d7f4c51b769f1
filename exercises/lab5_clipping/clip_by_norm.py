"""All gradients scaled by one factor, so that their global norm is at most max_norm."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Close, Exercise, Mistakes, but, edited
from autograder.spec.scenarios import gradients
from exercises.lab5_clipping import _programs
from exercises.lab5_clipping._draws import also, drawn, gradients_of, tiny_gradients, with_gaps
from exercises.lab5_clipping._programs import present, scaled_by, with_entries
from exercises.lab5_clipping._scenarios import edited_afterwards, from_a_generator, without_tensors
from solutions.lab5_clipping import clip_by_norm


def inputs(rng: np.random.Generator, I: int, H: int, O: int) -> Mapping[str, Any]:
    return {"grads": gradients_of(rng, I, H, O), "max_norm": float(rng.uniform(1.5, 2.5))}


ordinary = drawn(inputs, 3, 4, 2)
short = drawn(inputs, 2, 3, 4, max_norm=100)

diff = partial(edited, clip_by_norm)
wrong = Mistakes()
_programs.lists_gone_wrong(
    wrong, clip_by_norm, but(clip_by_norm, returns=lambda both: (both[0][:1], both[1]))
)
wrong.add(
    "always_scaled",
    _programs.always_scaled,
    "short gradients are made longer. What is the factor for gradients whose norm is below max_norm?",
)
wrong.add(
    "maximum_for_minimum",
    diff({".clamp(max=1.0)": ".clamp(min=1.0)"}),
    "the larger of 1 and the quotient is taken. Should the factor be able to exceed 1?",
)
wrong.add(
    "upside_down",
    scaled_by("((norm + 1e-6) / max_norm).clamp(max=1.0)"),
    "the quotient stands upside down. Multiply the norm by your factor: the product should be max_norm.",
)
wrong.add(
    "not_clipped",
    with_entries("g * 1.0"),
    "the gradients come back as they were. Look at the list that you return: is it the scaled one?",
)
wrong.add(
    "to_length_one",
    scaled_by("torch.where(norm > max_norm, 1 / (norm + 1e-6), 1.0)"),
    "long gradients are scaled to length 1. Look for max_norm in your factor.",
)
wrong.add(
    "sum_of_norms",
    _programs.sum_of_norms,
    "the norms of the tensors are added up. Try two gradients, [3.] and [4.]: as one vector they have length 5.",
)
wrong.add(
    "no_root",
    _programs.no_root,
    "the sum of squares is used as the norm. Try the single gradient [3., 4.]: its length is 5.",
)
wrong.add(
    "largest_norm",
    _programs.largest_norm,
    "the largest of the tensors' norms is used. Think of all tensors as pieces of one long vector.",
)
wrong.add(
    "one_norm_each",
    _programs.one_norm_each,
    "each gradient is clipped by its own norm. How many norms do you compute? All gradients share one factor.",
)
wrong.add(
    "norm_again_and_again",
    _programs.norm_again_and_again,
    "the norm is computed again after each gradient is scaled. Compute the norm once, before any gradient changes.",
)
wrong.add(
    "by_value",
    _programs.by_value,
    "the entries are cut off at ±max_norm. Clipping by norm keeps the direction: every entry is multiplied by the same number.",
)
wrong.add(
    "norm_afterwards",
    _programs.norm_afterwards,
    "the norm after clipping is returned. Which of the two norms is due: before or after?",
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
    diff({"in grads], norm": "in grads], float(norm)"}),
    "the norm is turned into a Python number. Look at the type of the norm that you return: a 0-d tensor is due.",
)
wrong.family(
    "Compare your factor with the formula, symbol by symbol.",
    ("no_epsilon", _programs.no_epsilon, "1e-6 is not added to the norm"),
    (
        "smaller_epsilon",
        scaled_by("(max_norm / (norm + 1e-8)).clamp(max=1.0)"),
        "1e-8 is added to the norm in place of 1e-6",
    ),
)
wrong.add(
    "divides_by_zero",
    scaled_by("max_norm / norm"),
    "the factor is max_norm / norm, whatever the norm. What is your factor where every gradient is 0? And for short gradients?",
)
wrong.add(
    "epsilon_outside",
    scaled_by("(max_norm / norm.clamp(min=1e-12) + 1e-6).clamp(max=1.0)"),
    "1e-6 is added to the quotient and not to the norm. Where do the brackets stand in the formula?",
)
wrong.add(
    "epsilon_in_the_norm",
    diff({"(grads)\n": "(grads) + 1e-6\n", "(norm + 1e-6)).": "norm)."}),
    "the norm is returned with 1e-6 added. The 1e-6 belongs to the factor; the norm is returned without it.",
)
wrong.add(
    "generator_used_up",
    diff({"grads = list(grads)": "pass"}),
    "the gradients are gone through twice. What is left of a generator after the norm was computed?",
)
wrong.add(
    "same_list_where_short",
    diff({"scale =": "if norm <= max_norm:\n        return grads, norm\n    scale ="}),
    "the old tensors come back where nothing has to be clipped. New tensors are due in every case.",
)
wrong.add(
    "in_place",
    with_entries("g.mul_(scale)"),
    "the caller's gradients are scaled in place. Look for an operation with an underscore, or one with an equals sign.",
)
wrong.add(
    "fails_on_nothing",
    _programs.fails_on_nothing,
    "the norm of no tensor at all is not thought of. What do you return for an empty list?",
)
wrong.add(
    "number_zero_for_nothing",
    but(clip_by_norm, returns=lambda both: (both[0], both[1] if present(both[0]) else 0.0)),
    "the norm of no tensor at all is a Python number. Look at the type of the norm for an empty list.",
)
wrong.add(
    "detached",
    with_entries("(g * scale).detach()"),
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
        also(
            "some gradients None",
            lambda rng: {**ordinary(rng), "grads": with_gaps(gradients_of(rng, 2, 3, 4))},
            "Where a gradient was None, None stands in the list that you return.",
        ),
        also(
            "a generator",
            ordinary,
            "You need the gradients twice, for the norm and for the scaling. A generator can be gone through once.",
            scenario=from_a_generator,
        ),
        also(
            "no tensor at all",
            lambda rng: {"iterables": [[], [None, None]], "max_norm": 1.5},
            "For an empty iterable, or one with nothing but None, the norm is 0, as a tensor.",
            scenario=without_tensors,
        ),
        also(
            "tiny gradients",
            lambda rng: {"grads": tiny_gradients(rng), "max_norm": 2e-4},
            "Everything is tiny here: the norm is far below 1, max_norm smaller still, and the 1e-6 of the formula can be seen.",
            close=Close(rtol=1e-6, atol=1e-14),
        ),
        also(
            "gradients that are zero",
            lambda rng: {"grads": [np.zeros((2, 3)), np.zeros(4)], "max_norm": 1.5},
            "Zero stays zero: no division by 0.",
        ),
        also(
            "the returned tensors edited afterwards",
            short,
            "New tensors are due, also where nothing had to be clipped: whoever edits them must not edit the old gradients.",
            like="gradients shorter than max_norm",
            scenario=edited_afterwards,
        ),
        also(
            "gradients through short ones",
            short,
            "The result must carry gradients back: no .data, .detach() or no_grad on the way.",
            like="gradients shorter than max_norm",
            scenario=gradients,
        ),
    ),
    mistakes=wrong,
    look="Compute three numbers by hand for the single gradient [3., 4.] and max_norm 1: norm, factor, "
    "result.",
    when_right=(
        "One norm, one factor, one product for each tensor. The list comes first because a "
        "generator is empty after the norm. Clipping each tensor by its own norm is the trap: "
        "everything comes out short, no error is raised, and the direction is another one. "
        "Without the minimum, short gradients would be made longer. Next question: what happens "
        "if you clip twice with the same max_norm, and what if the second max_norm is larger than "
        "the first?"
    ),
)
