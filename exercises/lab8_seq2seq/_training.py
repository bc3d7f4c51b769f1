"""How training is used and judged: a small model, what it is asked, and what became of it.

The model knows what it needs to turn sequences round. Its encoder keeps the embedded tokens, the
newest on top; its decoder, a plain recurrent network, takes one of them at each step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autograder.spec.training import Record, Training, facts_of_steps

NEW, LONGEST = 300, 6
"""How many new pairs the model is asked, and tokens in the longest of them."""
RIGHT = 0.8
"""What part of these it must get right."""


class Pile(nn.Module):
    """An encoder whose state is a pile of embedded tokens, (1, B, S, E), the newest first."""

    def __init__(self, words: Any) -> None:
        nn.Module.__init__(self)
        self.words = nn.Embedding(*words.shape)

    def forward(self, tokens: Any, lengths: Any) -> Any:
        known = self.words(tokens)
        age = lengths[:, None] - torch.arange(1, tokens.shape[1] + 1, device=tokens.device)
        order = torch.where(age >= 0, age, 0)
        newest = known.gather(1, order[..., None].expand_as(known))
        return known, (newest * (age >= 0)[..., None])[None]


class Taker(nn.Module):
    """A decoder that takes one token from the pile at each step; the first of its state is h."""

    def __init__(self, words: Any) -> None:
        nn.Module.__init__(self)
        self.words = nn.Embedding(*words.shape)
        self.turn = nn.Linear(words.shape[1], words.shape[1])
        self.say = nn.Linear(words.shape[1], len(words))

    def forward(self, tokens: Any, state: Any) -> Any:
        pile = state[0]
        h, said = torch.zeros_like(pile[:, 0]), []
        for t, word in enumerate(self.words(tokens).unbind(1)):
            top = pile[:, t] if t < pile.shape[1] else 0
            h = torch.tanh(self.turn(h) + word + top)
            said.append(self.say(h))
        return torch.stack(said, 1), state


class Reverser(nn.Module):
    """Both together, with given weights; notes the modes in which it learns."""

    def __init__(self, weights: Mapping[str, Any], start_id: int, end_id: int) -> None:
        nn.Module.__init__(self)
        self.encoder = Pile(weights["encoder.words.weight"])
        self.decoder = Taker(weights["decoder.words.weight"])
        self.start_id, self.end_id = start_id, end_id
        self.learnt_in: list[bool] = []
        for name, value in self.named_parameters():
            value.data = weights[name].clone()

    def forward(self, src: Any, lengths: Any, targets: Any) -> Any:
        fed = torch.cat([torch.full_like(targets[:, :1], self.start_id), targets[:, :-1]], 1)
        logits, _ = self.decoder(fed, self.encoder(src, lengths)[1])
        mode = all(one.training for one in self.modules())
        if logits.requires_grad:
            logits.register_hook(lambda gradient: self.learnt_in.append(mode))
        return logits


def rows_with(end_id: int) -> Callable[..., list[Any]]:
    """The pairs of a batch without padding, by the token that ends a target."""

    def rows(src: Any, lengths: Any, targets: Any) -> list[Any]:
        found = []
        for source, n, target in zip(
            src.tolist(), lengths.tolist(), targets.tolist(), strict=True
        ):
            end = target.index(end_id) + 1 if end_id in target else len(target)
            found.append((*source[:n], -1, *target[:end]))
        return found

    return rows


def once(batches: Any) -> Iterator[Any]:
    """What can be gone through one time."""
    yield from batches


def train(
    entry: Callable[..., Any],
    weights: Mapping[str, Any],
    ids: Any,
    batches: Any,
    epochs: int,
    lr: float,
    max_norm: float | None = None,
    mode: str = "train",
    one_pass: bool = False,
    names: Any = None,
) -> dict[str, Any]:
    """Build a Reverser from its weights and train it.

    ids: start_id and end_id.  mode: that of the model before, "train" or "eval".  one_pass: the
    batches come from a generator.  names: what tokens are called in sources and in targets, for the
    judge alone; where they are given, each step is noted.  Gives what was returned, the weights
    afterwards by name, whether it learnt in train mode throughout, and the norm of the gradients as
    the optimizer finds them, step by step; none where it is not one of PyTorch's.
    """
    model = Reverser(weights, *ids)
    model.train(mode == "train")
    norms: list[float] = []

    def note(optimizer: Any, *_: Any) -> None:
        grads = [p.grad for group in optimizer.param_groups for p in group["params"]]
        norms.append(sum(float((grad**2).sum()) for grad in grads if grad is not None))

    record = None
    if names is not None:
        record = Record(model, batches, rows_with(ids[1]), epochs * len(batches))
    hook = register_optimizer_step_pre_hook(note)
    try:
        given = (once(batches) if one_pass else batches, epochs, lr)
        losses = entry(model, *given, *(() if max_norm is None else (max_norm,)))
    finally:
        hook.remove()
    after = {name: parameter.detach() for name, parameter in model.named_parameters()}
    seen = {"record": record.found()} if record else {}
    return {
        "losses": losses,
        "weights": after,
        "learnt in train mode": all(model.learnt_in),
        "squares": norms,
        **seen,
    }


# -- the judge's side ----------------------------------------------------------------------------


def view(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """The losses where no weight moves, the size of the gradients, and matches on new pairs."""
    before, after = arguments["weights"], result["weights"]
    moved = any(bool((after[name] != before[name]).any()) for name in before)
    facts: dict[str, Any] = {"it learns in train mode": result["learnt in train mode"]}
    if arguments["lr"] == 0:
        facts |= {"losses": result["losses"], "with lr = 0 the weights stay": not moved}
        return {**facts, "norms of the gradients": norms(arguments, result["squares"])}
    losses, epochs = result["losses"], arguments["epochs"]
    numbers = isinstance(losses, list) and all(isinstance(one, float) for one in losses)
    steps = facts_of_steps(as_asked(arguments), result["record"], after, losses)
    right = matches(arguments, after)
    return {
        **facts,
        "the weights change": moved,
        "one Python float for each epoch": numbers and len(losses) == epochs,
        **steps,
        "the loss falls": numbers and len(losses) > 1 and bool(losses[-1] < losses[0] / 2),
        f"at least {RIGHT} of new sequences come out right": right >= RIGHT,
    }


def norms(arguments: Mapping[str, Any], squares: list[float]) -> list[list[float]]:
    """The norm at each step of a training with lr = 0, sorted in each epoch.

    squares: those that were noted, several for a step where there are several optimizers; where
    there are none, the norms are those that are due.
    """
    training = as_asked(arguments)
    steps = training.epochs * len(training.batches)
    if not squares and steps:
        each = [due_norm(training, batch, arguments["ids"][1]) for batch in arguments["batches"]]
        return [sorted(each) for _ in range(training.epochs)]
    together = len(squares) // steps if steps and len(squares) % steps == 0 else 1
    sums = [sum(squares[k : k + together]) for k in range(0, len(squares), together or 1)]
    found = [square**0.5 for square in sums]
    wide = len(training.batches)
    return [sorted(found[k : k + wide]) for k in range(0, len(found), wide)]


def due_norm(training: Training, batch: Any, end_id: int) -> float:
    """The norm of a batch's gradient at the first weights, clipped."""
    leaves = {
        name: value.double()[None].requires_grad_() for name, value in training.start.items()
    }
    sums = training.sums(leaves, *(part[None] for part in batch))
    mean = sums.sum() / int(real_tokens(batch[2], end_id).sum())
    grads = torch.autograd.grad(mean, list(leaves.values()))
    return min(training.max_norm, sum(float((grad**2).sum()) for grad in grads) ** 0.5)


