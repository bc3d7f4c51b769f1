"""The gradients of a model clipped in place by their global norm."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.spec import Case, Close, Exercise, Mistakes
from exercises.lab5_clipping import _stand_ins
from exercises.lab5_clipping._draws import length_of, merged, model_grads, scaled_
from exercises.lab5_clipping._scenarios import clipped
from solutions.lab5_clipping import clip_model_

SHAPES = {
    "rnn.weight_hh": ("H", "H"),
    "rnn.bias": ("H",),
    "head.weight": ("O", "H"),
    "head.norm.weight": ("O",),
    "start": ("H",),
}
"""Parameters at three depths, `start` among them on the model itself."""


def inputs(rng: np.random.Generator, H: int, O: int) -> Mapping[str, Any]:
    sizes = {"H": H, "O": O}
    shapes = {name: [sizes[axis] for axis in axes] for name, axes in SHAPES.items()}
    return {
        "weights": {name: rng.standard_normal(shape) for name, shape in shapes.items()},
        "grads": {
            name: rng.uniform(0.3, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
            for name, shape in shapes.items()
        },
        "max_norm": float(rng.uniform(0.6, 1.1)),
    }


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, 4, 3)


def short(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(inputs(rng, 3, 2), max_norm=100.0)


def unused(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = ordinary(rng)
    grads = {**draw["grads"], "rnn.weight_hh": None, "head.weight": None}
    return merged(draw, grads=grads)


def no_gradients(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = ordinary(rng)
    return merged(draw, grads=dict.fromkeys(draw["grads"]))


def one_parameter(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = ordinary(rng)
    return merged(draw, **{part: {"start": draw[part]["start"]} for part in ("weights", "grads")})


def tied(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), shared={"tail.weight": "head.weight"})


def tiny(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = ordinary(rng)
    return merged(draw, grads={k: 1e-4 * v for k, v in draw["grads"].items()}, max_norm=2e-4)


def with_scale(
    scale_of: Callable[[Tensor, float], Tensor],
    norm_of: Callable[[list[Tensor]], Tensor] = length_of,
) -> Callable[[nn.Module, float], Tensor]:
    """Clipping in place with another factor or another norm."""

    def changed(model: nn.Module, max_norm: float) -> Tensor:
        norm = norm_of(model_grads(model))
        for grad in model_grads(model):
            grad *= scale_of(norm, max_norm)
        return norm

    return changed


def smaller(norm: Tensor, max_norm: float) -> Tensor:
    return (max_norm / (norm + 1e-6)).clamp(max=1.0)


def copies_only(model: nn.Module, max_norm: float) -> Tensor:
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad = grad * smaller(norm, max_norm)
    return norm


wrong = Mistakes()


@wrong
def one_norm_each(model: nn.Module, max_norm: float) -> Tensor:
    """each parameter is clipped by its own norm.
    How many norms do you compute? All gradients share one factor."""
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad *= smaller(grad.norm(), max_norm)
    return norm


@wrong
def norm_again_and_again(model: nn.Module, max_norm: float) -> Tensor:
    """the norm is computed again after each parameter was clipped.
    Compute the norm once, before any gradient changes."""
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad *= smaller(length_of(model_grads(model)), max_norm)
    return norm


@wrong
def by_value(model: nn.Module, max_norm: float) -> Tensor:
    """the entries are cut off at ±max_norm.
    Clipping by norm multiplies every entry by the same number."""
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad.clamp_(-max_norm, max_norm)
    return norm


@wrong
def norm_afterwards(model: nn.Module, max_norm: float) -> Tensor:
    """the norm after clipping is returned.
    Which of the two norms is due: before or after?"""
    scaled_(model, max_norm)
    return length_of(model_grads(model))


@wrong
def nothing_returned(model: nn.Module, max_norm: float) -> None:
    """nothing is returned.
    The norm before clipping is due as the result."""
    scaled_(model, max_norm)


@wrong
def returns_the_factor(model: nn.Module, max_norm: float) -> Tensor:
    """the factor is returned in place of the norm.
    Look at what you return."""
    return smaller(scaled_(model, max_norm), max_norm)


@wrong
def clips_the_weights(model: nn.Module, max_norm: float) -> Tensor:
    """the weights are scaled in place of their gradients.
    A parameter p has its numbers in p and its gradient in p.grad."""
    with torch.no_grad():
        norm = length_of(model_grads(model))
        for parameter in model.parameters():
            parameter.mul_(smaller(norm, max_norm))
    return norm


@wrong
def norm_of_the_weights(model: nn.Module, max_norm: float) -> Tensor:
    """the norm is that of the weights.
    A parameter p has its numbers in p and its gradient in p.grad."""
    with torch.no_grad():
        norm = length_of(model.parameters())
        for grad in model_grads(model):
            grad *= smaller(norm, max_norm)
    return norm


@wrong
def parts_only(model: nn.Module, max_norm: float) -> Tensor:
    """parameters that belong to the model itself are left out.
    model.parameters() gives them all. Where do yours come from?"""
    grads = [p.grad for part in model.children() for p in part.parameters() if p.grad is not None]
    norm = length_of(grads)
    for grad in grads:
        grad *= smaller(norm, max_norm)
    return norm


@wrong
def own_parameters_of_parts_only(model: nn.Module, max_norm: float) -> Tensor:
    """parameters deep inside the model are left out.
    model.parameters() gives them all. Where do yours come from?"""
    parameters = [p for part in model.children() for p in part.parameters(recurse=False)]
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = length_of(grads)
    for grad in grads:
        grad *= smaller(norm, max_norm)
    return norm


@wrong
def matrices_only(model: nn.Module, max_norm: float) -> Tensor:
    """biases are left out.
    Biases have gradients too."""
    grads = [grad for grad in model_grads(model) if grad.dim() > 1]
    norm = length_of(grads)
    for grad in grads:
        grad *= smaller(norm, max_norm)
    return norm


@wrong
def shared_twice(model: nn.Module, max_norm: float) -> Tensor:
    """a weight that two layers share is taken twice.
    model.parameters() gives each parameter once. Where do yours come from?"""
    parameters = [p for one in model.modules() for p in one.parameters(recurse=False)]
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = length_of(grads)
    for grad in grads:
        grad *= smaller(norm, max_norm)
    return norm


@wrong
def gives_up_early(model: nn.Module, max_norm: float) -> Tensor:
    """a single gradient is never clipped.
    How many parameters must a model have for your function to clip them?"""
    grads = model_grads(model)
    return length_of(grads) if len(grads) < 2 else scaled_(model, max_norm)


@wrong
def stumbles_over_none(model: nn.Module, max_norm: float) -> Any:
    """a grad that is None is used like a tensor.
    What is the gradient of a parameter that took no part in the loss?"""
    norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()  # type: ignore[union-attr]
    for grad in model_grads(model):
        grad *= smaller(norm, max_norm)
    return norm


@wrong
def zeros_for_none(model: nn.Module, max_norm: float) -> Tensor:
    """a grad that was None is replaced by zeros.
    Leave parameters without gradient alone."""
    norm = scaled_(model, max_norm)
    for parameter in model.parameters():
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    return norm


@wrong
def fails_on_nothing(model: nn.Module, max_norm: float) -> Any:
    """a model without any gradient is not thought of.
    What do you return where every grad is None?"""
    norm = torch.stack([grad.norm() for grad in model_grads(model)]).norm()
    scaled_(model, max_norm)
    return norm


def fresh_tensors(model: nn.Module, max_norm: float) -> Tensor:
    parameters = [p for p in model.parameters() if p.grad is not None]
    total: Any = sum((p.grad.detach() ** 2).sum() for p in parameters if p.grad is not None)
    norm = torch.as_tensor(total).sqrt()
    for p in parameters:
        if p.grad is not None:
            p.grad = p.grad * min(1.0, max_norm / (float(norm) + 1e-6))
    return norm


def a_float(model: nn.Module, max_norm: float) -> Any:
    grads = [p.grad.data for _, p in model.named_parameters() if p.grad is not None]
    total = sum(float((g**2).sum()) for g in grads) ** 0.5
    if total > max_norm:
        for g in grads:
            g.mul_(max_norm / (total + 1e-6))
    return total


@torch.no_grad()
def module_by_module(model: nn.Module, max_norm: float) -> Tensor:
    owned = dict.fromkeys(p for m in model.modules() for p in m.parameters(recurse=False))
    grads = [p.grad for p in owned if p.grad is not None]
    norms = [torch.linalg.vector_norm(g) for g in grads]
    norm = torch.linalg.vector_norm(torch.stack(norms)) if norms else torch.tensor(0.0)
    for g in grads:
        g.copy_(g * torch.clamp(max_norm / (norm + 1e-6), max=1.0))
    return norm


def earlier_clip(model: nn.Module, max_norm: float) -> Tensor:
    from solutions.lab5_clipping import clip_by_norm

    parameters = list(model.parameters())
    clipped_grads, norm = clip_by_norm((p.grad for p in parameters), max_norm)
    for p, g in zip(parameters, clipped_grads, strict=True):
        p.grad = g
    return norm


wrong.add(
    "grads_left_alone",
    copies_only,
    "p.grad stays as it was. "
    + "Do you change p.grad, or a copy of it? And does your second loop still find "
    "parameters? A generator can be gone through once.",
)
wrong.add(
    "always_scaled",
    with_scale(lambda norm, most: most / (norm + 1e-6)),
    "short gradients are made longer. What is the factor for gradients whose norm is below max_norm?",
)
wrong.add(
    "no_epsilon",
    with_scale(lambda norm, most: (most / norm).clamp(max=1.0)),
    "1e-6 is not added to the norm. Compare your factor with the formula of clip_by_norm, symbol by symbol.",
)
wrong.add(
    "sum_of_norms",
    with_scale(smaller, lambda grads: sum((g.norm() for g in grads), torch.zeros(()))),
    "the norms of the parameters' gradients are added up. Think of all gradients as pieces of one long vector.",
)
wrong.add(
    "no_root",
    with_scale(smaller, lambda grads: length_of(grads) ** 2),
    "the sum of squares is used as the norm. Compare your norm with that of global_norm.",
)
wrong.add(
    "largest_norm",
    with_scale(smaller, lambda grads: max((g.norm() for g in grads), default=torch.zeros(()))),
    "the largest norm among the parameters is used. Think of all gradients as pieces of one long vector.",
)


EXERCISE = Exercise(
    reference=clip_model_,
    inputs=inputs,
    points=10,
    axes={"H": 4, "O": 3},
    scenario=clipped,
    forbidden=(
        "torch.nn.utils.clip_grad_norm_",
        "torch.nn.utils.clip_grad_norm",
        "torch.nn.utils.clip_grads_with_norm_",
        "torch.nn.utils.get_total_norm",
        "torch.nn.utils.clip_grad_value_",
        "torch.nn.utils.clip_grad",
    ),
    cases=(
        Case(name="gradients shorter than max_norm", inputs=short),
        Case(
            name="parameters without gradient",
            inputs=unused,
            value=False,
            why="Parameters that took no part in the loss have grad None: pass over them.",
        ),
        Case(
            name="no gradient at all",
            inputs=no_gradients,
            value=False,
            why="Before the first backward pass every grad is None: the norm is 0 then.",
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
            name="a model of one parameter",
            inputs=one_parameter,
            value=False,
            why="A model of one parameter is a model like any other.",
        ),
        Case(
            name="two layers that share a weight",
            inputs=tied,
            value=False,
            why="A weight that two layers share is one parameter: it counts once and is scaled once.",
        ),
        Case(
            name="placement",
            inputs=ordinary,
            value=False,
            like="values",
            device="meta",
            why="Make every new tensor with the device and dtype of the gradients.",
        ),
    ),
    mistakes=wrong,
    stand_in=_stand_ins.with_torch,
    also_right=(fresh_tensors, a_float, module_by_module, earlier_clip),
    look="Look at p.grad of each parameter before and after the call.",
)
