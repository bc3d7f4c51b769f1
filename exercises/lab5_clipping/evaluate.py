"""Loss and accuracy of a classifier, and no trace of the measurement."""

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab5_clipping._draws import labelled, merged, rnn_weights
from exercises.lab5_clipping._scenarios import evaluated
from solutions.lab5_clipping import evaluate

Result = dict[str, float]
Modes = list[tuple[nn.Module, bool]]


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int, C: int) -> Mapping[str, Any]:
    weights = {
        **rnn_weights(rng, I, H),
        "norm.weight": rng.uniform(0.5, 2.0, H),
        "norm.bias": rng.uniform(-0.5, 0.5, H),
        "norm.running_mean": rng.uniform(-0.5, 0.5, H),
        "norm.running_var": rng.uniform(0.2, 2.0, H),
        "head.fc.weight": rng.standard_normal((C, H)),
        "head.fc.bias": rng.uniform(-0.5, 0.5, C),
    }
    return {"weights": weights, **labelled(rng, B, T, I, C), "batch_size": 4}


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, 10, 3, 2, 5, 3)


def from_eval(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), mode="eval")


def modes(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), observed="modes")


def gradient_mode(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), observed="gradient mode")


def traces(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), observed="traces")


def own_modes(model: nn.Module, before: Modes) -> None:
    for module, mode in before:
        module.training = mode


def mode_of_the_model(model: nn.Module, before: Modes) -> None:
    model.train(before[0][1])


def always_train(model: nn.Module, before: Modes) -> None:
    model.train()


def never_back(model: nn.Module, before: Modes) -> None:
    return None


def back_in_reverse(model: nn.Module, before: Modes) -> None:
    for module, mode in reversed(before):
        module.train(mode)


def direct_parts_only(model: nn.Module, before: Modes) -> None:
    known = {id(module): mode for module, mode in before}
    model.train(known[id(model)])
    for part in model.children():
        part.train(known[id(part)])


def all_but_the_model(model: nn.Module, before: Modes) -> None:
    own_modes(model, before[1:])


def measured(
    start: Callable[[nn.Module], object] = lambda model: model.eval(),
    end: Callable[[nn.Module, Modes], None] = own_modes,
    context: Callable[[], Any] = torch.no_grad,
    weight: Callable[[int], float] = lambda size: size,
    weight_hits: Callable[[int], float] = lambda size: size,
    batches: Callable[[list[Any]], list[Any]] = lambda batches: batches,
    read: Callable[[Any], Any] = lambda output: output,
    axis: int = 1,
    backward: bool = False,
    report: Callable[[float, float, float, float], Any] = lambda loss, right, n, m: {
        "loss": loss / n,
        "accuracy": right / m,
    },
) -> Callable[..., Any]:
    """The evaluation with one of its pieces replaced.

    weight, weight_hits: what a batch of some size counts, in the loss and in the accuracy.
    report: made of the sums of losses and hits and of the weights of both.
    """

    def changed(model: nn.Module, loader: Any, loss_fn: Any) -> Any:
        before = [(module, module.training) for module in model.modules()]
        start(model)
        loss_sum = right = n = m = 0.0
        with context():
            for x, y in batches(list(loader)):
                logits = read(model(x))
                loss = loss_fn(logits, y)
                if backward:
                    loss.backward()
                size = len(y)
                answers = logits.argmax(1) if axis else logits.argmax(0)[y]
                labels = y if axis else torch.arange(size)
                loss_sum += loss.item() * weight(size)
                right += int((answers == labels).sum()) / size * weight_hits(size)
                n, m = n + weight(size), m + weight_hits(size)
        end(model, before)
        return report(loss_sum, right, n, m)

    return changed


class switched:
    """Gradients off at the start, and at the end on, or left off."""

    def __init__(self, on_again: bool) -> None:
        self.on_again = on_again

    def __enter__(self) -> None:
        torch.set_grad_enabled(False)

    def __exit__(self, *_: object) -> None:
        if self.on_again:
            torch.set_grad_enabled(True)


wrong = Mistakes()


@wrong
def left_off(model: nn.Module, loader: Any, loss_fn: Any) -> Any:
    """gradients stay switched off after the call.
    What does set_grad_enabled(False) do to the code behind your function?"""
    return measured(context=lambda: switched(on_again=False))(model, loader, loss_fn)


@wrong
def always_on_again(model: nn.Module, loader: Any, loss_fn: Any) -> Any:
    """gradients are switched on after the call, whatever they were before.
    What if the call comes from a block under no_grad?"""
    return measured(context=lambda: switched(on_again=True))(model, loader, loss_fn)


