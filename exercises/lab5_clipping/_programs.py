"""Clipping gone wrong, for models and training loops too, and the mistakes that loops share."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from autograder.spec import Mistakes, but, edited, printed
from solutions.lab5_clipping import clip_by_norm, clip_by_value, clip_model_, global_norm

Program = Callable[..., Any]

LOGITS = "logits = output[0] if isinstance(output, tuple) else output"


def present(grads: Any) -> list[Tensor]:
    """The tensors among gradients."""
    return [g for g in grads if g is not None]


def model_grads(model: nn.Module) -> list[Tensor]:
    """The gradients that a model has."""
    return present(p.grad for p in model.parameters())


def logits_of(output: Any) -> Any:
    return output[0] if isinstance(output, tuple) else output


def as_tensors(result: dict[str, float]) -> dict[str, Tensor]:
    return {name: torch.tensor(value) for name, value in result.items()}


def scaled_by(factor: str) -> Program:
    """clip_by_norm with another factor."""
    return edited(clip_by_norm, {"(max_norm / (norm + 1e-6)).clamp(max=1.0)": factor})


def with_norm(norm: str) -> Program:
    """clip_by_norm with another norm."""
    return edited(clip_by_norm, {"global_norm(grads)": norm}, present=present)


def with_entries(entries: str) -> Program:
    """clip_by_norm with something else for a scaled gradient."""
    return edited(clip_by_norm, {"g * scale": entries})


always_scaled = scaled_by("max_norm / (norm + 1e-6)")
no_epsilon = scaled_by("(max_norm / norm).clamp(max=1.0)")
sum_of_norms = with_norm("sum((g.norm() for g in present(grads)), torch.zeros(()))")
no_root = with_norm("global_norm(grads) ** 2")
largest_norm = with_norm("max((g.norm() for g in present(grads)), default=torch.zeros(()))")
fails_on_nothing = with_norm("torch.stack([g.norm() for g in present(grads)]).norm()")
by_value = with_entries("g.clamp(-max_norm, max_norm)")
one_norm_each = with_entries("g * (max_norm / (g.norm() + 1e-6)).clamp(max=1.0)")
norm_afterwards = but(clip_by_norm, returns=lambda both: (both[0], global_norm(both[0])))


def by_value_as_well(grads, max_norm):
    clipped, norm = clip_by_norm(grads, max_norm)
    return clip_by_value(clipped, 1.0), norm


def norm_again_and_again(grads, max_norm):
    grads = list(grads)
    norm = global_norm(grads)
    for i in range(len(grads)):
        grads[i] = clip_by_norm(grads, max_norm)[0][i]
    return grads, norm


def in_model(clip: Program) -> Program:
    """clip_model_ by another clip_by_norm."""
    return edited(clip_model_, {}, clip_by_norm=clip)


def in_loop(program: Program, clip: Program) -> Program:
    """A program that trains, and clips by another clip_by_norm."""
    return edited(program, {}, clip_model_=in_model(clip))


def in_order(program: Program, order: str) -> Program:
    """A program that trains, with its "clear forward backward clip step" in another order."""
    lines = inspect.getsource(program).splitlines()
    marks = ("optimizer.zero_grad()", "loss.backward()", "clip_model_(", "optimizer.step()")
    clear, backward, clip, step = (
        next(place for place, line in enumerate(lines) if mark in line) for mark in marks
    )
    parts = {
        "clear": lines[clear : clear + 1],
        "forward": lines[clear + 1 : backward],
        "backward": lines[backward:clip],
        "clip": lines[clip:step],
        "step": lines[step : step + 1],
    }
    new = [line for part in order.split() for line in parts[part]]
    return edited(program, {"\n".join(lines[clear : step + 1]): "\n".join(new)})


def iterables_gone_wrong(wrong: Mistakes, program: Program) -> None:
    """Adds what goes wrong with gradients that come as a generator."""
    wrong.add(
        "looks_twice",
        but(program, grads=lambda grads: grads if any(g is not None for g in grads) else []),
        "the gradients are gone through twice. What is left of a generator after it was gone through?",
    )
    wrong.add(
        "wants_a_list",
        but(program, grads=lambda grads: [grads[i] for i in range(len(grads))]),
        "the gradients are asked for their length or for an item. A generator can only be gone through.",
    )


def lists_gone_wrong(wrong: Mistakes, program: Program, first_only: Program) -> None:
    """Adds what goes wrong with the list that clip_by_norm and clip_by_value make."""
    printed(wrong, program)
    wrong.add(
        "first_only",
        first_only,
        "the list ends after the first gradient. How far is your return indented?",
    )
    wrong.add(
        "stumbles_over_none",
        edited(program, {"None if g is None else ": ""}),
        "None is used like a tensor. What is the gradient of a parameter that took no part in the loss?",
    )
    wrong.add(
        "zeros_for_none",
        edited(program, {"None if g is None": "torch.zeros(()) if g is None"}),
        "None is replaced by a zero. What stands in the list where a gradient was None?",
    )
    wrong.add(
        "drops_none",
        edited(program, {"for g in grads]": "for g in grads if g is not None]"}),
        "None is left out of the list. The list has one entry for each gradient, in their order.",
    )


def loops_gone_wrong(wrong: Mistakes, program: Program) -> None:
    """Adds the mistakes that all three training programs share."""
    printed(wrong, program)
    wrong.add(
        "by_value_as_well",
        in_loop(program, by_value_as_well),
        "the entries are cut off at ±1 as well. Clipping by norm multiplies every entry by the same number, and there is no other limit.",
    )
    wrong.add(
        "never_cleared",
        in_order(program, "forward backward clip step"),
        "the gradients are never cleared. What stands in p.grad before the second backward pass?",
    )
    wrong.add(
        "no_step",
        in_order(program, "clear forward backward clip"),
        "the optimizer takes no step. Do the weights change?",
    )
    wrong.add(
        "one_norm_each",
        in_loop(program, one_norm_each),
        "each parameter is clipped by its own norm. All gradients share one factor.",
    )


def outputs_gone_wrong(wrong: Mistakes, program: Program) -> None:
    """Adds what goes wrong with a model's output: `output` is the logits, or (logits, state)."""
    wrong.add(
        "first_row",
        edited(program, {LOGITS: "logits = output[0]"}),
        "the first of what the model returns is taken, whatever it is. What is the first item of a tensor of logits?",
    )
    wrong.add(
        "always_unpacked",
        edited(program, {LOGITS: "logits, _ = output"}),
        "what the model returns is always unpacked into two. What if the model returns one tensor?",
    )
    wrong.add(
        "never_unpacked",
        edited(program, {LOGITS: "logits = output"}),
        "what the model returns goes into the loss as it is. What if the model returns (logits, state)?",
    )