def as_asked(arguments: Mapping[str, Any]) -> Training:
    """The training, to be gone through again."""
    batches, ids = arguments["batches"], arguments["ids"]
    wide = [max(batch[place].shape[1] for batch in batches) for place in (0, 2)]
    sources = [F.pad(src, (0, wide[0] - src.shape[1])) for src, _, _ in batches]
    targets = [F.pad(one, (0, wide[1] - one.shape[1]), value=ids[1]) for *_, one in batches]
    data = [torch.cat(part) for part in (sources, [one[1] for one in batches], targets)]
    return Training(
        start=arguments["weights"],
        batches=batches,
        rows=rows_with(ids[1]),
        data=data,
        sums=partial(summed_losses, ids=ids),
        sizes=real_tokens(data[2], ids[1]).sum(-1),
        epochs=arguments["epochs"],
        lr=arguments["lr"],
        max_norm=arguments.get("max_norm", 5.0),
    )


def real_tokens(targets: Any, end_id: int) -> Any:
    """(…, T), True up to and with the first end_id."""
    before = F.pad((targets == end_id).long(), (1, 0))[..., :-1]
    return before.cumsum(-1) == 0


def summed_losses(
    weights: Mapping[str, Any], src: Any, lengths: Any, targets: Any, ids: Any
) -> Any:
    """The summed loss of each pair, (…, B), for several Reversers with a batch each."""
    pile, h, each = piled(weights, src, lengths), None, []
    real, fed = real_tokens(targets, ids[1]), torch.full_like(targets[..., 0], ids[0])
    for t in range(targets.shape[-1]):
        h, scores = told(weights, pile, t, fed, h)
        fed = targets[..., t]
        losses = F.cross_entropy(scores.flatten(0, -2), fed.flatten(), reduction="none")
        each.append(losses.reshape(targets.shape[:-1]) * real[..., t])
    return torch.stack(each).sum(0)


