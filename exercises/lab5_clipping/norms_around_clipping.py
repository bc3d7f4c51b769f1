"""The norm of a batch's gradient before and after clipping."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.spec import Case, Close, Exercise, Mistakes, but
from exercises.lab5_clipping._draws import (
    classifier,
    labelled,
    length_of,
    merged,
    model_grads,
    scaled_,
)
from exercises.lab5_clipping._scenarios import on_one_batch
from solutions.lab5_clipping import norms_around_clipping

Norms = tuple[float, float]


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int, C: int) -> Mapping[str, Any]:
    batch = labelled(rng, B, T, I, C)
    return {"weights": classifier(rng, I, H, C), **batch, "max_norm": 0.05}


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, 4, 3, 2, 5, 3)


def short(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), max_norm=50.0)


def old_gradients(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), old_gradients=0.3)


def unused(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = ordinary(rng)
    return merged(draw, weights={**draw["weights"], "spare.weight": rng.standard_normal((4, 2))})


def dropped(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(inputs(rng, 6, 3, 2, 16, 3), dropout=0.5, max_norm=50.0)


def tiny(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), loss_factor=1e-4, max_norm=1e-5)


def weights_after(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), observed="weights")


def measured(
    clip_: Callable[[nn.Module, float], object] = scaled_,
    clear: bool = True,
    backward: bool = True,
) -> Callable[..., Norms]:
    """The two norms with a part of the procedure replaced or left out."""

    def changed(model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float) -> Norms:
        if clear:
            model.zero_grad()
        loss = loss_fn(model(x), y)
        if backward:
            loss.backward()
        before = float(length_of(model_grads(model)))
        clip_(model, max_norm)
        return before, float(length_of(model_grads(model)))

    return changed


def one_norm_each(model: nn.Module, max_norm: float) -> None:
    for grad in model_grads(model):
        grad *= (max_norm / (grad.norm() + 1e-6)).clamp(max=1.0)


def always(model: nn.Module, max_norm: float) -> None:
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad *= max_norm / norm


def by_value(model: nn.Module, max_norm: float) -> None:
    for grad in model_grads(model):
        grad.clamp_(-max_norm, max_norm)


def guessed(model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float) -> Norms:
    before, _ = norms_around_clipping(model, x, y, loss_fn, max_norm)
    return before, min(before, max_norm)


wrong = Mistakes()


@wrong
def clipped_too_early(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float
) -> Norms:
    """the gradients are clipped before the backward pass.
    What stands in p.grad when you clip?"""
    model.zero_grad()
    loss = loss_fn(model(x), y)
    before = float(scaled_(model, max_norm))
    loss.backward()
    return before, float(length_of(model_grads(model)))


@wrong
def second_pass(model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float) -> Norms:
    """the norm afterwards comes from a second forward pass.
    How often do you call the model?"""
    before, _ = norms_around_clipping(model, x, y, loss_fn, max_norm)
    model.zero_grad()
    loss_fn(model(x), y).backward()
    scaled_(model, max_norm)
    return before, float(length_of(model_grads(model)))


@wrong
def second_pass_on_top(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float
) -> Norms:
    """a second backward pass adds to the clipped gradient.
    How often do you call backward?"""
    before, _ = norms_around_clipping(model, x, y, loss_fn, max_norm)
    loss_fn(model(x), y).backward()
    return before, float(length_of(model_grads(model)))


@wrong
def takes_a_step(model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float) -> Norms:
    """the weights are changed.
    Only the gradients are measured; nothing is learnt."""
    norms = norms_around_clipping(model, x, y, loss_fn, max_norm)
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    return norms


@wrong
def as_tensors(model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float) -> Any:
    """the norms are tensors.
    Look at the types of what you return: two Python floats are due."""
    return tuple(torch.tensor(n) for n in norms_around_clipping(model, x, y, loss_fn, max_norm))


@wrong
def of_the_weights(model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float) -> Norms:
    """the norm of the weights is measured.
    A parameter p has its numbers in p and its gradient in p.grad."""
    before = float(length_of(p.detach() for p in model.parameters()))
    return before, min(before, max_norm)


@wrong
def stumbles_over_none(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float
) -> Norms:
    """a grad that is None is used like a tensor.
    What is the gradient of a parameter that took no part in the loss?"""
    model.zero_grad()
    loss_fn(model(x), y).backward()
    before = float(length_of([p.grad * 1.0 for p in model.parameters()]))  # type: ignore[operator, misc]
    scaled_(model, max_norm)
    return before, float(length_of(model_grads(model)))


@wrong
def in_eval_mode(model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float) -> Norms:
    """the model is put into eval mode.
    Leave the mode of the model as it is."""
    return norms_around_clipping(model.eval(), x, y, loss_fn, max_norm)


def with_torch(model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float) -> Norms:
    for p in model.parameters():
        p.grad = None
    loss_fn(model(x), y).backward()
    before = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    after = nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])
    return before.item(), after.item()


def without_touching_grad(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float
) -> Norms:
    wanted = [p for p in model.parameters() if p.requires_grad]
    grads = torch.autograd.grad(loss_fn(model(x), y), wanted, allow_unused=True)
    before = float(length_of(grads))
    return before, before * min(1.0, max_norm / (before + 1e-6))


def on_a_copy(model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, max_norm: float) -> Norms:
    other = copy.deepcopy(model)
    torch.optim.SGD(other.parameters(), lr=0.1).zero_grad(set_to_none=False)
    loss_fn(other(x), y).backward()
    norm = float(scaled_(other, max_norm))
    return norm, float(np.sqrt(sum(float((g**2).sum()) for g in model_grads(other))))


wrong.add(
    "twice_the_norm_before",
    but(norms_around_clipping, returns=lambda two: (two[0], two[0])),
    "the norm that clipping returns is taken for the norm after. The norm that a clipping function returns is the one before. Measure again.",
)
wrong.add(
    "other_way_round",
    but(norms_around_clipping, returns=lambda two: (two[1], two[0])),
    "the norm after clipping stands first. Look at the order of what you return.",
)
wrong.add(
    "twice_the_norm_after",
    but(norms_around_clipping, returns=lambda two: (two[1], two[1])),
    "both norms are measured after clipping. When do you measure the first norm?",
)
wrong.add(
    "after_is_max_norm",
    measured(always),
    "the norm afterwards is max_norm, whatever it was before. What happens to a gradient that is shorter than max_norm?",
)
wrong.add(
    "after_is_guessed",
    guessed,
    "the norm afterwards is guessed and not measured. Measure it from the clipped gradients.",
)
wrong.add(
    "not_cleared",
    measured(clear=False),
    "the gradients that the model had before are counted in. What stands in p.grad before your backward pass?",
)
wrong.add(
    "no_backward",
    measured(backward=False),
    "there is no gradient to measure. Where do the gradients come from, and what clears them? Look at the order.",
)
wrong.add(
    "one_norm_each",
    measured(one_norm_each),
    "each parameter is clipped by its own norm. All gradients share one factor.",
)
wrong.add("by_value", measured(by_value), "the entries are cut off at ±max_norm. Clip by norm.")
wrong.add(
    "squared",
    but(norms_around_clipping, returns=lambda two: (two[0] ** 2, two[1] ** 2)),
    "the root is left out of both norms. Compare your norm with that of global_norm.",
)


EXERCISE = Exercise(
    reference=norms_around_clipping,
    inputs=inputs,
    points=8,
    axes={"B": 4, "T": 5, "I": 3, "H": 6, "C": 2},
    shapes={"x": "B T I", "y": "B"},
    parts=("before", "after"),
    scenario=on_one_batch,
    cases=(
        Case(name="a gradient shorter than max_norm", inputs=short),
        Case(
            name="gradients left from before",
            inputs=old_gradients,
            value=False,
            why="backward() adds to what stands in p.grad: clear it first.",
        ),
        Case(
            name="a layer that is not used",
            inputs=unused,
            value=False,
            why="The parameters of an unused layer have grad None.",
        ),
        Case(
            name="a model with dropout",
            inputs=dropped,
            value=False,
            why="One forward pass, in the mode in which the model is: a second one would draw "
            "another dropout.",
        ),
        Case(
            name="tiny gradients",
            inputs=tiny,
            value=False,
            close=Close(rtol=1e-6, atol=1e-14),
            why="The norm afterwards is measured. With the 1e-6 of the formula it is not quite max_norm.",
        ),
        Case(
            name="the weights afterwards",
            inputs=weights_after,
            value=False,
            why="Measuring changes no weights.",
        ),
    ),
    mistakes=wrong,
    also_right=(with_torch, without_touching_grad, on_a_copy),
    look="Print p.grad.norm() of one parameter after each of your lines.",
)
