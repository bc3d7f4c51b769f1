"""The length of all gradients taken together as one vector."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Exercise, Mistakes, but, edited, printed
from exercises.lab5_clipping._draws import also, drawn, gradients_of, tiny_gradients, with_gaps
from exercises.lab5_clipping._programs import iterables_gone_wrong, present
from exercises.lab5_clipping._scenarios import from_a_generator, without_tensors
from solutions.lab5_clipping import global_norm


def inputs(rng: np.random.Generator, I: int, H: int, O: int) -> Mapping[str, Any]:
    return {"grads": gradients_of(rng, I, H, O)}


ordinary = drawn(inputs, 3, 4, 2)


def joined(of: Callable[[list[Tensor]], Tensor]) -> Callable[..., Tensor]:
    """A norm made from the list of tensors; 0 where there is none."""

    def changed(grads):
        tensors = present(grads)
        return of(tensors) if tensors else torch.zeros(())

    return changed


def norms(grads):
    return torch.stack([g.norm() for g in grads if g is not None])


def flat(grads):
    return torch.cat([g.reshape(-1) for g in grads if g is not None])


wrong = Mistakes()
iterables_gone_wrong(wrong, global_norm)
printed(wrong, global_norm)
wrong.family(
    "Think of all tensors as pieces of one long vector.",
    (
        "largest_norm",
        joined(lambda grads: norms(grads).max()),
        "the largest norm among the tensors is returned",
    ),
    (
        "mean_of_norms",
        joined(lambda grads: norms(grads).mean()),
        "the mean of the tensors' norms is returned",
    ),
)
wrong.add(
    "sum_of_norms",
    joined(lambda grads: norms(grads).sum()),
    "the norms of the tensors are added up. Try two gradients, [3.] and [4.]: as one vector they have length 5.",
)
wrong.add(
    "no_root",
    but(global_norm, returns=lambda norm: norm**2),
    "the sum of squares is returned. Try the single gradient [3., 4.]: its length is 5.",
)
wrong.add(
    "sum_of_sizes",
    joined(lambda grads: flat(grads).abs().sum()),
    "the absolute values are added up. Try the single gradient [3., 4.]: its length is 5, not 7.",
)
wrong.add(
    "largest_entry",
    joined(lambda grads: flat(grads).abs().max()),
    "the largest entry is returned. Compare the norm that you compute with the one in the formula.",
)
wrong.add(
    "root_of_the_mean",
    joined(lambda grads: flat(grads).pow(2).mean().sqrt()),
    "the squares are averaged instead of added. Does your result grow when the same gradient comes a second time? It should.",
)
wrong.add(
    "sum_of_means",
    edited(global_norm, {"(g**2).sum()": "(g**2).mean()"}),
    "each tensor contributes the mean of its squares. Look at what a tensor with many entries contributes.",
)
wrong.add(
    "root_of_the_sum",
    joined(lambda grads: flat(grads).sum().abs().sqrt()),
    "the entries are added up without being squared. Look at what happens to each entry before the sum.",
)
wrong.add(
    "last_only",
    joined(lambda grads: grads[-1].norm()),
    "only the last tensor is looked at. Look at what your loop keeps from one turn to the next.",
)
wrong.add(
    "first_only",
    joined(lambda grads: grads[0].norm()),
    "only the first tensor is looked at. Look at how often your loop turns before it returns.",
)
wrong.add(
    "stumbles_over_none",
    but(global_norm, grads=lambda grads: [g * 1.0 for g in grads]),
    "None is used like a tensor. What is the gradient of a parameter that took no part in the loss?",
)
wrong.add(
    "stops_at_none",
    but(global_norm, grads=lambda grads: itertools.takewhile(lambda g: g is not None, grads)),
    "everything behind the first None is left out. There may be gradients behind a None.",
)
wrong.family(
    "What do you return where there is no tensor?",
    ("wants_a_tensor", lambda grads: flat(grads).norm(), "torch.cat is given an empty list"),
    ("stacks_nothing", lambda grads: norms(grads).norm(), "torch.stack is given an empty list"),
)
wrong.add(
    "none_for_nothing",
    edited(global_norm, {"torch.zeros(())": "None"}),
    "None is returned where there is no tensor. The norm of nothing is 0, as a tensor.",
)
wrong.add(
    "in_float32",
    edited(global_norm, {"g**2": "g.float() ** 2"}),
    "the gradients are turned into float32 first. Look for float(), torch.float32 or a tensor made without a dtype.",
)
wrong.add(
    "in_place",
    edited(global_norm, {"(g**2)": "g.pow_(2)"}),
    "the caller's gradients are squared in place. Look for an operation with an underscore, or one with an equals sign.",
)
wrong.add(
    "with_epsilon",
    but(global_norm, returns=lambda norm: norm + 1e-6),
    "1e-6 is added to the norm. The 1e-6 belongs to the clipping, not to the norm.",
)
wrong.add(
    "epsilon_in_the_root",
    but(global_norm, returns=lambda norm: (norm**2 + 1e-6).sqrt()),
    "1e-6 is added below the root. The formula has no small number below the root.",
)
wrong.add(
    "returns_a_float",
    but(global_norm, returns=float),
    "the norm is turned into a Python number. Look at the type of what you return: a 0-d tensor is due.",
)
wrong.add(
    "one_axis",
    but(global_norm, returns=lambda norm: norm.reshape(1)),
    "the norm has an axis of length 1. Print the shape of what you return: it should be ().",
)
wrong.add(
    "detached",
    but(global_norm, returns=lambda norm: norm.detach()),
    "the norm is cut off from the gradients that it was made from. Look for .detach(), .data, .item() or no_grad.",
)


EXERCISE = Exercise(
    reference=global_norm,
    inputs=inputs,
    points=8,
    axes={"I": 3, "H": 5, "O": 2},
    cases=(
        also(
            "some gradients None",
            lambda rng: {"grads": with_gaps(gradients_of(rng, 2, 3, 4))},
            "None stands for no gradient: pass over it and go on with the next.",
        ),
        also(
            "a generator",
            ordinary,
            "A generator has no length, no index, and can be gone through once only.",
            scenario=from_a_generator,
        ),
        also(
            "no tensor at all",
            lambda rng: {"iterables": [[], [None, None]]},
            "An empty iterable, or one with nothing but None, has the norm 0, as a tensor.",
            scenario=without_tensors,
        ),
        also(
            "a gradient that is one number",
            lambda rng: {"grads": [np.array(rng.uniform(1, 2)), *gradients_of(rng, 2, 3, 1)]},
            "A parameter may have no axis at all: its gradient is a 0-d tensor.",
        ),
        also(
            "tiny gradients",
            lambda rng: {"grads": tiny_gradients(rng)},
            "The formula has no small number added to anything.",
        ),
    ),
    mistakes=wrong,
    look="Try two gradients by hand, [3.] and [4.]: taken together they have length 5.",
    when_right=(
        "A shorter way: flatten the tensors, join them into one and ask for its norm; or take the "
        "norm of the tensors' norms, which is the same number. Both need a thought for the case "
        "that nothing is left to join. The sum of the norms is the trap: it is never smaller than "
        "the global norm, so it looks plausible, and it grows when you merely cut a tensor in "
        "two. Next question: for how many tensors of equal length is it ten times too large?"
    ),
)
