"""How generators, forecasters and loops of this lab are used; each text travels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autograder.spec.scenarios import built, run
from autograder.spec.training import Record

Entry = Callable[..., Any]


def with_generators(entry: Entry, num: int, length: int, seed: int) -> dict[str, Any]:
    """Draw sines, draw again with the same generator, and what this gives afterwards."""
    generator = torch.Generator().manual_seed(seed)
    drawn = {"first": entry(num, length, generator), "next": entry(num, length, generator)}
    return {**drawn, "then": torch.rand(2, generator=generator, dtype=torch.float32)}


def on_a_device(entry: Entry, num: int, length: int, device: str) -> dict[str, Any]:
    """Where sines are that were drawn with a generator of this device."""
    generator = torch.Generator(device=device).manual_seed(3)
    drawn = entry(num, length, generator)
    return {
        "the sines are on the generator's device": drawn.device.type == generator.device.type,
        "their shape": list(drawn.shape),
    }


def weighted(module: Any, weights: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Load weights by name if they fit; whether they do, and the parameters' shapes by name."""
    own = dict(module.named_parameters())
    alone: dict[str, Any] = {"dtype": torch.float32, "device": "meta"}
    shapes = {name: torch.empty(value.shape, **alone) for name, value in own.items()}
    fits = {n: one.shape for n, one in shapes.items()} == {n: w.shape for n, w in weights.items()}
    if fits:
        module.to(weights["fc.weight"].dtype)
        for name, value in own.items():
            value.data.copy_(weights[name])
    return fits, shapes


def forecast_and_gradients(
    entry: Entry, init: Any, weights: Mapping[str, Any], x: Any, probe: Any, mode: str = "train"
) -> dict[str, Any]:
    """Build a forecaster, load weights, run it, and go back from the sum of forecasts · probe.

    init: a dict hands over by keyword.  No forecasts where the parameters are not those of
    `weights`, and no gradients where the forecasts do not have the shape of the probe.
    """
    module = built(entry, init)
    fits, shapes = weighted(module, weights)
    if not fits:
        return {"parameters": shapes, "forecasts": None, "gradients": None}
    forecasts = run(module, [x], mode)
    gradients = None
    if isinstance(forecasts, torch.Tensor) and forecasts.shape == probe.shape:
        if forecasts.requires_grad:
            torch.autograd.backward((forecasts * probe).sum())
        gradients = {
            name: torch.zeros_like(value) if value.grad is None else value.grad
            for name, value in module.named_parameters()
        }
    return {"parameters": shapes, "forecasts": forecasts, "gradients": gradients}


def after_another(
    entry: Entry, init: Any, weights: Mapping[str, Any], first: Any, second: Any
) -> dict[str, Any]:
    """The forecasts of a second batch after a first one, and the module's mode afterwards."""
    module = built(entry, init)
    fits, shapes = weighted(module, weights)
    if not fits:
        return {"parameters": shapes, "forecasts": None}
    module.train()
    with torch.no_grad():
        module(first)
        forecasts = module(second)
    names = {True: "training", False: "evaluation"}
    asked = {"model": module, "rnn": module.rnn, "fc": module.fc}
    modes = {name: names[one.training] for name, one in asked.items()}
    return {"forecasts": forecasts, "modes": modes}


