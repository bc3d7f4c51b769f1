"""How generators, losses, taggers and loops are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autograder.spec.scenarios import built, run
from autograder.spec.training import Record

Entry = Callable[..., Any]


def with_generators(
    entry: Entry, kind: str, num_sequences: int, seq_len: int, num_tags: int, seed: int
) -> dict[str, Any]:
    """Draw with equally seeded generators, with one of them again, and with other states.

    Gives what each of five calls returned.
    """
    one, twin, moved = (torch.Generator().manual_seed(seed) for _ in range(3))
    other = torch.Generator().manual_seed(seed + 1)
    torch.rand(3, generator=moved)

    def draw(generator: torch.Generator) -> Any:
        return entry(kind, num_sequences, seq_len, num_tags, generator)

    drawn = {"first": draw(one), "twin": draw(twin), "next": draw(one)}
    return {**drawn, "moved": draw(moved), "other": draw(other)}


def back_from_nothing(entry: Entry, logits: Any, tags: Any) -> dict[str, Any]:
    """The loss of a batch without a real token, and the gradient that reaches its logits."""
    logits = logits.detach().clone().requires_grad_()
    loss = entry(logits, tags)
    torch.autograd.backward(loss)
    gradient = torch.zeros_like(logits) if logits.grad is None else logits.grad
    return {"loss": loss, "gradient": gradient}


def filled(module: nn.Module, weights: Mapping[str, Any]) -> nn.Module:
    """The module with copies of these weights, by name; raises where a size is another."""
    for name, value in module.named_parameters():
        weight = weights[name].reshape(value.shape)
        value.data = weight.clone(memory_format=torch.contiguous_format)
    return module


def logits_and_gradients(
    entry: Entry,
    init: Any,
    weights: Mapping[str, Any],
    inputs: Any,
    probe: Any,
    mode: str = "train",
) -> dict[str, Any]:
    """Build a tagger, load weights by name, run it, and go back from the sum of logits · probe.

    init, inputs: a dict hands over by keyword.  Gives {"parameters": {name: shape}, "logits",
    "gradients": {name: tensor, or None}}; no logits where names or shapes are not those of
    `weights`, and no gradients where the logits do not have the shape of the probe.
    """
    module = built(entry, init)
    shapes = {name: list(value.shape) for name, value in module.named_parameters()}
    if shapes != {name: list(value.shape) for name, value in weights.items()}:
        return {"parameters": shapes, "logits": None, "gradients": None}
    logits = run(filled(module, weights), inputs, mode)
    gradients = None
    if isinstance(logits, torch.Tensor) and logits.shape == probe.shape:
        if logits.requires_grad:
            torch.autograd.backward((logits * probe).sum())
        gradients = {name: value.grad for name, value in module.named_parameters()}
    return {"parameters": shapes, "logits": logits, "gradients": gradients}


def padding_row(entry: Entry, init: Any, padding_idx: int) -> Any:
    """The embedding of the padding token in a tagger that was just built."""
    return entry(*init).embedding.weight.detach()[padding_idx].double()


def two_batches(
    entry: Entry, init: Any, weights: Mapping[str, Any], first: Any, second: Any
) -> Any:
    """The logits of a second batch, after one of another size went through the same tagger."""
    module = filled(entry(*init), weights)
    with torch.no_grad():
        module(*first)
        return module(*second)


class LoudTagger(nn.Module):
    """A GRU tagger with given weights, whose logits are larger in short sequences.

    So it shows whether it is told the lengths.
    """

    def __init__(self, weights: Mapping[str, Any]) -> None:
        super().__init__()
        vocabulary, features = weights["embedding.weight"].shape
        tags, units = weights["fc.weight"].shape
        self.embedding = nn.Embedding(vocabulary, features, padding_idx=0)
        self.rnn = nn.GRU(features, units, batch_first=True)
        self.fc = nn.Linear(units, tags)
        filled(self, weights)

    def forward(self, tokens: Any, lengths: Any = None) -> Any:
        scores = self.fc(self.rnn(self.embedding(tokens))[0])
        loudness = 1 if lengths is None else 1 + 1 / lengths.to(scores)[:, None, None]
        return scores * loudness


def rows(tokens: Any, lengths: Any = None) -> list[Any]:
    """The sequences of a batch, without padding."""
    sequences = tokens.tolist()
    ends = [len(row) for row in sequences] if lengths is None else lengths.tolist()
    return [tuple(row[:n]) for row, n in zip(sequences, ends, strict=True)]


def train(
    entry: Entry,
    weights: Mapping[str, Any],
    batches: Any,
    epochs: int,
    lr: float,
    max_norm: float | None = None,
    names: Any = None,
) -> dict[str, Any]:
    """Build a LoudTagger from its weights and train it.

    names: what tokens and tags are called, for the judge alone; where they are given, each step is
    noted.  Gives what was returned, the weights afterwards by name, and the norm of the gradients
    as the optimizer finds them, step by step; none where it is not one of PyTorch's.
    """
    model = LoudTagger(weights)
    norms: list[float] = []

    def note(optimizer: Any, *_: Any) -> None:
        grads = [p.grad for group in optimizer.param_groups for p in group["params"]]
        squares = [float((grad**2).sum()) for grad in grads if grad is not None]
        norms.append(sum(squares) ** 0.5)

    record = None
    if names is not None:
        record = Record(model, [batch[:2] for batch in batches], rows, epochs * len(batches))
    hook = register_optimizer_step_pre_hook(note)
    try:
        limit = () if max_norm is None else (max_norm,)
        losses = entry(model, batches, epochs, lr, *limit)
    finally:
        hook.remove()
    after = {name: parameter.detach() for name, parameter in model.named_parameters()}
    seen = {"record": record.found()} if record else {}
    return {"losses": losses, "weights": after, "norms": norms, **seen}