def piled(weights: Mapping[str, Any], src: Any, lengths: Any) -> Any:
    """The embedded tokens (…, B, S, E), the newest first."""
    age = lengths[..., None] - torch.arange(1, src.shape[-1] + 1)
    known = F.one_hot(src.gather(-1, age.clamp(min=0)), weights["encoder.words.weight"].shape[-2])
    known = (known * (age >= 0)[..., None]).to(weights["encoder.words.weight"].dtype)
    return known @ weights["encoder.words.weight"][..., None, :, :]


def told(weights: Mapping[str, Any], pile: Any, t: int, fed: Any, h: Any) -> tuple[Any, Any]:
    """The state and the logits of step t; fed: (…, B)."""
    table = weights["decoder.words.weight"]
    total = F.one_hot(fed, table.shape[-2]).to(table.dtype) @ table
    total = total + weights["decoder.turn.bias"][..., None, :]
    if t < pile.shape[-2]:
        total = total + pile[..., t, :]
    if h is not None:
        total = total + h @ weights["decoder.turn.weight"].mT
    h = torch.tanh(total)
    return h, h @ weights["decoder.say.weight"].mT + weights["decoder.say.bias"][..., None, :]


def matches(arguments: Mapping[str, Any], weights: Mapping[str, Any]) -> float:
    """The share of new sequences that the model turns round without a fault, by itself."""
    (start_id, end_id), batches = arguments["ids"], arguments["batches"]
    names = {key: value.numpy() for key, value in arguments["names"].items()}
    known = {row for batch in batches for row in rows_with(end_id)(*batch)}
    rng = np.random.default_rng(20)
    sources: list[Any] = []
    due: list[Any] = []
    while len(sources) < NEW:
        symbols = rng.integers(len(names["sources"]), size=rng.integers(2, LONGEST + 1))
        source, target = names["sources"][symbols], names["targets"][symbols[::-1]]
        if (*source.tolist(), -1, *target.tolist(), end_id) not in known:
            sources.append(torch.from_numpy(source))
            due.append(torch.from_numpy(target))
    src, wanted = (
        nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=end_id)
        for rows in (sources, due)
    )
    wanted = F.pad(wanted, (0, 1), value=end_id)
    pile, h = piled(weights, src, torch.tensor([len(row) for row in sources])), None
    fed, right = torch.full((NEW,), start_id), torch.ones(NEW, dtype=torch.bool)
    ended = torch.zeros(NEW, dtype=torch.bool)
    for t in range(wanted.shape[1]):
        h, scores = told(weights, pile, t, fed, h)
        fed = scores.argmax(-1)
        right &= ended | (fed == wanted[:, t])
        ended |= fed == end_id
    return float((right & ended).double().mean())
