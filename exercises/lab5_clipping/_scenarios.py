"""How gradients, models and loops of this lab are used; the text of each function travels alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def from_a_generator(entry: Callable[..., Any], grads: Any, **others: Any) -> Any:
    """The gradients come as a generator, which can be gone through once."""
    return entry((g for g in grads), *others.values())


def without_tensors(entry: Callable[..., Any], iterables: Any, **others: Any) -> list[Any]:
    """What comes of iterables without a tensor; a dtype is free there, so numbers become float64."""
    import torch

    def number(value: Any) -> Any:
        return value.double() if isinstance(value, torch.Tensor) else value

    results = []
    for grads in iterables:
        result = entry(grads, *others.values())
        results.append(
            [number(part) for part in result] if isinstance(result, tuple) else number(result)
        )
    return results


def edited_afterwards(entry: Callable[..., Any], grads: Any, **others: Any) -> dict[str, Any]:
    """What the caller's gradients are once the list and tensors that came back were edited."""
    result = entry(grads, *others.values())
    clipped = result[0] if isinstance(result, tuple) else result
    for value in clipped:
        if value is not None:
            value.add_(1.0)
    return {"grads": grads}


def emptied_afterwards(entry: Callable[..., Any], grads: Any, **others: Any) -> dict[str, Any]:
    """What the caller's list is once the list that came back was emptied."""
    result = entry(grads, *others.values())
    if isinstance(result, list):
        result.clear()
    return {"grads": grads}


