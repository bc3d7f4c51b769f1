"""The gradients of a model clipped in place by their global norm."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Close, Exercise, Mistakes, edited
from exercises.lab5_clipping import _programs
from exercises.lab5_clipping._draws import also, drawn
from exercises.lab5_clipping._programs import in_model, model_grads, present
from exercises.lab5_clipping._scenarios import clipped
from solutions.lab5_clipping import clip_model_, global_norm

SHAPES = {
    "rnn.weight_hh": ("H", "H"),
    "rnn.bias": ("H",),
    "head.weight": ("O", "H"),
    "head.norm.weight": ("O",),
    "start": ("H",),
}
"""Parameters at three depths, `start` among them on the model itself."""

OF_TORCH = "clip_grad_norm_ clip_grad_norm clip_grads_with_norm_ get_total_norm clip_grad_value_ clip_grad"
FORBIDDEN = tuple(f"torch.nn.utils.{name}" for name in OF_TORCH.split())


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


ordinary = drawn(inputs, 4, 3)


def unused(rng):
    draw = ordinary(rng)
    return {**draw, "grads": {**draw["grads"], "rnn.weight_hh": None, "head.weight": None}}


def one_parameter(rng):
    draw = ordinary(rng)
    return {**draw, **{part: {"start": draw[part]["start"]} for part in ("weights", "grads")}}


def tiny(rng):
    draw = ordinary(rng)
    return {**draw, "grads": {k: 1e-4 * v for k, v in draw["grads"].items()}, "max_norm": 2e-4}


def over(parameters_of: Callable[..., Any]) -> Callable[..., Any]:
    """Clips the gradients of other parameters than model.parameters()."""

    def changed(model, max_norm):
        grads = present(p.grad for p in parameters_of(model))
        norm = global_norm(grads)
        for grad in grads:
            grad *= factor(norm, max_norm)
        return norm

    return changed


def factor(norm, max_norm):
    return (max_norm / (norm + 1e-6)).clamp(max=1.0)


diff = partial(edited, clip_model_)
wrong = Mistakes()


@wrong
def clips_the_weights(model, max_norm):
    """the weights are scaled in place of their gradients.
    A parameter p has its numbers in p and its gradient in p.grad."""
    norm = global_norm(model_grads(model))
    for p in model.parameters():
        p.data *= factor(norm, max_norm)
    return norm


@wrong
def norm_of_the_weights(model, max_norm):
    """the norm is that of the weights.
    A parameter p has its numbers in p and its gradient in p.grad."""
    norm = global_norm(p.data for p in model.parameters())
    for grad in model_grads(model):
        grad *= factor(norm, max_norm)
    return norm


@wrong
def gives_up_early(model, max_norm):
    """a single gradient is never clipped.
    How many parameters must a model have for your function to clip them?"""
    grads = model_grads(model)
    return global_norm(grads) if len(grads) < 2 else clip_model_(model, max_norm)


wrong.add(
    "grads_left_alone",
    diff({"p.grad.copy_(new)": "grad = new"}),
    "p.grad stays as it was. Do you change p.grad, or a copy of it? And does your second loop still find parameters? A generator can be gone through once.",
)
wrong.add(
    "new_gradients",
    diff({"p.grad.copy_(new)": "p.grad = new"}),
    "p.grad is another tensor than before. What does somebody see who kept p.grad from before the call?",
)
wrong.add(
    "always_scaled",
    in_model(_programs.always_scaled),
    "short gradients are made longer. What is the factor for gradients whose norm is below max_norm?",
)
wrong.add(
    "no_epsilon",
    in_model(_programs.no_epsilon),
    "1e-6 is not added to the norm. Compare your factor with the formula of clip_by_norm, symbol by symbol.",
)
wrong.family(
    "Think of all gradients as pieces of one long vector.",
    (
        "sum_of_norms",
        in_model(_programs.sum_of_norms),
        "the norms of the parameters' gradients are added up",
    ),
    (
        "largest_norm",
        in_model(_programs.largest_norm),
        "the largest norm among the parameters is used",
    ),
)
wrong.add(
    "no_root",
    in_model(_programs.no_root),
    "the sum of squares is used as the norm. Compare your norm with that of global_norm.",
)
wrong.add(
    "one_norm_each",
    in_model(_programs.one_norm_each),
    "each parameter is clipped by its own norm. How many norms do you compute? All gradients share one factor.",
)
wrong.add(
    "norm_again_and_again",
    in_model(_programs.norm_again_and_again),
    "the norm is computed again after each parameter was clipped. Compute the norm once, before any gradient changes.",
)
wrong.add(
    "by_value",
    in_model(_programs.by_value),
    "the entries are cut off at ±max_norm. Clipping by norm multiplies every entry by the same number.",
)
wrong.add(
    "norm_afterwards",
    in_model(_programs.norm_afterwards),
    "the norm after clipping is returned. Which of the two norms is due: before or after?",
)
wrong.add(
    "nothing_returned",
    diff({"return norm": "return None"}),
    "nothing is returned. The norm before clipping is due as the result.",
)
wrong.add(
    "returns_the_factor",
    edited(clip_model_, {"return norm": "return factor(norm, max_norm)"}, factor=factor),
    "the factor is returned in place of the norm. Look at what you return.",
)
wrong.family(
    "model.parameters() gives them all. Where do yours come from?",
    (
        "parts_only",
        over(lambda model: [p for part in model.children() for p in part.parameters()]),
        "parameters that belong to the model itself are left out",
    ),
    (
        "own_parameters_of_parts_only",
        over(lambda model: [p for part in model.children() for p in part.parameters(False)]),
        "parameters deep inside the model are left out",
    ),
)
wrong.add(
    "shared_twice",
    over(lambda model: [p for part in model.modules() for p in part.parameters(False)]),
    "a weight that two layers share is taken twice. model.parameters() gives each parameter once. Where do yours come from?",
)
wrong.add(
    "matrices_only",
    over(lambda model: [p for p in model.parameters() if p.dim() > 1]),
    "biases are left out. Biases have gradients too.",
)
wrong.add(
    "stumbles_over_none",
    diff({"with torch": "[p.grad.norm() for p in model.parameters()]\n    with torch"}),
    "a grad that is None is used like a tensor. What is the gradient of a parameter that took no part in the loss?",
)
wrong.add(
    "zeros_for_none",
    diff(
        {
            "if p.grad is not None and new is not None:": "if new is None:\n"
            "                p.grad = torch.zeros_like(p)\n"
            "            else:"
        }
    ),
    "a grad that was None is replaced by zeros. Leave parameters without gradient alone.",
)
wrong.add(
    "fails_on_nothing",
    in_model(_programs.fails_on_nothing),
    "a model without any gradient is not thought of. What do you return where every grad is None?",
)


EXERCISE = Exercise(
    reference=clip_model_,
    inputs=inputs,
    points=10,
    axes={"H": 4, "O": 3},
    scenario=clipped,
    forbidden=FORBIDDEN,
    cases=(
        Case(name="gradients shorter than max_norm", inputs=drawn(inputs, 3, 2, max_norm=100.0)),
        also(
            "parameters without gradient",
            unused,
            "Parameters that took no part in the loss have grad None: pass over them.",
        ),
        also(
            "no gradient at all",
            drawn(ordinary, grads=dict.fromkeys(SHAPES)),
            "Before the first backward pass every grad is None: the norm is 0 then.",
        ),
        also(
            "tiny gradients",
            tiny,
            "Everything is tiny here: the norm is far below 1, max_norm smaller still, and the 1e-6 of the formula can be seen.",
            close=Close(rtol=1e-6, atol=1e-14),
        ),
        also(
            "a model of one parameter",
            one_parameter,
            "A model of one parameter is a model like any other.",
        ),
        also(
            "two layers that share a weight",
            drawn(ordinary, shared={"tail.weight": "head.weight"}),
            "A weight that two layers share is one parameter: it counts once and is scaled once.",
        ),
        also(
            "the tensors in p.grad afterwards",
            drawn(ordinary, observed="tensors"),
            "In place means that the tensors stay and their numbers change.",
        ),
    ),
    mistakes=wrong,
    look="Look at p.grad of each parameter before and after the call.",
    when_right=(
        "You may go through the gradients themselves and multiply each one in place by the common "
        "factor: no copies are needed then. What fails quietly is a new tensor that nobody "
        "stores, or a second loop over a generator that the first loop has used up: the optimizer "
        "goes on reading the old numbers in p.grad. Next question: with plain SGD, how far can "
        "one update move the weights at most, if their gradients were clipped to max_norm?"
    ),
)
