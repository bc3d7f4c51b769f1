"""How cells, classifiers and models of this lab are used; each text travels, with what it names."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from autograder.spec.scenarios import built, tensors

Entry = Callable[..., Any]
OF_A_CELL = ("output", "hidden")
OF_A_CLASSIFIER = ("logits", "state")


def with_weights(
    entry: Entry, init: Any, weights: Mapping[str, Any]
) -> tuple[Any, dict[str, Any], bool]:
    """The module with these weights, its parameters on "meta", and whether names and sizes fit."""
    module = built(entry, init)
    own = dict(module.named_parameters())
    sizes_alone: dict[str, Any] = {"dtype": torch.float32, "device": "meta"}
    parameters = {name: torch.empty(value.shape, **sizes_alone) for name, value in own.items()}
    fits = {n: p.shape for n, p in own.items()} == {n: w.shape for n, w in weights.items()}
    if fits:
        first = next(iter(weights.values()))
        module.to(first.dtype)
        for name, value in module.named_parameters():
            value.data.copy_(weights[name])
    return module, parameters, fits


def followed(part: Any) -> tuple[Any, list[Any]]:
    """A tensor, or a tuple of them, as new leaves of a graph; and these leaves."""
    if isinstance(part, tuple | list):
        leaves = [one.detach().clone().requires_grad_() for one in part]
        return tuple(leaves), leaves
    if part is None:
        return None, []
    leaf = part.detach().clone().requires_grad_()
    return leaf, [leaf]


def go_back(result: Any) -> None:
    """Back-propagate a weighted sum of all that was returned."""
    total: Any = 0.0
    for place, output in enumerate(tensors(result)):
        if output.requires_grad:
            probe = torch.arange(output.numel(), dtype=output.dtype, device=output.device)
            total = total + (torch.cos(1.3 * probe + place) * output.reshape(-1)).sum()
    if isinstance(total, torch.Tensor):
        torch.autograd.backward(total)


def named(result: Any, first: str, second: str) -> dict[str, Any]:
    """The two parts of a result by name; what is no pair stands under the first name."""
    pair = isinstance(result, tuple | list) and len(result) == 2
    return {first: result[0], second: result[1]} if pair else {first: result, second: None}


def traced(
    entry: Entry,
    init: Any,
    weights: Mapping[str, Any],
    given: Mapping[str, Any],
    run: Any,
    mode: str,
    parts: tuple[str, str],
) -> dict[str, Any]:
    """Build, load, run, go back: {"parameters", both parts, "gradients", one of each input}."""
    module, parameters, fits = with_weights(entry, init, weights)
    if not fits:
        return {"parameters": parameters, **named(None, *parts), "gradients": None}
    module.train(mode == "train")
    inputs = {name: followed(part) for name, part in given.items()}
    result = run(module, *(part for part, _ in inputs.values()))
    go_back(result)
    found = {"parameters": parameters, **named(result, *parts)}
    found["gradients"] = {name: value.grad for name, value in module.named_parameters()}
    for name, (_, leaves) in inputs.items():
        found[f"gradient of {name}"] = [leaf.grad for leaf in leaves]
    return found


def one_step(
    entry: Entry, init: Any, weights: Any, x: Any, hidden: Any, mode: str = "train"
) -> dict[str, Any]:
    """One step of a cell with these weights, and the gradients of a sum of what it returned."""
    given = {"x": x, "hidden": hidden}
    return traced(entry, init, weights, given, lambda m, *both: m(*both), mode, OF_A_CELL)


def first_step_only(entry: Entry, init: Any, weights: Any, x: Any, hidden: Any) -> dict[str, Any]:
    """Which parameters a gradient of the output alone reaches, in a single step."""
    module, parameters, fits = with_weights(entry, init, weights)
    found: dict[str, Any] = {f"a gradient reaches {name}": False for name in weights}
    if fits:
        go_back(module(x, hidden)[0])
        for name, value in module.named_parameters():
            found[f"a gradient reaches {name}"] = value.grad is not None and bool(value.grad.any())
    return {"parameters": parameters, **found}


def steps_in_a_row(entry: Entry, init: Any, weights: Any, x: Any) -> dict[str, Any]:
    """A whole sequence through a cell, from the state that it makes itself."""

    def run(module: Any, x: Any) -> Any:
        state = module.init_hidden(len(x))
        seen = []
        for t in range(x.shape[1]):
            output, state = module(x[:, t], state)
            seen.append(output)
        return seen, state

    return traced(entry, init, weights, {"x": x}, run, "train", ("outputs", "hidden"))


def first_states(entry: Entry, init: Any, weights: Any, batch_sizes: Any) -> dict[str, Any]:
    """What init_hidden gives: before the weights' dtype and device are taken on, and after it."""
    new = built(entry, init)
    new.init_hidden(1)
    first = next(iter(weights.values()))
    new.to(first.dtype)
    moved = [new.init_hidden(B) for B in batch_sizes]
    kept = new.init_hidden(2).detach()
    kept += 1.0
    again = new.init_hidden(2)
    plain = not any(state.requires_grad for state in (*moved, again))
    return {"states": moved, "after a state was changed": again, "they need no gradient": plain}


