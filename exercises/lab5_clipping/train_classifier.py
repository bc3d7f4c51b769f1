"""Training over epochs, with loss and accuracy weighted by samples."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab5_clipping._draws import classifier, labelled, merged, model_grads, scaled_
from exercises.lab5_clipping._scenarios import over_epochs
from solutions.lab5_clipping import train_classifier, training_step

History = list[dict[str, float]]


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int, C: int) -> Mapping[str, Any]:
    batch = labelled(rng, B, T, I, C)
    return {
        "weights": classifier(rng, I, H, C),
        **batch,
        "batch_size": 4,
        "epochs": 2,
        "lr": 3.0,
        "max_norm": 0.3,
    }


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, 10, 3, 2, 5, 3)


def with_state(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), returns="(logits, state)")


def dropped(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(inputs(rng, 11, 3, 2, 12, 3), dropout=0.5)


def dropped_from_eval(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(dropped(rng), mode="eval")


def default_norm(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), max_norm=None, loss_factor=100.0, lr=0.1)


def all_right(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, 6, 3, 2, 5, 3)
    bias = 20.0 * (np.arange(3) == draw["y"][0])
    alike = np.full_like(draw["y"], draw["y"][0])
    return merged(draw, weights={**draw["weights"], "fc.bias": bias}, y=alike)


def no_epochs(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), epochs=0)


def unused(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = ordinary(rng)
    return merged(draw, weights={**draw["weights"], "spare.weight": rng.standard_normal((4, 2))})


def logits_of(output: Any) -> Any:
    return output[0] if isinstance(output, tuple) else output


def hits(logits: Tensor, y: Tensor) -> int:
    return int((logits.argmax(1) == y).sum())


def trained(
    order: str = "clear backward clip step",
    mode: Callable[[nn.Module], object] = lambda model: model.train(),
    read: Callable[[Any], Any] = logits_of,
    judge: Callable[[nn.Module, Tensor, Tensor], Tensor] = lambda model, x, logits: logits,
    early: bool = False,
    count: Callable[[Tensor, Tensor], float] = hits,
    clip_: Callable[[nn.Module, float], object] = scaled_,
    batches: Callable[[list[Any]], list[Any]] = lambda batches: batches,
    weight: Callable[[int], float] = lambda size: size,
    weight_hits: Callable[[int], float] = lambda size: size,
    reset: Literal["epoch", "batch", "never"] = "epoch",
    report: Callable[[float, float, float, float], Any] = lambda loss, right, n, m: {
        "loss": loss / n,
        "accuracy": right / m,
    },
) -> Callable[..., Any]:
    """The loop over epochs with one of its pieces replaced.

    judge: the logits that the accuracy is taken from, computed before the update if `early`.
    weight, weight_hits: what a batch of some size counts, in the loss and in the accuracy.
    report: made of the sums of losses and hits and of the weights of both.
    """

    def changed(
        model: nn.Module,
        loader: Any,
        loss_fn: Any,
        optimizer: Any,
        epochs: int,
        max_norm: float = 5.0,
    ) -> Any:
        mode(model)
        history = []
        loss_sum = right = n = m = 0.0
        for _ in range(epochs):
            if reset == "epoch":
                loss_sum = right = n = m = 0.0
            for x, y in batches(list(loader)):
                if reset == "batch":
                    loss_sum = right = n = m = 0.0
                if "clear" in order.split()[:1]:
                    optimizer.zero_grad()
                logits = read(model(x))
                loss = loss_fn(logits, y)
                judged = judge(model, x, logits) if early else None
                for part in order.split():
                    if part == "backward":
                        loss.backward()
                    elif part == "clip":
                        clip_(model, max_norm)
                    elif part == "step":
                        optimizer.step()
                if judged is None:
                    judged = judge(model, x, logits)
                size = len(y)
                loss_sum += loss.item() * weight(size)
                right += count(judged, y) / size * weight_hits(size)
                n, m = n + weight(size), m + weight_hits(size)
            history.append(report(loss_sum, right, n, m))
        return history

    return changed


def once_more(model: nn.Module, x: Tensor, logits: Tensor) -> Tensor:
    with torch.no_grad():
        return logits_of(model(x))


def once_more_in_eval(model: nn.Module, x: Tensor, logits: Tensor) -> Tensor:
    model.eval()
    with torch.no_grad():
        found = logits_of(model(x))
    model.train()
    return found


def one_norm_each(model: nn.Module, max_norm: float) -> None:
    for grad in model_grads(model):
        grad *= (max_norm / (grad.norm() + 1e-6)).clamp(max=1.0)


def eval_mode_kept(model: nn.Module) -> None:
    return None


def default(most: float) -> Callable[..., History]:
    """The right loop with another default for max_norm."""

    def changed(
        model: nn.Module,
        loader: Any,
        loss_fn: Any,
        optimizer: Any,
        epochs: int,
        max_norm: float = most,
    ) -> History:
        return train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm)

    return changed


wrong = Mistakes()


@wrong
def one_epoch_only(
    model: nn.Module, loader: Any, loss_fn: Any, optimizer: Any, epochs: int, max_norm: float = 5.0
) -> History:
    """there is one epoch only.
    How often do you go through the loader?"""
    return train_classifier(model, loader, loss_fn, optimizer, 1, max_norm)


@wrong
def stopped_early(
    model: nn.Module, loader: Any, loss_fn: Any, optimizer: Any, epochs: int, max_norm: float = 5.0
) -> History:
    """training ends as soon as every answer is right.
    How many epochs are asked for?"""
    history: History = []
    while len(history) < epochs and not (history and history[-1]["accuracy"] == 1.0):
        history += train_classifier(model, loader, loss_fn, optimizer, 1, max_norm)
    return history


@wrong
def evaluated_afterwards(
    model: nn.Module, loader: Any, loss_fn: Any, optimizer: Any, epochs: int, max_norm: float = 5.0
) -> History:
    """loss and accuracy are measured when the epoch is over.
    The logits that the loss was computed on are to be judged."""
    from solutions.lab5_clipping import evaluate

    history = []
    for _ in range(epochs):
        train_classifier(model, loader, loss_fn, optimizer, 1, max_norm)
        history.append(evaluate(model, loader, loss_fn))
    return history


def as_tensors(history: History) -> Any:
    return [{name: torch.tensor(value) for name, value in epoch.items()} for epoch in history]


def in_percent(history: History) -> History:
    return [{**epoch, "accuracy": 100 * epoch["accuracy"]} for epoch in history]


def as_two_lists(history: History) -> Any:
    return {name: [epoch[name] for epoch in history] for name in ("loss", "accuracy")}


def full_batches(batches: list[Any]) -> list[Any]:
    return [batch for batch in batches if len(batch[1]) == len(batches[0][1])]


def with_a_dataset(
    model: nn.Module, loader: Any, loss_fn: Any, optimizer: Any, epochs: int, max_norm: float = 5.0
) -> History:
    history = []
    for _epoch in range(epochs):
        model.train()
        running_loss, correct = 0.0, 0.0
        for inputs_, labels in loader:
            outputs = model(inputs_)
            if isinstance(outputs, tuple):
                outputs, _ = outputs
            loss = loss_fn(outputs, labels)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
            optimizer.step()
            running_loss += loss.item() * inputs_.size(0)
            correct += torch.sum(torch.max(outputs, 1)[1] == labels).item()
        size = len(loader.dataset)
        history.append({"loss": running_loss / size, "accuracy": correct / size})
    return history


def with_lists(
    model: nn.Module, loader: Any, loss_fn: Any, optimizer: Any, epochs: int, max_norm: float = 5.0
) -> tuple[dict[str, Any], ...]:
    epochs_seen = []
    for _ in range(epochs):
        losses: list[float] = []
        flags: list[bool] = []
        for x, y in loader:
            model = model.train()
            kept: list[Tensor] = []

            def loss_and_logits(out: Tensor, target: Tensor, kept: list[Tensor] = kept) -> Tensor:
                kept.append(out.detach())
                return loss_fn(out, target)

            step = training_step(model, x, y, loss_and_logits, optimizer, max_norm)
            losses += [step["loss"]] * y.shape[0]
            flags += kept[0].softmax(-1).argmax(-1).eq(y).tolist()
        epochs_seen.append({"accuracy": np.mean(flags), "loss": np.mean(losses)})
    return tuple(epochs_seen)


def with_a_running_mean(
    model: nn.Module, loader: Any, loss_fn: Any, optimizer: Any, epochs: int, max_norm: float = 5.0
) -> History:
    model.train()
    seen: list[Tensor] = []
    handle = model.register_forward_hook(lambda module, args, output: seen.append(output))
    history = []
    for _ in range(epochs):
        loss = accuracy = n = 0.0
        for x, y in loader:
            seen.clear()
            step = training_step(model, x, y, loss_fn, optimizer, max_norm)
            answers = logits_of(seen[0]).topk(1, dim=1).indices[:, 0]
            n += len(y)
            loss += (step["loss"] - loss) * len(y) / n
            accuracy += ((answers == y).double().mean().item() - accuracy) * len(y) / n
        history.append({"loss": loss, "accuracy": accuracy})
    handle.remove()
    return history


def with_autograd(
    model: nn.Module, loader: Any, loss_fn: Any, optimizer: Any, epochs: int, max_norm: float = 5.0
) -> History:
    def step(x: Tensor, y: Tensor) -> Tensor:
        logits = logits_of(model.train()(x))
        loss = loss_fn(logits, y)
        parameters = [p for p in model.parameters() if p.requires_grad]
        grads = torch.autograd.grad(loss, parameters, allow_unused=True)
        for p, g in zip(parameters, grads, strict=True):
            p.grad = g
        scaled_(model, max_norm)
        optimizer.step()
        return torch.stack([loss.detach() * len(y), (logits.argmax(-1) == y).sum()])

    sizes = sum(len(y) for _, y in loader)
    sums = [torch.stack([step(x, y) for x, y in loader]).sum(0) for _ in range(epochs)]
    return [dict(zip(("loss", "accuracy"), (one / sizes).tolist(), strict=True)) for one in sums]


wrong.add(
    "mean_of_batch_means",
    trained(weight=lambda size: 1, weight_hits=lambda size: 1),
    "every batch counts the same, however small it is. How much does a sample in the last, smaller batch count?",
)
wrong.add(
    "loss_by_batches",
    trained(weight=lambda size: 1),
    "every batch counts the same in the loss, however small it is. How much does a sample in the last, smaller batch count?",
)
wrong.add(
    "accuracy_by_batches",
    trained(weight_hits=lambda size: 1),
    "every batch counts the same in the accuracy, however small it is. How much does a sample in the last, smaller batch count?",
)
wrong.add(
    "loss_summed",
    trained(report=lambda loss, right, n, m: {"loss": loss, "accuracy": right / m}),
    "the losses of all samples are added up. A mean over the samples is due.",
)
wrong.add(
    "number_of_hits",
    trained(report=lambda loss, right, n, m: {"loss": loss / n, "accuracy": right}),
    "the right answers are counted. A share between 0 and 1 is due.",
)
wrong.add(
    "in_percent",
    but(train_classifier, returns=in_percent),
    "the accuracy is given in per cent. A share between 0 and 1 is due.",
)
wrong.add(
    "sums_never_reset",
    trained(reset="never"),
    "the sums run on from one epoch into the next. Where do you set your sums to 0?",
)
wrong.add(
    "last_batch_only",
    trained(reset="batch"),
    "only the last batch is reported. What do you keep from one batch to the next?",
)
wrong.add(
    "rest_dropped",
    trained(batches=full_batches),
    "the smaller last batch is left out. The last batch counts too.",
)
wrong.add(
    "judged_after_the_update",
    trained(judge=once_more),
    "the accuracy is taken from a second forward pass, after the update. How often do you call the model for each batch?",
)
wrong.add(
    "judged_by_a_second_pass",
    trained(judge=once_more, early=True),
    "the accuracy is taken from a second forward pass. How often do you call the model for each batch?",
)
wrong.add(
    "judged_in_eval_mode",
    trained(judge=once_more_in_eval, early=True),
    "the accuracy is taken from a second forward pass in eval mode. How often do you call the model for each batch?",
)
wrong.add(
    "eval_mode_kept",
    trained(mode=eval_mode_kept),
    "the model stays in the mode in which it came. Which mode is the model in while it trains?",
)
wrong.add(
    "in_eval_mode",
    trained(mode=lambda model: model.train() and model.eval()),
    "the model is put into eval mode. Which mode is the model in while it trains?",
)
wrong.add(
    "never_cleared",
    trained("backward clip step"),
    "the gradients are never cleared. What stands in p.grad before the second backward pass?",
)
wrong.add(
    "not_clipped",
    trained("clear backward step clip"),
    "the optimizer steps with the gradient as it was before clipping. Where do you clip? Which gradient does the optimizer see?",
)
wrong.add(
    "one_norm_each",
    trained(clip_=one_norm_each),
    "each parameter is clipped by its own norm. All gradients share one factor.",
)
wrong.add(
    "no_step",
    trained("clear backward clip"),
    "the optimizer takes no step. Do the weights change?",
)
wrong.add(
    "default_of_one",
    default(1.0),
    "max_norm is 1 where it is not given. Look at the first line of your function.",
)
wrong.add(
    "default_without_end",
    default(float("inf")),
    "nothing is clipped where max_norm is not given. Look at the first line of your function.",
)
wrong.add(
    "always_five",
    trained(clip_=lambda model, max_norm: scaled_(model, 5.0)),
    "max_norm is 5, whatever is given. Look for max_norm in the body of your function.",
)
wrong.add(
    "argmax_over_the_batch",
    trained(count=lambda logits, y: float((logits.argmax(0)[y] == torch.arange(len(y))).sum())),
    "the largest logit is looked for among the samples and not among the classes. Which axis of the logits is that of the classes?",
)
wrong.add(
    "smallest_logit",
    trained(count=lambda logits, y: hits(-logits, y)),
    "the smallest logit is taken for the answer. Which logit is that of the answer?",
)
wrong.add(
    "always_unpacked",
    trained(read=lambda output: (lambda logits, _: logits)(*output)),
    "what the model returns is always unpacked into two. What if the model returns one tensor?",
)
wrong.add(
    "never_unpacked",
    trained(read=lambda output: output),
    "what the model returns goes into the loss as it is. What if the model returns (logits, state)?",
)
wrong.add(
    "first_row",
    trained(read=lambda output: output[0]),
    "the first of what the model returns is taken, whatever it is. What is the first item of a tensor of logits?",
)
wrong.add(
    "last_epoch_only",
    but(train_classifier, returns=lambda history: history[-1:]),
    "the last epoch alone is reported. One dict for each epoch is due.",
)
wrong.add(
    "as_two_lists",
    but(train_classifier, returns=as_two_lists),
    "a dict of lists is returned. A list of dicts is due, one for each epoch.",
)
wrong.add(
    "as_tensors",
    but(train_classifier, returns=as_tensors),
    "loss and accuracy are tensors. Look at the types in your dicts: Python floats are due.",
)


EXERCISE = Exercise(
    reference=train_classifier,
    inputs=inputs,
    points=12,
    axes={"B": 10, "T": 4, "I": 3, "H": 5, "C": 4},
    shapes={"x": "B T I", "y": "B"},
    scenario=over_epochs,
    cases=(
        Case(
            name="a model that returns (logits, state)",
            inputs=with_state,
            why="Only the first of the two goes into the loss and into the accuracy.",
        ),
        Case(
            name="a model with dropout",
            inputs=dropped,
            value=False,
            why="One forward pass in train mode for each batch: its logits give the loss and the "
            "accuracy.",
        ),
        Case(
            name="a model in eval mode before the call",
            inputs=dropped_from_eval,
            value=False,
            why="Train in train mode, whatever mode the model comes in.",
        ),
        Case(
            name="max_norm left out",
            inputs=default_norm,
            value=False,
            why="Where max_norm is not given it is 5.",
        ),
        Case(
            name="every answer right from the start",
            inputs=all_right,
            value=False,
            why="There are as many epochs as were asked for, however good the model is.",
        ),
        Case(
            name="no epochs",
            inputs=no_epochs,
            value=False,
            why="Without an epoch the list is empty and nothing is learnt.",
        ),
        Case(
            name="a layer that is not used",
            inputs=unused,
            value=False,
            why="The parameters of an unused layer have grad None.",
        ),
    ),
    mistakes=wrong,
    also_right=(with_a_dataset, with_lists, with_a_running_mean, with_autograd),
    look="Take two batches of two samples and one, and work the two means out by hand.",
)