def quietly(entry: Entry, init: Any) -> dict[str, bool]:
    """Whether building a forecaster, and running it, warns of anything about dropout."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        module = built(entry, init)
        module(torch.zeros(2, 3, 1))
    return {"no warning about dropout": not any("dropout" in str(one.message) for one in told)}


def only_built(entry: Entry, init: Any) -> bool:
    """Build a forecaster."""
    built(entry, init)
    return True


def dropped(entry: Entry, weights: Mapping[str, Any], share: float) -> dict[str, bool]:
    """What is dropped in a forecaster of two layers of one unit, whose tanh is −1 or 1 for each.

    With these weights a window of ones gives 1, and the forecast is what the second layer makes of
    it: 1, or tanh(0.3) where the 1 was dropped on its way, or −1 where the window itself was.
    """
    module = entry(1, 2, share, "rnn")
    weighted(module, weights)
    forecasts = run(module, [torch.ones(600, 1, 1).to(weights["fc.weight"])], "train").detach()
    kept, gone = forecasts == 1.0, (forecasts - 0.29131).abs() < 1e-4
    return {
        "values of the window are never dropped": not bool((forecasts == -1.0).any()),
        "what the linear layer reads and gives is never dropped": bool((kept | gone).all()),
        "numbers between the layers are dropped with this probability": bool(
            (gone.double().mean() - share).abs() < 0.12
        ),
    }


class Echo(nn.Module):
    """Gives what it is given, and 3 more in training mode."""

    def forward(self, x: Any) -> Any:
        return x + 3 if self.training else x


class Rolling(nn.Module):
    """A recurrent forecaster that notes what it is asked, and in which mode."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        nn.Module.__init__(self)
        units = weights["fc.weight"].shape[1]
        self.rnn = nn.RNN(1, units, batch_first=True)
        self.body = nn.Sequential(Echo(), Echo())
        self.fc = nn.Linear(units, 1)
        self.asked: list[Any] = []
        self.modes: list[bool] = []
        weighted(self, weights)

    def forward(self, x: Any) -> Any:
        if x.dim() != 3 or x.shape[2] != 1:
            raise RuntimeError(f"the model is given {tuple(x.shape)}; its input is (B, L, 1)")
        self.asked.append(x.detach().clone())
        self.modes.append(any(module.training for module in self.modules()))
        return self.fc(self.body(self.rnn(x)[0][:, -1]))[:, 0]


def rolled(
    entry: Entry, weights: Mapping[str, Any], window: Any, steps: int, mode: str = "train"
) -> dict[str, Any]:
    """Roll out a recurrent forecaster: the forecasts, and what the model was asked."""
    model = Rolling(weights)
    model.train(mode == "train")
    forecasts = entry(model, window, steps)
    return {
        "forecasts": forecasts,
        "the result requires no gradient": not forecasts.requires_grad,
        "the model is in eval mode at each call": not any(model.modes),
        "what the model is given": model.asked,
    }


def modes_afterwards(
    entry: Entry, weights: Mapping[str, Any], window: Any, steps: int
) -> dict[str, Any]:
    """The modes of all submodules after a call, for four mixtures of modes before."""
    mixtures: tuple[tuple[bool, list[str]], ...] = (
        (True, []),
        (False, []),
        (True, ["rnn", "body.1"]),
        (False, ["body", "body.0"]),
    )
    found = []
    for root, others in mixtures:
        model = Rolling(weights)
        model.train(root)
        for name in others:
            model.get_submodule(name).training = not root
        entry(model, window, steps)
        names = {True: "training", False: "evaluation"}
        found.append({n or "model": names[one.training] for n, one in model.named_modules()})
    return {"modes": found}


def gradients_afterwards(
    entry: Entry, weights: Mapping[str, Any], window: Any, steps: int
) -> dict[str, bool]:
    """Whether gradients are on and off after calls with gradients on and off."""
    with torch.enable_grad():
        entry(Rolling(weights), window, steps)
        enabled = torch.is_grad_enabled()
    with torch.no_grad():
        entry(Rolling(weights), window, steps)
        disabled = torch.is_grad_enabled()
    return {
        "on after a call with gradients on": enabled,
        "off after a call under no_grad": not disabled,
    }