class OneCell(nn.Module):
    """A recurrent cell with given weights, with a state that is a tensor or a pair of them.

    It writes down what it is called with, and grows louder from call to call.
    """

    def __init__(self, weights: Mapping[str, Any], louder: float) -> None:
        nn.Module.__init__(self)
        self.inner = nn.ParameterDict({n: nn.Parameter(w.clone()) for n, w in weights.items()})
        self.louder = louder
        self.seen: list[Any] = []

    def forward(self, x_t: Any, state: Any) -> Any:
        self.seen.append(x_t.detach().clone())
        h, c = state if isinstance(state, tuple) else (state, 0.0)
        mixed = x_t @ self.inner["W_xh"] + h @ self.inner["W_hh"] + self.inner["b_h"]
        new = torch.tanh(mixed) + 0.4 * c
        loudness = 1.0 + self.louder * len(self.seen)
        output = loudness * (new.sin() @ self.inner["W_hy"])
        return output, (new.tanh(), new) if isinstance(state, tuple) else new


def through_a_cell(
    entry: Entry, weights: Any, x: Any, hidden: Any, form: str = "module", louder: float = 0.0
) -> dict[str, Any]:
    """Run a OneCell; form: how it is handed over, as a "module", "method" or "function"."""
    own = OneCell(weights, louder)
    (sequence, (x_leaf,)), (state, leaves) = followed(x), followed(hidden)
    cell: Any = {"module": own, "method": own.forward, "function": lambda a, b: own(a, b)}[form]
    result = entry(cell, sequence, state)
    go_back(result)
    steps = own.seen
    right = len(steps) == x.shape[1] and all(
        one.shape == x[:, t].shape and bool((one == x[:, t]).all()) for t, one in enumerate(steps)
    )
    return {
        **named(result, "outputs", "hidden"),
        "gradients": {name: value.grad for name, value in own.inner.items()},
        "gradient of x": x_leaf.grad,
        "gradient of hidden": [leaf.grad for leaf in leaves],
        "the cell is called once for each step, in order": right,
    }


def classified(
    entry: Entry, init: Any, weights: Any, x: Any, state: Any = None, mode: str = "train"
) -> dict[str, Any]:
    """Build a classifier, load weights, run it; state None is left out of the call."""

    given = {"x": x} if state is None else {"x": x, "state": state}
    return traced(entry, init, weights, given, lambda m, *both: m(*both), mode, OF_A_CLASSIFIER)


def state_in_training(entry: Entry, init: Any, weights: Any, x: Any) -> Any:
    """The state alone, after a call in train mode."""
    module, _, fits = with_weights(entry, init, weights)
    return module.train()(x)[1] if fits else None


def two_calls(entry: Entry, init: Any, weights: Any, first: Any, second: Any) -> Any:
    """What a module gives for a second batch, after another went through it."""
    module, parameters, fits = with_weights(entry, init, weights)
    if not fits:
        return {"parameters": parameters}
    module.train()
    module(first)
    result = named(module(second), *OF_A_CLASSIFIER)
    names = {True: "training", False: "evaluation"}
    return {**result, "modes": {"model": names[module.training]}}


def warned(entry: Entry, init: Any, x: Any) -> dict[str, Any]:
    """Whether PyTorch warns of the dropout; and the sizes of the logits."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        logits, _ = built(entry, init).to(x.dtype).train()(x)
    quiet = not any("dropout" in str(one.message).lower() for one in caught)
    return {"there is no warning": quiet, "logits": list(logits.shape)}


def logits_of_new(entry: Entry, init: Any, x: Any) -> list[int]:
    """The sizes of the logits of a new module."""
    return list(built(entry, init).to(x.dtype)(x)[0].shape)