@wrong
def recorded(model: nn.Module, loader: Any, loss_fn: Any) -> Any:
    """a graph is recorded.
    Look for no_grad."""
    return measured(context=torch.enable_grad)(model, loader, loss_fn)


@wrong
def propagated(model: nn.Module, loader: Any, loss_fn: Any) -> Any:
    """gradients are computed.
    Nothing is learnt here: there is no backward pass."""
    return measured(context=torch.enable_grad, backward=True)(model, loader, loss_fn)


def modes_by_type(model: nn.Module, before: Modes) -> None:
    known = {type(module): mode for module, mode in before}
    for module, _ in before:
        module.training = known[type(module)]


def frozen(model: nn.Module) -> None:
    model.eval()
    model.requires_grad_(False)


def as_tensors(result: Result) -> Any:
    return {name: torch.tensor(value) for name, value in result.items()}


@torch.inference_mode()
def with_a_dataset(model: nn.Module, loader: Any, loss_fn: Any) -> Result:
    before = {name: module.training for name, module in model.named_modules()}
    for module in model.modules():
        module.train(False)
    total, correct = 0.0, 0
    for x, y in loader:
        outputs = model(x)
        if isinstance(outputs, tuple):
            outputs = outputs[0]
        total += loss_fn(outputs, y).item() * x.shape[0]
        correct += (torch.max(outputs, dim=-1).indices == y).sum().item()
    for name, mode in before.items():
        model.get_submodule(name).train(mode)
    size = len(loader.dataset)
    return {"accuracy": correct / size, "loss": total / size}


def with_lists(model: nn.Module, loader: Any, loss_fn: Any) -> dict[str, Any]:
    training = {module for module in model.modules() if module.training}
    was_enabled = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        model.eval()
        batches = [(model(x), y) for x, y in loader]
    finally:
        torch.set_grad_enabled(was_enabled)
        for module in model.modules():
            module.training = module in training
    losses = [float(loss_fn(logits, y)) for logits, y in batches]
    sizes = [len(y) for _, y in batches]
    answers = torch.cat([logits for logits, _ in batches]).argmax(dim=1)
    labels = torch.cat([y for _, y in batches])
    return {
        "loss": float(np.average(losses, weights=sizes)),
        "accuracy": (answers == labels).double().mean().item(),
    }


def on_a_copy(model: nn.Module, loader: Any, loss_fn: Any) -> Result:
    twin = copy.deepcopy(model).eval()
    with torch.no_grad():
        pairs = [(twin(x), y) for x, y in loader]
    logits = torch.cat([out[0] if isinstance(out, tuple) else out for out, _ in pairs])
    labels = torch.cat([y for _, y in pairs])
    right = torch.count_nonzero(logits.argmax(dim=-1) == labels)
    return {"loss": loss_fn(logits, labels).item(), "accuracy": int(right) / len(labels)}


@contextlib.contextmanager
def looking(model: nn.Module) -> Iterator[None]:
    flags = [module.training for module in model.modules()]
    model.eval()
    try:
        with torch.set_grad_enabled(False):
            yield
    finally:
        for module, flag in zip(model.modules(), flags, strict=True):
            module.training = flag


def with_a_context(model: nn.Module, loader: Any, loss_fn: Any) -> Result:
    sums = torch.zeros(3, dtype=torch.float64)
    with looking(model):
        for x, y in loader:
            out = model(x)
            logits = out if torch.is_tensor(out) else out[0]
            found = [loss_fn(logits, y).item() * len(y), (logits.argmax(1) == y).sum(), len(y)]
            sums += torch.tensor(found, dtype=torch.float64)
    loss, right = (sums[:2] / sums[2]).tolist()
    return {"accuracy": right, "loss": loss}


