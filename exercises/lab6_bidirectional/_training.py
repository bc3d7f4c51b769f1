"""How training is used and judged: a small model, what it is asked, and what became of it.

The model reads pairs of neighbouring words: embedding → convolution over two steps → relu → maximum
over the pairs inside the sentence → fc.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autograder.spec.training import Record, Training, facts_of_steps

LONGEST = 9
"""Words in the longest sentence."""


def draw_sentence(rng: np.random.Generator, label: int, words: Any) -> list[int]:
    """Praise (1) or a complaint (0), of the same words: "good … not bad" or "bad … not good".

    words: 16 ids: that of "not", of four kind words, of four unkind ones, and of words that say
    nothing.
    """
    kind, unkind = (int(words[place + rng.integers(4)]) for place in (1, 5))
    plain, opposite = (kind, unkind) if label else (unkind, kind)
    clauses = [[plain], [int(words[0]), opposite]]
    if rng.random() < 0.5:
        clauses.reverse()
    row: list[int] = []
    for clause in (*clauses, []):
        row += [int(words[n]) for n in rng.integers(9, 16, rng.integers(0, 3))] + clause
    return row


def draw_sentences(rng: np.random.Generator, labels: Any, words: Any, T: int = 0) -> Any:
    """(tokens, lengths) of sentences with these labels; T: of how many steps, 0 for no more than needed."""
    rows = [draw_sentence(rng, label, words) for label in labels]
    lengths = np.array([len(row) for row in rows])
    tokens = rng.integers(4, 20, (len(rows), T or lengths.max()))
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = row
    return tokens, lengths


def rows(tokens: Any, lengths: Any) -> list[Any]:
    """The sentences of a batch, without padding."""
    return [tuple(row[:n]) for row, n in zip(tokens.tolist(), lengths.tolist(), strict=True)]


def trained(
    entry: Any,
    weights: Any,
    batches: Any,
    options: Any,
    watch: bool,
    mode: str = "train",
    words: Any = None,
) -> dict[str, Any]:
    """Train the model from these weights; what was returned, and the weights afterwards.

    mode: that of the model before, "train" or "eval".  watch: also each forward pass that could
    learn: its tokens and lengths, the mode and the weights at that moment, and the gradients as
    backward left them and as an optimiser's step then found them; else a record of the steps.
    words: what the ids mean, which is for the judge alone.
    """
    V, E = weights["embedding.weight"].shape
    C, K = weights["fc.weight"].shape
    passes: list[dict[str, Any]] = []

    class Pairs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(V, E)
            self.pairs = nn.Conv1d(E, K, 2)
            self.fc = nn.Linear(K, C)

        def forward(self, tokens: Any, lengths: Any) -> Any:
            if watch and torch.is_grad_enabled():
                found = {"tokens": tokens.clone(), "lengths": lengths.clone(), "weights": now()}
                passes.append({**found, "training": self.training, "backward": {}, "step": []})
            pairs = torch.relu(self.pairs(self.embedding(tokens).transpose(1, 2)))
            place = torch.arange(1, tokens.shape[1], device=lengths.device)
            inside = (place < lengths[:, None])[:, None]
            return self.fc((pairs * inside).amax(dim=2))

    model = Pairs().to(weights["fc.weight"].dtype)
    own = dict(model.named_parameters())
    for name, value in own.items():
        value.data.copy_(weights[name])

    model.train(mode == "train")

    def now() -> dict[str, Any]:
        return {name: value.detach().clone() for name, value in own.items()}

    def arrived(name: str) -> Any:
        def note(value: Any) -> None:
            if passes:
                passes[-1]["backward"][name] = value.grad.detach().clone()

        return note

    def stepped(optimizer: Any, args: Any, kwargs: Any) -> None:
        if passes:
            grads = {n: torch.zeros_like(p) if p.grad is None else p.grad for n, p in own.items()}
            passes[-1]["step"].append({n: grad.detach().clone() for n, grad in grads.items()})

    handles = [register_optimizer_step_pre_hook(stepped)]
    for name, value in own.items():
        hook: Any = value.register_post_accumulate_grad_hook
        handles.append(hook(arrived(name)))
    record = None
    if not watch:
        record = Record(model, [one[:2] for one in batches], rows, options[0] * len(batches))
    try:
        losses = entry(model, batches, *options)
    finally:
        for handle in handles:
            handle.remove()
    seen = {"record": record.found()} if record else {"passes": passes}
    return {"losses": losses, "weights": now(), **seen}


def view(arguments: Any, result: Any) -> dict[str, Any]:
    """What should hold of the losses, of each update, and of the model on sentences of our own."""
    losses, (epochs, lr) = result["losses"], arguments["options"][:2]
    listed = isinstance(losses, list | tuple)
    facts: dict[str, Any] = {
        "the losses are a list": listed,
        "there is one loss for each epoch": listed and len(losses) == epochs,
        "each loss is a Python float": listed and all(isinstance(one, float) for one in losses),
    }
    if not arguments["watch"]:
        falls = listed and len(losses) > 1 and float(losses[-1]) < float(losses[0])
        right = right_of_400(result["weights"], arguments["words"])
        training = as_asked(arguments)
        facts |= facts_of_steps(training, result["record"], result["weights"], losses)
        facts["the loss falls"] = falls
        facts["at least 75 % of new sentences are classified rightly (chance: 50 %)"] = (
            right >= 300
        )
        return facts
    if epochs:
        facts |= of_updates(arguments, result)
    if lr < 1e-6:
        facts["a tiny lr hardly moves the weights"] = max(moves(arguments, result)) < 1e-4
        facts["the losses with weights that hardly move"] = losses
    return facts


def as_asked(arguments: Any) -> Training:
    """The training on sentences, to be gone through again."""
    batches = arguments["batches"]
    tokens = [nn.functional.pad(one[0], (0, LONGEST - one[0].shape[1])) for one in batches]
    data = [torch.cat(tokens), *(torch.cat([one[n] for one in batches]) for n in (1, 2))]
    return Training(
        start=arguments["weights"],
        batches=[one[:2] for one in batches],
        rows=rows,
        data=data,
        sums=losses_of,
        sizes=torch.ones(len(data[0]), dtype=torch.float64),
        epochs=arguments["options"][0],
        lr=arguments["options"][1],
        max_norm=(*arguments["options"], 5.0)[2],
        afterwards=True,
    )


def losses_of(weights: Any, tokens: Any, lengths: Any, labels: Any) -> Any:
    """The loss of each sentence."""
    found = logits(weights, tokens, lengths).flatten(0, -2)
    return cross_entropy(found, labels.flatten(), reduction="none").reshape(labels.shape)


def right_of_400(weights: Any, words: Any) -> int:
    """How many of 400 new sentences the model classifies rightly."""
    rng = np.random.default_rng(20)
    labels = rng.integers(0, 2, 400)
    drawn = draw_sentences(rng, labels, words.tolist(), LONGEST)
    answers = logits(weights, *map(torch.from_numpy, drawn)).argmax(dim=1)
    return int((answers == torch.from_numpy(labels)).sum())


def logits(weights: Any, tokens: Any, lengths: Any) -> Any:
    """What the model with these weights gives, or each of several, with a batch of its own."""
    table = weights["embedding.weight"]
    known = one_hot(tokens, table.shape[-2]).to(table.dtype)
    words = torch.einsum("...btv,...ve->...bte", known, table)
    both = torch.stack([words[..., :-1, :], words[..., 1:, :]], dim=-1)
    found = torch.einsum("...bted,...ked->...btk", both, weights["pairs.weight"])
    found = (found + weights["pairs.bias"][..., None, None, :]).clamp(min=0)
    inside = torch.arange(1, tokens.shape[-1]) < lengths[..., None]
    best = (found * inside[..., None]).amax(-2)
    scores = torch.einsum("...bk,...ck->...bc", best, weights["fc.weight"])
    return scores + weights["fc.bias"][..., None, :]


def moves(arguments: Any, result: Any) -> list[float]:
    """How far each parameter has moved at most."""
    start, end = arguments["weights"], result["weights"]
    return [float((end[name] - start[name]).abs().max()) for name in start]


def size(one: Any) -> float:
    """The norm of all gradients together."""
    return float(torch.cat([value.flatten() for value in one.values()]).norm())


def cosine(one: Any, other: Any) -> float:
    """1 where two sets of gradients have the same direction."""
    dot = sum(float((one[name] * other[name]).sum()) for name in one)
    return dot / max(1e-300, size(one) * size(other))


def same_weights(one: Any, other: Any) -> bool:
    """Whether nothing has moved."""
    return all(bool(torch.equal(one[name], other[name])) for name in one)


def sentences(tokens: Any, lengths: Any) -> list[Any]:
    """The sentences of a batch, without padding, in an order of their own."""
    return sorted(row[:n] for row, n in zip(tokens.tolist(), lengths.tolist(), strict=True))


def updates(passes: Any, batches: Any, end: Any) -> list[tuple[Any, Any]]:
    """Each turn of the loop, which may take several passes, and the weights behind it.

    A pass that only looks is as good with gradients as without: it is left out, unless all are.
    """
    asked = [sentences(tokens, lengths) for tokens, lengths, _ in batches]
    turns: list[Any] = []
    for one in passes:
        these = sentences(one["tokens"], one["lengths"])
        known = asked.index(these) if these in asked else None
        last = turns[-1] if turns else None
        if last and last["batch"] == known and same_weights(last["weights"], one["weights"]):
            last["step"] += one["step"]
            last["backward"] = one["backward"] or last["backward"]
            last["training"] = last["training"] or one["training"]
        else:
            turns.append({**one, "step": [*one["step"]], "batch": known})
    pairs = [*zip(turns, [*(one["weights"] for one in turns[1:]), end], strict=False)]
    learning = [
        (turn, then)
        for turn, then in pairs
        if turn["backward"] or turn["step"] or not same_weights(turn["weights"], then)
    ]
    return learning or pairs


def of_updates(arguments: Any, result: Any) -> dict[str, bool]:
    """What should hold of the updates."""
    batches, (epochs, lr) = arguments["batches"], arguments["options"][:2]
    max_norm = (*arguments["options"], 5.0)[2]
    learning = updates(result["passes"], batches, result["weights"])
    turns = [turn for turn, _ in learning]
    names = list(arguments["weights"])
    zeros = {name: torch.zeros(()) for name in names}
    updated = own = short_enough = long_enough = direction = directions = True
    before = []
    for turn, then in learning:
        if turn["batch"] is None:
            continue
        tokens, lengths, labels = batches[turn["batch"]]
        leaves = {name: turn["weights"][name].clone().requires_grad_() for name in names}
        loss = cross_entropy(logits(leaves, tokens, lengths), labels)
        before.append(float(loss.detach()))
        exact = dict(zip(names, torch.autograd.grad(loss, [*leaves.values()]), strict=True))
        if size(exact) < 1e-2:
            continue
        updated = updated and not same_weights(turn["weights"], then)
        came = turn["backward"] if len(turn["backward"]) == len(names) else None
        used = turn["step"][-1] if turn["step"] else None
        if came or used:
            own = own and cosine(came or used, exact) > 0.98
        if not used and turn is turns[0]:
            # Updated by hand: one that goes down the gradient cannot go further than it is long.
            far = {name: turn["weights"][name] - then[name] for name in names}
            if cosine(far, exact) > 0.999:
                short_enough = size(far) <= 2 * lr * max_norm
        if used:
            raw = came or exact
            short_enough = short_enough and size(used) <= 1.001 * min(size(raw), max_norm)
            long_enough = long_enough and size(used) >= 0.999 * min(size(raw), max_norm)
            direction = direction and cosine(used, raw) > 0.9999
            directions = directions and all(
                cosine({**zeros, name: used[name]}, {**zeros, name: raw[name]}) > 0.999
                for name in names
                if float(raw[name].norm()) > 1e-6
            )
    times = [sum(turn["batch"] == place for turn in turns) for place in range(len(batches))]
    found = {
        "each call hands the model the tokens and the lengths of one batch": all(
            turn["batch"] is not None for turn in turns
        ),
        "every batch is used in every epoch": min(times) >= epochs,
        "the last loss speaks for the last epoch and no other": not of_another_epoch(
            arguments, result, turns, before
        ),
        "every batch is followed by an update": bool(turns) and updated,
        "each update uses the gradient of its own batch and of no other": own,
        "no update uses a gradient longer than max_norm, or longer than it was": short_enough,
        "no gradient is made shorter than max_norm asks for": long_enough,
        "clipping keeps the direction of each parameter's gradient": directions,
        "clipping keeps the direction of the whole gradient": direction,
        "every parameter of the model is trained": min(moves(arguments, result)) > 0,
    }
    if lr > 1e-6:
        found["the model is in train mode while it learns"] = all(one["training"] for one in turns)
    return found


def of_another_epoch(arguments: Any, result: Any, turns: Any, before: list[float]) -> bool:
    """Whether the last loss is a mean over all epochs, and none of the last one.

    A loss may be measured before an update or behind it, and never in another epoch.
    """
    batches, epochs, losses = arguments["batches"], arguments["options"][0], result["losses"]
    plain = len(before) == len(turns) == epochs * len(batches)
    once = plain and len({turn["batch"] for turn in turns}) == len(batches)
    if not (isinstance(losses, list | tuple) and losses and epochs > 1 and once):
        return False
    shares = [len(labels) for *_, labels in batches]
    due = []
    for epoch in range(epochs):
        places = range(epoch * len(batches), (epoch + 1) * len(batches))
        sizes = [shares[turns[place]["batch"]] for place in places]
        due.append(float(np.average([before[place] for place in places], weights=sizes)))
    afterwards = [
        float(cross_entropy(logits(result["weights"], tokens, lengths), labels))
        for tokens, lengths, labels in batches
    ]
    low, high = sorted((due[-1], float(np.average(afterwards, weights=shares))))
    slack = 0.2 * abs(due[0] - due[-1]) + 1e-5 * abs(due[-1])
    last = float(losses[-1])
    running = abs(last - float(np.mean(due))) <= slack
    return running and not low - slack <= last <= high + slack