def full_batches(loader: Any) -> list[Any]:
    batches = list(loader)
    return [batch for batch in batches if len(batch[1]) == len(batches[0][1])]


def means_gone_wrong(wrong: Mistakes, program: Program) -> None:
    """Adds what goes wrong with the means of loss and accuracy over the batches of a loader."""
    by_batches = {".item() * len(y)": ".item()", "loss_sum / count": "loss_sum / len(loader)"}
    hits_by_batches = {".sum())": ".sum()) / len(y)", "right / count": "right / len(loader)"}
    diff = partial(edited, program)
    wrong.family(
        "How much does a sample in the last, smaller batch count?",
        (
            "mean_of_batch_means",
            diff(by_batches | hits_by_batches),
            "every batch counts the same, however small it is",
        ),
        (
            "loss_by_batches",
            diff(by_batches),
            "every batch counts the same in the loss, however small it is",
        ),
        (
            "accuracy_by_batches",
            diff(hits_by_batches),
            "every batch counts the same in the accuracy, however small it is",
        ),
    )
    wrong.family(
        "What do you add up for each batch, and what do you divide by?",
        (
            "means_by_samples",
            diff({".item() * len(y)": ".item()"}),
            "the means of the batches are added up and divided by the number of samples",
        ),
        (
            "loss_of_the_last_batch",
            diff({"loss_sum += ": "loss_sum = ", "loss_sum / count": "loss_sum / len(y)"}),
            "the loss is that of the last batch alone",
        ),
    )
    wrong.family(
        "A share between 0 and 1 is due.",
        (
            "number_of_hits",
            diff({"right / count": "float(right)"}),
            "the right answers are counted",
        ),
        (
            "in_percent",
            diff({"right / count": "100 * right / count"}),
            "the accuracy is given in per cent",
        ),
    )
    wrong.add(
        "loss_summed",
        diff({"loss_sum / count": "loss_sum"}),
        "the losses of all samples are added up. A mean over the samples is due.",
    )
    wrong.add(
        "rest_dropped",
        diff({"in loader:": "in full_batches(loader):"}, full_batches=full_batches),
        "the smaller last batch is left out. The last batch counts too.",
    )
    wrong.add(
        "argmax_over_the_batch",
        diff({"argmax(dim=1) == y": "argmax(dim=0)[y] == torch.arange(len(y))"}),
        "the largest logit is looked for among the samples and not among the classes. Which axis of the logits is that of the classes?",
    )
