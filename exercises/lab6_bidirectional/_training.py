"""How training is used and judged: a small model, what it is asked, and what became of it.

The model reads pairs of neighbouring words: embedding → convolution over two steps → relu → maximum
over the pairs inside the sentence → fc.  Each function is self-contained, for its text travels.
"""

from __future__ import annotations

from typing import Any


def trained(entry: Any, weights: Any, batches: Any, options: Any, watch: bool) -> dict[str, Any]:
    """Train the model from these weights; what was returned, and the weights afterwards.

    watch: also each forward pass that could learn: its tokens and lengths, the mode and the weights
    at that moment, and the gradients as backward left them and as an optimiser's step then found
    them.
    """
    import torch
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    V, E = weights["embedding.weight"].shape
    C, K = weights["fc.weight"].shape
    passes: list[dict[str, Any]] = []

    class Pairs(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(V, E)
            self.pairs = torch.nn.Conv1d(E, K, 2)
            self.fc = torch.nn.Linear(K, C)

        def forward(self, tokens: Any, lengths: Any) -> Any:
            if watch and torch.is_grad_enabled():
                now = {name: value.detach().clone() for name, value in self.named_parameters()}
                passes.append(
                    {
                        "tokens": tokens.clone(),
                        "lengths": lengths.clone(),
                        "weights": now,
                        "training": self.training,
                        "backward": {},
                        "step": [],
                    }
                )
            found = torch.relu(self.pairs(self.embedding(tokens).transpose(1, 2)))
            place = torch.arange(1, tokens.shape[1], device=lengths.device)
            inside = (place < lengths[:, None])[:, None]
            return self.fc((found * inside).amax(dim=2))

    model = Pairs().to(weights["fc.weight"].dtype)
    own = dict(model.named_parameters())
    for name, value in own.items():
        value.data.copy_(weights[name])

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
    try:
        losses = entry(model, batches, *options)
    finally:
        for handle in handles:
            handle.remove()
    end = {name: value.detach().clone() for name, value in own.items()}
    return {"losses": losses, "weights": end, "passes": passes}


def view(arguments: Any, result: Any) -> dict[str, Any]:
    """What should hold of the losses, of each update, and of the model on sentences of our own."""
    import numpy as np
    import torch

    start, batches, options = arguments["weights"], arguments["batches"], arguments["options"]
    epochs, lr = options[:2]
    max_norm = options[2] if len(options) > 2 else 5.0
    losses, end = result["losses"], result["weights"]
    names = list(start)

    def logits(weights: Any, tokens: Any, lengths: Any) -> Any:
        words = torch.nn.functional.embedding(tokens, weights["embedding.weight"])
        both = torch.stack([words[:, :-1], words[:, 1:]], dim=3)
        found = torch.einsum("bted,ked->btk", both, weights["pairs.weight"])
        found = (found + weights["pairs.bias"]).clamp(min=0)
        inside = torch.arange(1, tokens.shape[1]) < lengths[:, None]
        return (found * inside[:, :, None]).amax(1) @ weights["fc.weight"].T + weights["fc.bias"]

    listed = isinstance(losses, list | tuple)
    facts: dict[str, Any] = {
        "the losses are a list": listed,
        "there is one loss for each epoch": listed and len(losses) == epochs,
        "each loss is a Python float": listed and all(isinstance(one, float) for one in losses),
    }

    if not arguments["watch"]:
        rng = np.random.default_rng(20)
        labels = rng.integers(0, 2, 400)
        lengths = np.zeros(400, dtype=np.int64)
        tokens = rng.integers(4, 20, (400, 9))
        for place, label in enumerate(labels):
            kind, unkind = int(rng.integers(5, 9)), int(rng.integers(9, 13))
            plain, opposite = (kind, unkind) if label else (unkind, kind)
            clauses = [[plain], [4, opposite]]
            row: list[int] = []
            for clause in (*(clauses[::-1] if rng.random() < 0.5 else clauses), []):
                row += [int(n) for n in rng.integers(13, 20, rng.integers(0, 3))] + clause
            tokens[place, : len(row)], lengths[place] = row, len(row)
        answers = logits(end, torch.from_numpy(tokens), torch.from_numpy(lengths)).argmax(dim=1)
        right = int((answers == torch.from_numpy(labels)).sum())
        facts["the loss falls"] = (
            listed and len(losses) > 1 and float(losses[-1]) < float(losses[0])
        )
        facts["at least 75 % of new sentences are classified rightly (chance: 50 %)"] = (
            right >= 300
        )
        return facts

    def size(one: Any) -> float:
        return float(torch.cat([one[name].flatten() for name in names]).norm())

    def cosine(one: Any, other: Any) -> float:
        dot = sum(float((one[name] * other[name]).sum()) for name in names)
        return dot / max(1e-300, size(one) * size(other))

    def same_weights(one: Any, other: Any) -> bool:
        return all(bool(torch.equal(one[name], other[name])) for name in names)

    def sentences(tokens: Any, lengths: Any) -> list[Any]:
        return sorted(row[:n] for row, n in zip(tokens.tolist(), lengths.tolist(), strict=True))

    def batch_of(one: Any) -> int | None:
        asked = sentences(one["tokens"], one["lengths"])
        for place, (tokens, lengths, _) in enumerate(batches):
            if asked == sentences(tokens, lengths):
                return place
        return None

    turns: list[Any] = []
    for one in result["passes"]:
        known = batch_of(one)
        last = turns[-1] if turns else None
        if last and last["batch"] == known and same_weights(last["weights"], one["weights"]):
            last["step"] += one["step"]
            last["backward"] = one["backward"] or last["backward"]
            last["training"] = last["training"] or one["training"]
        else:
            turns.append({**one, "step": [*one["step"]], "batch": known})
    after = [*(one["weights"] for one in turns[1:]), end]
    learning = [
        (turn, then)
        for turn, then in zip(turns, after, strict=False)
        if turn["backward"] or turn["step"] or not same_weights(turn["weights"], then)
    ]  # a pass that only looks is as good with gradients as without
    learning = learning or [*zip(turns, after, strict=False)]
    turns = [turn for turn, _ in learning]

    zeros = {name: torch.zeros(()) for name in names}
    updated = own = short_enough = long_enough = direction = directions = True
    before = []
    for turn, then in learning:
        if turn["batch"] is None:
            continue
        tokens, lengths, labels = batches[turn["batch"]]
        leaves = {name: value.clone().requires_grad_() for name, value in turn["weights"].items()}
        loss = torch.nn.functional.cross_entropy(logits(leaves, tokens, lengths), labels)
        before.append(float(loss.detach()))
        exact = dict(
            zip(names, torch.autograd.grad(loss, [leaves[n] for n in names]), strict=True)
        )
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
            raw = size(came or exact)
            short_enough = short_enough and size(used) <= 1.001 * min(raw, max_norm)
            long_enough = long_enough and size(used) >= 0.999 * min(raw, max_norm)
            direction = direction and cosine(used, came or exact) > 0.9999
            directions = directions and all(
                cosine({**zeros, name: used[name]}, {**zeros, name: (came or exact)[name]}) > 0.999
                for name in names
                if float((came or exact)[name].norm()) > 1e-6
            )

    fresh = True
    shares = [len(labels) for *_, labels in batches]
    if (
        listed
        and epochs > 1
        and len(before)
        == len(turns)
        == epochs * len(batches)
        == epochs * len({turn["batch"] for turn in turns})
    ):
        # A loss may be measured before an update or behind it, and never in another epoch.
        due = []
        for epoch in range(epochs):
            places = range(epoch * len(batches), (epoch + 1) * len(batches))
            sizes = [shares[turns[place]["batch"]] for place in places]
            due.append(float(np.average([before[place] for place in places], weights=sizes)))
        losses_after = [
            float(torch.nn.functional.cross_entropy(logits(end, tokens, lengths), labels))
            for tokens, lengths, labels in batches
        ]
        low, high = sorted((due[-1], float(np.average(losses_after, weights=shares))))
        slack = 0.2 * abs(due[0] - due[-1]) + 1e-5 * abs(due[-1])
        running = abs(float(losses[-1]) - float(np.mean(due))) <= slack if losses else False
        fresh = not running or low - slack <= float(losses[-1]) <= high + slack

    times = [sum(turn["batch"] == place for turn in turns) for place in range(len(batches))]
    moved = {name: float((end[name] - start[name]).abs().max()) for name in names}
    if epochs:
        facts |= {
            "each call hands the model the tokens and the lengths of one batch": all(
                turn["batch"] is not None for turn in turns
            ),
            "every batch is used in every epoch": min(times) >= epochs,
            "the last loss speaks for the last epoch and no other": fresh,
            "every batch is followed by an update": bool(turns) and updated,
            "each update uses the gradient of its own batch and of no other": own,
            "no update uses a gradient longer than max_norm, or longer than it was": short_enough,
            "no gradient is made shorter than max_norm asks for": long_enough,
            "clipping keeps the direction of each parameter's gradient": directions,
            "clipping keeps the direction of the whole gradient": direction,
            "every parameter of the model is trained": all(far > 0 for far in moved.values()),
        }
        if lr > 1e-6:
            facts["the model is in train mode while it learns"] = all(
                turn["training"] for turn in turns
            )
    if lr < 1e-6:
        facts["a tiny lr hardly moves the weights"] = max(moved.values()) < 1e-4
        facts["the losses with weights that hardly move"] = losses
    return facts
