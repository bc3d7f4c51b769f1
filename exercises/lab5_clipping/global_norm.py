"""The length of all gradients taken together as one vector."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab5_clipping import _stand_ins
from exercises.lab5_clipping._draws import Grads, gradients_of, merged, with_gaps
from exercises.lab5_clipping._scenarios import from_a_generator, without_tensors
from solutions.lab5_clipping import global_norm


def inputs(rng: np.random.Generator, I: int, H: int, O: int) -> Mapping[str, Any]:
    return {"grads": gradients_of(rng, I, H, O)}


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, 3, 4, 2)


def some_none(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"grads": with_gaps(gradients_of(rng, 2, 3, 4))}


def nothing(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"iterables": [[], [None, None]]}


def a_scalar(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"grads": [np.array(rng.uniform(1, 2)), *gradients_of(rng, 2, 3, 1)]}


def tiny(rng: np.random.Generator) -> Mapping[str, Any]:
    grads = [1e-4 * g for g in gradients_of(rng, 3, 2, 4) if g is not None]
    return merged(ordinary(rng), grads=grads)


def joined(of: Callable[[list[Tensor]], Tensor]) -> Callable[[Grads], Tensor]:
    """A norm made from the list of tensors; 0 where there is none."""

    def changed(grads: Grads) -> Tensor:
        present = [g for g in grads if g is not None]
        return of(present) if present else torch.zeros(())

    return changed


def flat(grads: list[Tensor]) -> Tensor:
    return torch.cat([g.reshape(-1) for g in grads])


wrong = Mistakes()


@wrong
def stumbles_over_none(grads: Grads) -> Tensor:
    """None is used like a tensor.
    What is the gradient of a parameter that took no part in the loss?"""
    return global_norm([g * 1.0 for g in grads])  # type: ignore[operator, misc]


@wrong
def stops_at_none(grads: Grads) -> Tensor:
    """everything behind the first None is left out.
    There may be gradients behind a None."""
    present: list[Tensor | None] = []
    for g in grads:
        if g is None:
            break
        present.append(g)
    return global_norm(present)


@wrong
def looks_twice(grads: Grads) -> Tensor:
    """the gradients are gone through twice.
    What is left of a generator after it was gone through?"""
    if all(g is None for g in grads):
        return torch.zeros(())
    return global_norm(grads)


@wrong
def wants_a_list(grads: Any) -> Tensor:
    """the gradients are asked for their length or for an item.
    A generator can only be gone through."""
    return global_norm([grads[i] for i in range(len(grads))])


@wrong
def wants_a_tensor(grads: Grads) -> Any:
    """torch.cat is given an empty list.
    What do you return where there is no tensor?"""
    return flat([g for g in grads if g is not None]).norm()


@wrong
def stacks_nothing(grads: Grads) -> Any:
    """torch.stack is given an empty list.
    What do you return where there is no tensor?"""
    return torch.stack([g.norm() for g in grads if g is not None]).norm()


@wrong
def none_for_nothing(grads: Grads) -> Any:
    """None is returned where there is no tensor.
    The norm of nothing is 0, as a tensor."""
    present = [g for g in grads if g is not None]
    return global_norm(present) if present else None


@wrong
def in_float32(grads: Grads) -> Tensor:
    """the gradients are turned into float32 first.
    Look for float(), torch.float32 or a tensor made without a dtype."""
    return global_norm(None if g is None else g.float() for g in grads)


@wrong
def in_place(grads: Grads) -> Tensor:
    """the caller's gradients are squared in place.
    Look for an operation with an underscore, or one with an equals sign."""
    total = joined(lambda present: sum((g.pow_(2).sum() for g in present), torch.zeros(())))
    return total(grads).sqrt()


@wrong
def with_epsilon(grads: Grads) -> Tensor:
    """1e-6 is added to the norm.
    The 1e-6 belongs to the clipping, not to the norm."""
    return global_norm(grads) + 1e-6


@wrong
def epsilon_in_the_root(grads: Grads) -> Tensor:
    """1e-6 is added below the root.
    The formula has no small number below the root."""
    return (global_norm(grads) ** 2 + 1e-6).sqrt()


def norm_of_norms(grads: Grads) -> Tensor:
    norms = [torch.linalg.vector_norm(g) for g in grads if g is not None]
    return torch.linalg.vector_norm(torch.stack(norms)) if norms else torch.tensor(0.0)


def one_flat_vector(grads: Grads) -> Tensor:
    present = [g.flatten() for g in grads if g is not None]
    if not present:
        return torch.tensor(0)
    whole = torch.cat(present)
    return torch.sqrt(whole @ whole)


def running_total(grads: Grads) -> Tensor:
    total: Any = 0.0
    for g in grads:
        if g is None:
            continue
        total = total + torch.einsum("i,i->", g.reshape(-1), g.reshape(-1))
    return torch.as_tensor(total) ** 0.5


def one_after_the_other(grads: Grads) -> Tensor:
    norms = [torch.linalg.norm(g.reshape(-1), ord=2) for g in grads if torch.is_tensor(g)]
    return functools.reduce(torch.hypot, norms) if norms else torch.tensor(0)


wrong.add(
    "sum_of_norms",
    joined(lambda grads: torch.stack([g.norm() for g in grads]).sum()),
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
    "largest_norm",
    joined(lambda grads: torch.stack([g.norm() for g in grads]).max()),
    "the largest norm among the tensors is returned. Think of all tensors as pieces of one long vector.",
)
wrong.add(
    "largest_entry",
    joined(lambda grads: flat(grads).abs().max()),
    "the largest entry is returned. Compare the norm that you compute with the one in the formula.",
)
wrong.add(
    "mean_of_norms",
    joined(lambda grads: torch.stack([g.norm() for g in grads]).mean()),
    "the mean of the tensors' norms is returned. Think of all tensors as pieces of one long vector.",
)
wrong.add(
    "root_of_the_mean",
    joined(lambda grads: flat(grads).pow(2).mean().sqrt()),
    "the squares are averaged instead of added. Does your result grow when the same gradient comes a second time? It should.",
)
wrong.add(
    "sum_of_means",
    joined(lambda grads: sum((g**2).mean() for g in grads).sqrt()),
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
        Case(
            name="some gradients None",
            inputs=some_none,
            value=False,
            why="None stands for no gradient: pass over it and go on with the next.",
        ),
        Case(
            name="a generator",
            inputs=ordinary,
            value=False,
            scenario=from_a_generator,
            why="A generator has no length, no index, and can be gone through once only.",
        ),
        Case(
            name="no tensor at all",
            inputs=nothing,
            value=False,
            scenario=without_tensors,
            why="An empty iterable, or one with nothing but None, has the norm 0, as a tensor.",
        ),
        Case(
            name="a gradient that is one number",
            inputs=a_scalar,
            value=False,
            why="A parameter may have no axis at all: its gradient is a 0-d tensor.",
        ),
        Case(
            name="tiny gradients",
            inputs=tiny,
            value=False,
            why="The formula has no small number added to anything.",
        ),
    ),
    mistakes=wrong,
    stand_in=_stand_ins.norm_of_all,
    also_right=(norm_of_norms, one_flat_vector, running_total, one_after_the_other),
    look="Try two gradients by hand, [3.] and [4.]: taken together they have length 5.",
)