wrong.add(
    "no_eval",
    measured(start=lambda model: None),
    "the model stays in train mode. What do dropout and batch norm do in the mode in which the model is?",
)
wrong.add(
    "in_train_mode",
    measured(start=lambda model: model.train()),
    "the model is put into train mode. What do dropout and batch norm do in the mode in which the model is?",
)
wrong.add(
    "left_in_eval",
    measured(end=never_back),
    "the model is left in eval mode. In which mode does the model go on after the call?",
)
wrong.add(
    "always_train",
    measured(end=always_train),
    "every submodule is put into train mode afterwards. What if a submodule was in eval mode before the call?",
)
wrong.add(
    "mode_of_the_model",
    measured(end=mode_of_the_model),
    "every submodule gets the mode that the model as a whole had. What if a submodule was in another mode than the model?",
)
wrong.add(
    "direct_parts_only",
    measured(end=direct_parts_only),
    "only the direct parts of the model get their own mode back. A part of the model may have parts of its own.",
)
wrong.add(
    "all_but_the_model",
    measured(end=all_but_the_model),
    "the parts get their mode back and the model itself does not. model.training is a mode as well.",
)
wrong.add(
    "modes_by_type",
    measured(end=modes_by_type),
    "all submodules of one type get the same mode. A model may have two dropouts in different modes. What do you remember the modes by?",
)
wrong.add(
    "frozen",
    measured(start=frozen),
    "the parameters are frozen and never set free. Can the model go on learning after the call?",
)
wrong.add(
    "mean_of_batch_means",
    measured(weight=lambda size: 1, weight_hits=lambda size: 1),
    "every batch counts the same, however small it is. How much does a sample in the last, smaller batch count?",
)
wrong.add(
    "loss_by_batches",
    measured(weight=lambda size: 1),
    "every batch counts the same in the loss, however small it is. How much does a sample in the last, smaller batch count?",
)
wrong.add(
    "accuracy_by_batches",
    measured(weight_hits=lambda size: 1),
    "every batch counts the same in the accuracy, however small it is. How much does a sample in the last, smaller batch count?",
)
wrong.add(
    "last_batch_only",
    measured(batches=lambda batches: batches[-1:]),
    "only the last batch is looked at. What do you keep from one batch to the next?",
)
wrong.add(
    "first_batch_only",
    measured(batches=lambda batches: batches[:1]),
    "only the first batch is looked at. When does your function return?",
)
wrong.add(
    "rest_dropped",
    measured(batches=lambda all_: [one for one in all_ if len(one[1]) == len(all_[0][1])]),
    "the smaller last batch is left out. The last batch counts too.",
)
wrong.add(
    "loss_summed",
    measured(report=lambda loss, right, n, m: {"loss": loss, "accuracy": right / m}),
    "the losses of all samples are added up. A mean over the samples is due.",
)
wrong.add(
    "number_of_hits",
    measured(report=lambda loss, right, n, m: {"loss": loss / n, "accuracy": right}),
    "the right answers are counted. A share between 0 and 1 is due.",
)
wrong.add(
    "in_percent",
    but(evaluate, returns=lambda result: {**result, "accuracy": 100 * result["accuracy"]}),
    "the accuracy is given in per cent. A share between 0 and 1 is due.",
)
wrong.add(
    "share_of_errors",
    but(evaluate, returns=lambda result: {**result, "accuracy": 1 - result["accuracy"]}),
    "the share of wrong answers is returned. Do you count the right answers or the wrong ones?",
)
wrong.add(
    "argmax_over_the_batch",
    measured(axis=0),
    "the largest logit is looked for among the samples and not among the classes. Which axis of the logits is that of the classes?",
)
wrong.add(
    "always_unpacked",
    measured(read=lambda output: (lambda logits, _: logits)(*output)),
    "what the model returns is always unpacked into two. What if the model returns one tensor?",
)
wrong.add(
    "as_tensors",
    but(evaluate, returns=as_tensors),
    "loss and accuracy are tensors. Look at the types in your dict: Python floats are due.",
)
wrong.add(
    "pair_for_a_dict",
    but(evaluate, returns=lambda result: (result["loss"], result["accuracy"])),
    "a tuple is returned. A dict with the keys loss and accuracy is due.",
)


EXERCISE = Exercise(
    reference=evaluate,
    inputs=inputs,
    points=10,
    axes={"B": 10, "T": 5, "I": 3, "H": 6, "C": 4},
    shapes={"x": "B T I", "y": "B"},
    scenario=evaluated,
    cases=(
        Case(name="a model in eval mode before the call", inputs=from_eval),
        Case(
            name="the mode of every submodule afterwards",
            inputs=modes,
            value=False,
            why="Some submodules were in train mode and some in eval mode: each of them is due back "
            "in its own.",
        ),
        Case(
            name="gradients on or off afterwards",
            inputs=gradient_mode,
            value=False,
            why="Gradients are recorded after the call if, and only if, they were before it.",
        ),
        Case(
            name="other traces of the call",
            inputs=traces,
            value=False,
            why="No graph is recorded; grads, weights and the statistics of batch norm stay, and every "
            "parameter can still be trained.",
        ),
    ),
    mistakes=wrong,
    also_right=(with_a_dataset, with_lists, on_a_copy, with_a_context),
    look="Take two batches of two samples and one, and work the two means out by hand.",
)
