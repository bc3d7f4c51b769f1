"""One training step: clear, forward, backward, clip, step."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab5_clipping import _stand_ins
from exercises.lab5_clipping._draws import (
    classifier,
    labelled,
    length_of,
    merged,
    model_grads,
    scaled_,
)
from exercises.lab5_clipping._scenarios import on_one_batch
from solutions.lab5_clipping import training_step

Result = dict[str, float]
RIGHT_ORDER = "clear forward backward clip step"


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int, C: int) -> Mapping[str, Any]:
    batch = labelled(rng, B, T, I, C)
    return {
        "weights": classifier(rng, I, H, C),
        **batch,
        "max_norm": 0.05,
        "lr": 2.0,
        "updates": 2,
    }


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, 4, 3, 2, 5, 3)


def short(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), max_norm=50.0, lr=0.5)


def with_state(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), returns="(logits, h)")


def with_pair(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = merged(ordinary(rng), returns="(logits, (h, c))")
    return merged(draw, weights=classifier(rng, 2, 5, 3, gates=4))


def two_samples(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(inputs(rng, 2, 3, 4, 5, 3), updates=1)


def old_gradients(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), old_gradients=0.3, updates=1)


def unused(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = ordinary(rng)
    return merged(draw, weights={**draw["weights"], "spare.weight": rng.standard_normal((4, 2))})


def two_groups(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), groups=2)


def dropped(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(inputs(rng, 6, 3, 2, 16, 3), dropout=0.5, updates=1)


def momentum(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), momentum=0.9)


def logits_of(output: Any) -> Any:
    return output[0] if isinstance(output, tuple) else output


def loop(
    order: str = RIGHT_ORDER,
    clip_: Callable[[nn.Module, float], Any] = scaled_,
    read: Callable[[Any], Any] = logits_of,
    driven: Callable[[Tensor, float], Tensor] = lambda loss, most: loss,
) -> Callable[..., Result]:
    """A training step with its parts in another order, or with one of them replaced.

    driven: what backward starts from, made of the loss and max_norm.
    """

    def changed(
        model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, optimizer: Any, max_norm: float
    ) -> Result:
        found: dict[str, Any] = {"norm": 0.0}
        parts: dict[str, Callable[[], object]] = {
            "clear": optimizer.zero_grad,
            "forward": lambda: found.update(loss=loss_fn(read(model(x)), y)),
            "backward": lambda: driven(found["loss"], max_norm).backward(),
            "measure": lambda: found.update(norm=length_of(model_grads(model))),
            "clip": lambda: found.update(norm=clip_(model, max_norm)),
            "step": optimizer.step,
        }
        for name in order.split():
            parts[name]()
        return {"loss": found["loss"].item(), "norm": float(found["norm"])}

    return changed


def one_norm_each(model: nn.Module, max_norm: float) -> Tensor:
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad *= (max_norm / (grad.norm() + 1e-6)).clamp(max=1.0)
    return norm


def by_value(model: nn.Module, max_norm: float) -> Tensor:
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad.clamp_(-max_norm, max_norm)
    return norm


def always(model: nn.Module, max_norm: float) -> Tensor:
    norm = length_of(model_grads(model))
    for grad in model_grads(model):
        grad *= max_norm / (norm + 1e-6)
    return norm


def norm_afterwards(model: nn.Module, max_norm: float) -> Tensor:
    scaled_(model, max_norm)
    return length_of(model_grads(model))


wrong = Mistakes()


@wrong
def loss_afterwards(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, optimizer: Any, max_norm: float
) -> Result:
    """the loss is measured after the update.
    Which loss is due: the one before or after the update?"""
    result = training_step(model, x, y, loss_fn, optimizer, max_norm)
    with torch.no_grad():
        result["loss"] = loss_fn(logits_of(model(x)), y).item()
    return result


@wrong
def first_group_clipped(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, optimizer: Any, max_norm: float
) -> Result:
    """only the optimizer's first group of parameters is clipped.
    model.parameters() gives all parameters. Where do yours come from?"""

    def clip_(model: nn.Module, max_norm: float) -> Tensor:
        parameters = optimizer.param_groups[0]["params"]
        return torch.nn.utils.clip_grad_norm_(parameters, max_norm)

    return loop(clip_=clip_)(model, x, y, loss_fn, optimizer, max_norm)


@wrong
def in_eval_mode(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, optimizer: Any, max_norm: float
) -> Result:
    """the model is put into eval mode.
    Leave the mode of the model as it is."""
    model.eval()
    return training_step(model, x, y, loss_fn, optimizer, max_norm)


@wrong
def as_tensors(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, optimizer: Any, max_norm: float
) -> Any:
    """loss and norm are tensors.
    Look at the types in your dict: Python floats are due."""
    result = training_step(model, x, y, loss_fn, optimizer, max_norm)
    return {name: torch.tensor(value) for name, value in result.items()}


@wrong
def norm_as_a_tensor(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, optimizer: Any, max_norm: float
) -> Any:
    """the norm is a tensor.
    Look at the types in your dict: Python floats are due."""
    result = training_step(model, x, y, loss_fn, optimizer, max_norm)
    return {**result, "norm": torch.tensor(result["norm"])}


def with_torch(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, optimizer: Any, max_norm: float
) -> Result:
    output = model(x)
    if isinstance(output, (tuple, list)):
        output = output[0]
    loss = loss_fn(output, y)
    model.zero_grad(set_to_none=False)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return {"norm": norm.item(), "loss": float(loss)}


def parameters_of_the_optimizer(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, optimizer: Any, max_norm: float
) -> Result:
    output = model(x)
    logits = output if torch.is_tensor(output) else output[0]
    loss = loss_fn(logits, y)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    grads = torch.autograd.grad(loss, parameters, allow_unused=True)
    norm = float(length_of(grads))
    factor = min(1.0, max_norm / (norm + 1e-6))
    for p, g in zip(parameters, grads, strict=True):
        p.grad = None if g is None else factor * g
    optimizer.step()
    return {"loss": loss.detach().item(), "norm": norm}


def cleared_at_the_end(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Any, optimizer: Any, max_norm: float
) -> Result:
    for p in model.parameters():
        p.grad = None
    first = model(x)
    loss = loss_fn(first[0] if type(first) is tuple else first, y)
    loss.backward()
    norm = scaled_(model, max_norm)
    optimizer.step()
    optimizer.zero_grad()
    return {"loss": loss.item(), "norm": norm.item()}


wrong.add(
    "clip_after_step",
    loop("clear forward backward step clip"),
    "the optimizer steps with the gradient as it was before clipping. Which gradient does the optimizer see?",
)
wrong.add(
    "clip_before_backward",
    loop("clear forward clip backward step"),
    "the gradient is clipped before the backward pass. What stands in p.grad when you clip?",
)
wrong.add(
    "never_cleared",
    loop("forward backward clip step"),
    "the gradients are never cleared. What stands in p.grad before the second backward pass?",
)
wrong.add(
    "cleared_after_backward",
    loop("forward backward clear clip step"),
    "the gradients are cleared between backward and step. What is left for the optimizer?",
)
wrong.add(
    "cleared_after_clipping",
    loop("forward backward clip clear step"),
    "the gradients are cleared between clipping and step. What is left for the optimizer?",
)
wrong.add(
    "cleared_at_the_end_only",
    loop("forward backward clip step clear"),
    "the gradients are cleared after the step only. What if there are gradients before the first call?",
)
wrong.add(
    "no_step",
    loop("clear forward backward clip"),
    "the optimizer takes no step. Do the weights change?",
)
wrong.add(
    "two_steps",
    loop("clear forward backward clip step step"),
    "the optimizer takes two steps. How often does the optimizer step for each call?",
)
wrong.add(
    "step_first",
    loop("step clear forward backward clip"),
    "the step comes first, with the gradients of the call before. Which gradients does the optimizer see in the first call?",
)
wrong.add(
    "one_norm_each",
    loop(clip_=one_norm_each),
    "each parameter is clipped by its own norm. All gradients share one factor.",
)
wrong.add("by_value", loop(clip_=by_value), "the entries are cut off at ±max_norm. Clip by norm.")
wrong.add(
    "always_scaled",
    loop(clip_=always),
    "short gradients are made longer. What happens to a gradient that is shorter than max_norm?",
)
wrong.add(
    "norm_afterwards",
    loop(clip_=norm_afterwards),
    "the norm is measured after clipping. Which of the two norms is due: before or after?",
)
wrong.add(
    "loss_clipped",
    loop("clear forward backward measure step", driven=lambda loss, most: loss.clamp(max=most)),
    "the loss is clipped in place of its gradient. What is the slope of a clipped loss?",
)
wrong.add(
    "first_row",
    loop(read=lambda output: output[0]),
    "the first of what the model returns is taken, whatever it is. What is the first item of a tensor of logits?",
)
wrong.add(
    "last_of_a_pair",
    loop(read=lambda out: out[-1] if isinstance(out, tuple) else out),
    "the state is taken for the logits. In which order does the model return logits and state?",
)
wrong.add(
    "always_unpacked",
    loop(read=lambda output: (lambda logits, _: logits)(*output)),
    "what the model returns is always unpacked into two. What if the model returns one tensor?",
)
wrong.add(
    "never_unpacked",
    loop(read=lambda output: output),
    "what the model returns goes into the loss as it is. What if the model returns (logits, state)?",
)
wrong.add(
    "exchanged",
    but(training_step, returns=lambda both: {"loss": both["norm"], "norm": both["loss"]}),
    "loss and norm are exchanged. Which number stands under which key?",
)
wrong.add(
    "pair_for_a_dict",
    but(training_step, returns=lambda both: (both["loss"], both["norm"])),
    "a tuple is returned. A dict with the keys loss and norm is due.",
)


EXERCISE = Exercise(
    reference=training_step,
    inputs=inputs,
    points=14,
    axes={"B": 4, "T": 5, "I": 3, "H": 6, "C": 2},
    shapes={"x": "B T I", "y": "B"},
    scenario=on_one_batch,
    cases=(
        Case(name="a gradient shorter than max_norm", inputs=short),
        Case(
            name="a model that returns (logits, state)",
            inputs=with_state,
            why="Only the first of the two goes into the loss.",
        ),
        Case(
            name="a model that returns (logits, (h, c))",
            inputs=with_pair,
            value=False,
            why="The state of an LSTM is a tuple of its own.",
        ),
        Case(
            name="a batch of two",
            inputs=two_samples,
            value=False,
            why="Two rows of one tensor are no pair of logits and state.",
        ),
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
            name="an optimizer with momentum",
            inputs=momentum,
            value=False,
            why="The update is the optimizer's: hand the clipped gradient to it, once.",
        ),
        Case(
            name="an optimizer with two groups of parameters",
            inputs=two_groups,
            value=False,
            why="The norm is that of all gradients of the model, however its parameters are divided "
            "into groups.",
        ),
        Case(
            name="a model with dropout",
            inputs=dropped,
            value=False,
            why="One forward pass, in the mode in which the model is.",
        ),
    ),
    mistakes=wrong,
    stand_in=_stand_ins.one_step,
    also_right=(with_torch, parameters_of_the_optimizer, cleared_at_the_end),
    look="Write the five parts down in their order and compare with your lines.",
)