def clipped(
    entry: Callable[..., Any],
    weights: Mapping[str, Any],
    grads: Mapping[str, Any],
    max_norm: float,
    shared: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Build a model whose parameters have these names, values and gradients, and clip it.

    shared: further names, each for a parameter that the model has already.
    """
    import torch

    model = torch.nn.Module()
    for name in [*weights, *(shared or {})]:
        *path, last = name.split(".")
        owner = model
        for part in path:
            if part not in dict(owner.named_children()):
                owner.add_module(part, torch.nn.Module())
            owner = owner.get_submodule(part)
        if shared and name in shared:
            owner.register_parameter(last, model.get_parameter(shared[name]))
            continue
        parameter = torch.nn.Parameter(weights[name].clone())
        parameter.grad = None if grads[name] is None else grads[name].clone()
        owner.register_parameter(last, parameter)
    norm = entry(model, max_norm)
    if isinstance(norm, torch.Tensor) and norm.dim() == 0 and norm.device.type != "meta":
        norm = norm.item()
    own = dict(model.named_parameters())
    return {
        "norm": norm,
        "grads": {name: value.grad for name, value in own.items()},
        "weights": own,
    }


def cut(entry: Callable[..., Any], state: Any) -> dict[str, Any]:
    """Hand over a state that hangs in a graph; what comes back, and what still requires a gradient."""
    import torch

    def grown(part: Any) -> Any:
        if isinstance(part, torch.Tensor):
            return part.clone().requires_grad_() * 1.0
        if isinstance(part, list | tuple):
            return type(part)(grown(item) for item in part)
        return part

    def asked(part: Any, question: Callable[[Any], bool]) -> Any:
        if isinstance(part, torch.Tensor):
            return question(part)
        if isinstance(part, list | tuple):
            return type(part)(asked(item, question) for item in part)
        return None

    before = grown(state)
    after = entry(before)
    return {
        "state": after,
        "out of the graph": asked(after, lambda tensor: tensor.grad_fn is None),
        "requires no gradient": asked(after, lambda tensor: not tensor.requires_grad),
        "the old state is still in its graph": asked(before, lambda tensor: tensor.requires_grad),
    }


def on_one_batch(
    entry: Callable[..., Any],
    weights: Mapping[str, Any],
    x: Any,
    y: Any,
    max_norm: float,
    returns: str = "logits",
    lr: float | None = None,
    updates: int = 1,
    old_gradients: float | None = None,
    dropout: float = 0.0,
    momentum: float = 0.0,
    groups: int = 1,
    loss_factor: float = 1.0,
    observed: str = "",
) -> Any:
    """Build a classifier from its weights and call the entry point on one batch, `updates` times.

    returns: what the model returns, "logits", "(logits, h)" or "(logits, (h, c))".  lr: of plain
    SGD, or None where no optimizer is handed over.  groups: into how many groups the optimizer's
    parameters are divided.  old_gradients: what every grad holds before.  loss_factor: multiplies
    the loss.
    Gives the results and the weights afterwards; without an optimizer the result, or, where
    observed is "weights", these.
    """
    import torch
    from torch import nn

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            classes, hidden = weights["fc.weight"].shape
            kind = nn.LSTM if returns == "(logits, (h, c))" else nn.RNN
            self.rnn = kind(x.shape[2], hidden, batch_first=True)
            self.dropout = nn.Dropout(dropout)
            if "spare.weight" in weights:
                self.spare = nn.Linear(weights["spare.weight"].shape[1], 4, bias=False)
            self.fc = nn.Linear(hidden, classes)

        def forward(self, x: Any) -> Any:
            out, state = self.rnn(x)
            logits = self.fc(self.dropout(out[:, -1]))
            return logits if returns == "logits" else (logits, state)

    torch.manual_seed(0)
    model = Classifier()
    for name, parameter in model.named_parameters():
        parameter.data = weights[name].clone(memory_format=torch.contiguous_format)
        if old_gradients is not None:
            parameter.grad = torch.full_like(parameter, old_gradients)

    def loss_fn(logits: Any, labels: Any) -> Any:
        return loss_factor * nn.functional.cross_entropy(logits, labels)

    if lr is None:
        results = [entry(model, x, y, loss_fn, max_norm) for _ in range(updates)]
    else:
        whole = list(model.parameters())
        parts = [{"params": whole[place::groups]} for place in range(groups)]
        optimizer = torch.optim.SGD(parts, lr=lr, momentum=momentum)
        results = [entry(model, x, y, loss_fn, optimizer, max_norm) for _ in range(updates)]
    after = {name: parameter.detach() for name, parameter in model.named_parameters()}
    if observed == "weights":
        return after
    return results[0] if lr is None else {"results": results, "weights": after}


def in_chunks(
    entry: Callable[..., Any],
    weights: Mapping[str, Any],
    x: Any,
    y: Any,
    chunk: int,
    max_norm: float,
    lr: float,
    cell: str = "rnn",
    old_gradients: float | None = None,
) -> dict[str, Any]:
    """Build a recurrent network with an output at every step and train it on long sequences."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            outputs, hidden = weights["fc.weight"].shape
            kind = {"rnn": nn.RNN, "lstm": nn.LSTM}[cell]
            self.rnn = kind(x.shape[2], hidden, batch_first=True)
            if "spare.weight" in weights:
                self.spare = nn.Linear(weights["spare.weight"].shape[1], 4, bias=False)
            self.fc = nn.Linear(hidden, outputs)

        def forward(self, x: Any, state: Any = None) -> Any:
            out, state = self.rnn(x, state)
            return self.fc(out), state

    def loss_fn(out: Any, target: Any) -> Any:
        return ((out - target) ** 2 * (1.5 + torch.tanh(target))).mean()

    model = Network()
    for name, parameter in model.named_parameters():
        parameter.data = weights[name].clone(memory_format=torch.contiguous_format)
        if old_gradients is not None:
            parameter.grad = torch.full_like(parameter, old_gradients)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = entry(model, x, y, loss_fn, optimizer, chunk, max_norm)
    after = {name: parameter.detach() for name, parameter in model.named_parameters()}
    return {"losses": losses, "weights": after}


def over_epochs(
    entry: Callable[..., Any],
    weights: Mapping[str, Any],
    x: Any,
    y: Any,
    batch_size: int,
    epochs: int,
    lr: float,
    max_norm: float | None = None,
    returns: str = "logits",
    dropout: float = 0.0,
    loss_factor: float = 1.0,
    mode: str = "train",
) -> dict[str, Any]:
    """Build a classifier from its weights and train it on a loader for some epochs.

    max_norm: None leaves it to the entry point's default.  loss_factor: multiplies the loss.
    mode: that of the model before, "train" or "eval".
    """
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            classes, hidden = weights["fc.weight"].shape
            self.rnn = nn.RNN(x.shape[2], hidden, batch_first=True)
            self.dropout = nn.Dropout(dropout)
            if "spare.weight" in weights:
                self.spare = nn.Linear(weights["spare.weight"].shape[1], 4, bias=False)
            self.fc = nn.Linear(hidden, classes)

        def forward(self, x: Any) -> Any:
            out, state = self.rnn(x)
            logits = self.fc(self.dropout(out[:, -1]))
            return logits if returns == "logits" else (logits, state)

    def loss_fn(logits: Any, labels: Any) -> Any:
        return loss_factor * nn.functional.cross_entropy(logits, labels)

    torch.manual_seed(0)
    model = Classifier()
    for name, parameter in model.named_parameters():
        parameter.data = weights[name].clone(memory_format=torch.contiguous_format)
    model.train(mode == "train")
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    # A generator of its own: going through the loader must not move the draws of the dropout.
    loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, generator=torch.Generator())
    given = () if max_norm is None else (max_norm,)
    history = entry(model, loader, loss_fn, optimizer, epochs, *given)
    after = {name: parameter.detach() for name, parameter in model.named_parameters()}
    return {"history": history, "weights": after}


