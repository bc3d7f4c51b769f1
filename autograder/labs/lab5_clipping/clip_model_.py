"""The gradients of a model clipped in place by their global norm."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.labs.lab5_clipping import _stand_ins
from autograder.labs.lab5_clipping._draws import length_of, merged, model_grads, scaled_
from autograder.labs.lab5_clipping._scenarios import clipped
from autograder.spec import Case, Close, Exercise, Mistake
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
    scale_of: Callable[[Tensor, float], Tensor], norm_of: Callable[[list[Tensor]], Tensor] = length_of
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


def one_norm_each(model: nn.Module, max_norm: float) -> Tensor:
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad *= smaller(grad.norm(), max_norm)
    return norm


def norm_again_and_again(model: nn.Module, max_norm: float) -> Tensor:
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad *= smaller(length_of(model_grads(model)), max_norm)
    return norm


def by_value(model: nn.Module, max_norm: float) -> Tensor:
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad.clamp_(-max_norm, max_norm)
    return norm


def norm_afterwards(model: nn.Module, max_norm: float) -> Tensor:
    scaled_(model, max_norm)
    return length_of(model_grads(model))


def nothing_returned(model: nn.Module, max_norm: float) -> None:
    scaled_(model, max_norm)


def returns_the_factor(model: nn.Module, max_norm: float) -> Tensor:
    return smaller(scaled_(model, max_norm), max_norm)


def clips_the_weights(model: nn.Module, max_norm: float) -> Tensor:
    with torch.no_grad():
        norm = length_of(model_grads(model))
        for parameter in model.parameters():
            parameter.mul_(smaller(norm, max_norm))
    return norm


def norm_of_the_weights(model: nn.Module, max_norm: float) -> Tensor:
    with torch.no_grad():
        norm = length_of(model.parameters())
        for grad in model_grads(model):
            grad *= smaller(norm, max_norm)
    return norm


def parts_only(model: nn.Module, max_norm: float) -> Tensor:
    grads = [p.grad for part in model.children() for p in part.parameters() if p.grad is not None]
    norm = length_of(grads)
    for grad in grads:
        grad *= smaller(norm, max_norm)
    return norm


def own_parameters_of_parts_only(model: nn.Module, max_norm: float) -> Tensor:
    parameters = [p for part in model.children() for p in part.parameters(recurse=False)]
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = length_of(grads)
    for grad in grads:
        grad *= smaller(norm, max_norm)
    return norm


def matrices_only(model: nn.Module, max_norm: float) -> Tensor:
    grads = [grad for grad in model_grads(model) if grad.dim() > 1]
    norm = length_of(grads)
    for grad in grads:
        grad *= smaller(norm, max_norm)
    return norm


def shared_twice(model: nn.Module, max_norm: float) -> Tensor:
    parameters = [p for one in model.modules() for p in one.parameters(recurse=False)]
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = length_of(grads)
    for grad in grads:
        grad *= smaller(norm, max_norm)
    return norm


def gives_up_early(model: nn.Module, max_norm: float) -> Tensor:
    grads = model_grads(model)
    return length_of(grads) if len(grads) < 2 else scaled_(model, max_norm)


def stumbles_over_none(model: nn.Module, max_norm: float) -> Any:
    norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()  # type: ignore[union-attr]
    for grad in model_grads(model):
        grad *= smaller(norm, max_norm)
    return norm


def zeros_for_none(model: nn.Module, max_norm: float) -> Tensor:
    norm = scaled_(model, max_norm)
    for parameter in model.parameters():
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    return norm


def fails_on_nothing(model: nn.Module, max_norm: float) -> Any:
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
            name="parameters without gradient", inputs=unused, value=False,
            why="Parameters that took no part in the loss have grad None: pass over them.",
        ),
        Case(
            name="no gradient at all", inputs=no_gradients, value=False,
            why="Before the first backward pass every grad is None: the norm is 0 then.",
        ),
        Case(
            name="tiny gradients", inputs=tiny, value=False, close=Close(rtol=1e-6, atol=1e-14),
            why="Everything is tiny here: the norm is far below 1, max_norm smaller still, and the 1e-6 of the "
            "formula can be seen.",
        ),
        Case(
            name="a model of one parameter", inputs=one_parameter, value=False,
            why="A model of one parameter is a model like any other.",
        ),
        Case(
            name="two layers that share a weight", inputs=tied, value=False,
            why="A weight that two layers share is one parameter: it counts once and is scaled once.",
        ),
        Case(
            name="placement", inputs=ordinary, value=False, like="values", device="meta",
            why="Make every new tensor with the device and dtype of the gradients.",
        ),
    ),
    mistakes=(
        Mistake(
            "grads_left_alone", copies_only,
            when="p.grad stays as it was",
            look="Do you change p.grad, or a copy of it? And does your second loop still find "
            "parameters? A generator can be gone through once.",
        ),
        Mistake(
            "one_norm_each", one_norm_each,
            when="each parameter is clipped by its own norm",
            look="How many norms do you compute? All gradients share one factor.",
        ),
        Mistake(
            "norm_again_and_again", norm_again_and_again,
            when="the norm is computed again after each parameter was clipped",
            look="Compute the norm once, before any gradient changes.",
        ),
        Mistake(
            "by_value", by_value,
            when="the entries are cut off at ±max_norm",
            look="Clipping by norm multiplies every entry by the same number.",
        ),
        Mistake(
            "always_scaled", with_scale(lambda norm, most: most / (norm + 1e-6)),
            when="short gradients are made longer",
            look="What is the factor for gradients whose norm is below max_norm?",
        ),
        Mistake(
            "no_epsilon", with_scale(lambda norm, most: (most / norm).clamp(max=1.0)),
            when="1e-6 is not added to the norm",
            look="Compare your factor with the formula of clip_by_norm, symbol by symbol.",
        ),
        Mistake(
            "sum_of_norms", with_scale(
                smaller, lambda grads: sum((g.norm() for g in grads), torch.zeros(()))
            ),
            when="the norms of the parameters' gradients are added up",
            look="Think of all gradients as pieces of one long vector.",
        ),
        Mistake(
            "no_root", with_scale(smaller, lambda grads: length_of(grads) ** 2),
            when="the sum of squares is used as the norm",
            look="Compare your norm with that of global_norm.",
        ),
        Mistake(
            "largest_norm", with_scale(
                smaller, lambda grads: max((g.norm() for g in grads), default=torch.zeros(()))
            ),
            when="the largest norm among the parameters is used",
            look="Think of all gradients as pieces of one long vector.",
        ),
        Mistake(
            "norm_afterwards", norm_afterwards,
            when="the norm after clipping is returned",
            look="Which of the two norms is due: before or after?",
        ),
        Mistake(
            "nothing_returned", nothing_returned,
            when="nothing is returned",
            look="The norm before clipping is due as the result.",
        ),
        Mistake(
            "returns_the_factor", returns_the_factor,
            when="the factor is returned in place of the norm",
            look="Look at what you return.",
        ),
        Mistake(
            "clips_the_weights", clips_the_weights,
            when="the weights are scaled in place of their gradients",
            look="A parameter p has its numbers in p and its gradient in p.grad.",
        ),
        Mistake(
            "norm_of_the_weights", norm_of_the_weights,
            when="the norm is that of the weights",
            look="A parameter p has its numbers in p and its gradient in p.grad.",
        ),
        Mistake(
            "parts_only", parts_only,
            when="parameters that belong to the model itself are left out",
            look="model.parameters() gives them all. Where do yours come from?",
        ),
        Mistake(
            "own_parameters_of_parts_only", own_parameters_of_parts_only,
            when="parameters deep inside the model are left out",
            look="model.parameters() gives them all. Where do yours come from?",
        ),
        Mistake(
            "matrices_only", matrices_only,
            when="biases are left out",
            look="Biases have gradients too.",
        ),
        Mistake(
            "shared_twice", shared_twice,
            when="a weight that two layers share is taken twice",
            look="model.parameters() gives each parameter once. Where do yours come from?",
        ),
        Mistake(
            "gives_up_early", gives_up_early,
            when="a single gradient is never clipped",
            look="How many parameters must a model have for your function to clip them?",
        ),
        Mistake(
            "stumbles_over_none", stumbles_over_none,
            when="a grad that is None is used like a tensor",
            look="What is the gradient of a parameter that took no part in the loss?",
        ),
        Mistake(
            "zeros_for_none", zeros_for_none,
            when="a grad that was None is replaced by zeros",
            look="Leave parameters without gradient alone.",
        ),
        Mistake(
            "fails_on_nothing", fails_on_nothing,
            when="a model without any gradient is not thought of",
            look="What do you return where every grad is None?",
        ),
    ),
    stand_in=_stand_ins.with_torch,
    also_right=(fresh_tensors, a_float, module_by_module, earlier_clip),
    look="Look at p.grad of each parameter before and after the call.",
)  # fmt: skip
