"""The length of all gradients taken together as one vector."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.labs.lab5_clipping import _stand_ins
from autograder.labs.lab5_clipping._draws import Grads, gradients_of, merged, with_gaps
from autograder.labs.lab5_clipping._scenarios import from_a_generator, without_tensors
from autograder.spec import Case, Exercise, Mistake, but
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


def stumbles_over_none(grads: Grads) -> Tensor:
    return global_norm([g * 1.0 for g in grads])  # type: ignore[operator, misc]


def stops_at_none(grads: Grads) -> Tensor:
    present: list[Tensor | None] = []
    for g in grads:
        if g is None:
            break
        present.append(g)
    return global_norm(present)


def looks_twice(grads: Grads) -> Tensor:
    if all(g is None for g in grads):
        return torch.zeros(())
    return global_norm(grads)


def wants_a_list(grads: Any) -> Tensor:
    return global_norm([grads[i] for i in range(len(grads))])


def wants_a_tensor(grads: Grads) -> Any:
    return flat([g for g in grads if g is not None]).norm()


def stacks_nothing(grads: Grads) -> Any:
    return torch.stack([g.norm() for g in grads if g is not None]).norm()


def none_for_nothing(grads: Grads) -> Any:
    present = [g for g in grads if g is not None]
    return global_norm(present) if present else None


def in_float32(grads: Grads) -> Tensor:
    return global_norm(None if g is None else g.float() for g in grads)


def in_place(grads: Grads) -> Tensor:
    total = joined(lambda present: sum((g.pow_(2).sum() for g in present), torch.zeros(())))
    return total(grads).sqrt()


def with_epsilon(grads: Grads) -> Tensor:
    return global_norm(grads) + 1e-6


def epsilon_in_the_root(grads: Grads) -> Tensor:
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


EXERCISE = Exercise(
    reference=global_norm,
    inputs=inputs,
    points=8,
    axes={"I": 3, "H": 5, "O": 2},
    cases=(
        Case(
            name="some gradients None", inputs=some_none, value=False,
            why="None stands for no gradient: pass over it and go on with the next.",
        ),
        Case(
            name="a generator", inputs=ordinary, value=False, scenario=from_a_generator,
            why="A generator has no length, no index, and can be gone through once only.",
        ),
        Case(
            name="no tensor at all", inputs=nothing, value=False, scenario=without_tensors,
            why="An empty iterable, or one with nothing but None, has the norm 0, as a tensor.",
        ),
        Case(
            name="a gradient that is one number", inputs=a_scalar, value=False,
            why="A parameter may have no axis at all: its gradient is a 0-d tensor.",
        ),
        Case(
            name="tiny gradients", inputs=tiny, value=False,
            why="The formula has no small number added to anything.",
        ),
    ),
    mistakes=(
        Mistake(
            "sum_of_norms", joined(lambda grads: torch.stack([g.norm() for g in grads]).sum()),
            when="the norms of the tensors are added up",
            look="Try two gradients, [3.] and [4.]: as one vector they have length 5.",
        ),
        Mistake(
            "no_root", but(global_norm, returns=lambda norm: norm**2),
            when="the sum of squares is returned",
            look="Try the single gradient [3., 4.]: its length is 5.",
        ),
        Mistake(
            "sum_of_sizes", joined(lambda grads: flat(grads).abs().sum()),
            when="the absolute values are added up",
            look="Try the single gradient [3., 4.]: its length is 5, not 7.",
        ),
        Mistake(
            "largest_norm", joined(lambda grads: torch.stack([g.norm() for g in grads]).max()),
            when="the largest norm among the tensors is returned",
            look="Think of all tensors as pieces of one long vector.",
        ),
        Mistake(
            "largest_entry", joined(lambda grads: flat(grads).abs().max()),
            when="the largest entry is returned",
            look="Compare the norm that you compute with the one in the formula.",
        ),
        Mistake(
            "mean_of_norms", joined(lambda grads: torch.stack([g.norm() for g in grads]).mean()),
            when="the mean of the tensors' norms is returned",
            look="Think of all tensors as pieces of one long vector.",
        ),
        Mistake(
            "root_of_the_mean", joined(lambda grads: flat(grads).pow(2).mean().sqrt()),
            when="the squares are averaged instead of added",
            look="Does your result grow when the same gradient comes a second time? It should.",
        ),
        Mistake(
            "sum_of_means", joined(lambda grads: sum((g**2).mean() for g in grads).sqrt()),  # type: ignore[union-attr]
            when="each tensor contributes the mean of its squares",
            look="Look at what a tensor with many entries contributes.",
        ),
        Mistake(
            "root_of_the_sum", joined(lambda grads: flat(grads).sum().abs().sqrt()),
            when="the entries are added up without being squared",
            look="Look at what happens to each entry before the sum.",
        ),
        Mistake(
            "last_only", joined(lambda grads: grads[-1].norm()),
            when="only the last tensor is looked at",
            look="Look at what your loop keeps from one turn to the next.",
        ),
        Mistake(
            "first_only", joined(lambda grads: grads[0].norm()),
            when="only the first tensor is looked at",
            look="Look at how often your loop turns before it returns.",
        ),
        Mistake(
            "returns_a_float", but(global_norm, returns=float),
            when="the norm is turned into a Python number",
            look="Look at the type of what you return: a 0-d tensor is due.",
        ),
        Mistake(
            "one_axis", but(global_norm, returns=lambda norm: norm.reshape(1)),
            when="the norm has an axis of length 1",
            look="Print the shape of what you return: it should be ().",
        ),
        Mistake(
            "detached", but(global_norm, returns=lambda norm: norm.detach()),
            when="the norm is cut off from the gradients that it was made from",
            look="Look for .detach(), .data, .item() or no_grad.",
        ),
        Mistake(
            "in_float32", in_float32,
            when="the gradients are turned into float32 first",
            look="Look for float(), torch.float32 or a tensor made without a dtype.",
        ),
        Mistake(
            "in_place", in_place,
            when="the caller's gradients are squared in place",
            look="Look for an operation with an underscore, or one with an equals sign.",
        ),
        Mistake(
            "stumbles_over_none", stumbles_over_none,
            when="None is used like a tensor",
            look="What is the gradient of a parameter that took no part in the loss?",
        ),
        Mistake(
            "stops_at_none", stops_at_none,
            when="everything behind the first None is left out",
            look="There may be gradients behind a None.",
        ),
        Mistake(
            "looks_twice", looks_twice,
            when="the gradients are gone through twice",
            look="What is left of a generator after it was gone through?",
        ),
        Mistake(
            "wants_a_list", wants_a_list,
            when="the gradients are asked for their length or for an item",
            look="A generator can only be gone through.",
        ),
        Mistake(
            "wants_a_tensor", wants_a_tensor,
            when="torch.cat is given an empty list",
            look="What do you return where there is no tensor?",
        ),
        Mistake(
            "stacks_nothing", stacks_nothing,
            when="torch.stack is given an empty list",
            look="What do you return where there is no tensor?",
        ),
        Mistake(
            "none_for_nothing", none_for_nothing,
            when="None is returned where there is no tensor",
            look="The norm of nothing is 0, as a tensor.",
        ),
        Mistake(
            "with_epsilon", with_epsilon,
            when="1e-6 is added to the norm",
            look="The 1e-6 belongs to the clipping, not to the norm.",
        ),
        Mistake(
            "epsilon_in_the_root", epsilon_in_the_root,
            when="1e-6 is added below the root",
            look="The formula has no small number below the root.",
        ),
    ),
    stand_in=_stand_ins.norm_of_all,
    also_right=(norm_of_norms, one_flat_vector, running_total, one_after_the_other),
    look="Try two gradients by hand, [3.] and [4.]: taken together they have length 5.",
)  # fmt: skip