def evaluated(
    entry: Callable[..., Any],
    weights: Mapping[str, Any],
    x: Any,
    y: Any,
    batch_size: int,
    mode: str = "train",
    observed: str = "result",
) -> Any:
    """Build a classifier with dropout and batch norm from its weights and evaluate it on a loader.

    mode: that of the model before, "train" or "eval".  observed: "result"; "modes", of every
    submodule after a call, for four mixtures of modes before; "gradient mode", after calls with
    gradients on and off; or "traces", what else a call leaves.
    """
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    recorded = []

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            classes, hidden = weights["head.fc.weight"].shape
            self.rnn = nn.RNN(x.shape[2], hidden, batch_first=True)
            self.norm = nn.BatchNorm1d(hidden)
            self.head = nn.Sequential()
            self.head.add_module("dropout", nn.Dropout(0.5))
            self.head.add_module("fc", nn.Linear(hidden, classes))
            self.spare = nn.Dropout(0.5)

        def forward(self, x: Any) -> Any:
            logits = self.head(self.norm(self.rnn(x)[0][:, -1]))
            recorded.append(logits.requires_grad)
            return logits

    torch.manual_seed(0)
    model = Classifier()
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if name in weights:
            tensor.data = weights[name].clone(memory_format=torch.contiguous_format)
    loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, generator=torch.Generator())
    loss_fn = nn.functional.cross_entropy

    model.train(mode == "train")
    if observed == "modes":
        found = []
        mixtures = [
            (True, ["norm"]),
            (False, ["head.dropout"]),
            (True, ["head", "rnn"]),
            (True, ["spare"]),
        ]
        for root, others in mixtures:
            model.train(root)
            for name in others:
                model.get_submodule(name).training = not root
            entry(model, loader, loss_fn)
            found.append({name or "model": one.training for name, one in model.named_modules()})
        return found
    if observed == "gradient mode":
        with torch.enable_grad():
            entry(model, loader, loss_fn)
            enabled = torch.is_grad_enabled()
        with torch.no_grad():
            entry(model, loader, loss_fn)
            disabled = torch.is_grad_enabled()
        return {
            "on after a call with gradients on": enabled,
            "off after a call under no_grad": not disabled,
        }
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 0.3)
    result = entry(model, loader, loss_fn)
    if observed == "result":
        return result
    return {
        "no graph was recorded": not any(recorded),
        "grads": {name: parameter.grad for name, parameter in model.named_parameters()},
        "tensors": {name: tensor.detach() for name, tensor in model.state_dict().items()},
        "can still be trained": {name: p.requires_grad for name, p in model.named_parameters()},
    }