class Reader(nn.Module):
    """Reads windows of one length with a hidden layer, and notes in which mode it may learn."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        nn.Module.__init__(self)
        units, length = weights["hidden.weight"].shape
        self.hidden = nn.Linear(length, units)
        self.fc = nn.Linear(units, 1)
        self.modes: list[bool] = []
        weighted(self, weights)

    def forward(self, x: Any) -> Any:
        if x.dim() != 3 or x.shape[2] != 1:
            raise RuntimeError(f"the model is given {tuple(x.shape)}; its input is (B, L, 1)")
        if torch.is_grad_enabled():
            self.modes.append(self.training)
        return self.fc(torch.tanh(self.hidden(x[:, :, 0])))[:, 0]


def rows(x: Any) -> list[Any]:
    """The windows of a batch."""
    return [tuple(row) for row in x[:, :, 0].tolist()]


def train(
    entry: Entry,
    weights: Mapping[str, Any],
    X: Any,
    y: Any,
    options: Any,
    seed: int,
    mode: str = "train",
    later: Any = None,
) -> dict[str, Any]:
    """Build a Reader from its weights and train it; options: epochs, lr and batch_size.

    mode: that of the model before, "train" or "eval".  later: windows and targets from later on,
    for the judge alone.
    """
    return trained(entry, weights, X, y, options, torch.Generator().manual_seed(seed), mode)


def trained(
    entry: Entry, weights: Any, X: Any, y: Any, options: Any, generator: Any, mode: str = "train"
) -> dict[str, Any]:
    """What was returned, the steps, the weights afterwards, and what was counted.

    learning: passes in train mode that may learn.  norms: those of the gradients as an optimizer of
    PyTorch's finds them, step by step.
    """
    epochs, lr, batch_size = options
    model = Reader(weights)
    model.train(mode == "train")
    record = Record(model, [(X[:, :, None],)], rows, epochs * -(-len(X) // batch_size))
    norms: dict[int, list[float]] = {}

    def note(optimizer: Any, *_: Any) -> None:
        grads = [p.grad for group in optimizer.param_groups for p in group["params"]]
        squares = sum(float((grad**2).sum()) for grad in grads if grad is not None)
        norms.setdefault(id(optimizer), []).append(squares**0.5)

    hook = register_optimizer_step_pre_hook(note)
    try:
        losses = entry(model, X, y, epochs, lr, batch_size, generator)
    finally:
        hook.remove()
    after = {name: parameter.detach() for name, parameter in model.named_parameters()}
    seen = {"learning": sum(model.modes), "norms": max(norms.values(), key=len, default=[])}
    return {"losses": losses, "record": record.found(), "weights": after, **seen}


def orders(entry: Entry, weights: Any, X: Any, y: Any, options: Any, seed: int) -> dict[str, Any]:
    """Whether windows are shuffled, whether each by itself, and whether anew in each epoch."""
    generator = torch.Generator().manual_seed(seed)
    found = trained(entry, weights, X, y, options, generator)["record"]["samples"].tolist()
    turns = [sorted(one for one in turn if one >= 0) for turn in found]
    each = len(turns) // options[0]
    passes = [turns[k * each : (k + 1) * each] for k in range(options[0])]
    neighbours = sum(turn[-1] - turn[0] == len(turn) - 1 for turn in turns if turn)
    return {
        "the windows are shuffled": passes[0] != sorted(passes[0]),
        "neighbours are parted": neighbours <= len(turns) / 2,
        "each epoch has batches of its own": all(
            one not in passes[:k] for k, one in enumerate(passes)
        ),
    }


def shuffled(
    entry: Entry, weights: Any, X: Any, y: Any, options: Any, seed: int
) -> dict[str, Any]:
    """The batches of equal generators, of one of them again, and of other states."""
    one, twin, moved = (torch.Generator().manual_seed(seed) for _ in range(3))
    torch.rand(3, generator=moved, dtype=torch.float32)
    other = torch.Generator().manual_seed(seed + 1)
    order = {"first": one, "twin": twin, "next": one, "moved": moved, "other": other}
    batches = {}
    for name, generator in order.items():
        found = trained(entry, weights, X, y, options, generator)["record"]["samples"].tolist()
        batches[name] = [sorted(batch) for batch in found]
    first = batches["first"]
    return {
        "the same state gives the same batches": batches["twin"] == first,
        "a second call with the same generator has other batches": batches["next"] != first,
        "another state of the generator gives other batches": batches["moved"] != first,
        "another seed gives other batches": batches["other"] != first,
    }
