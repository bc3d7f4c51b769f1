"""A training loop for taggers."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from autograder.spec import PLACEMENT, Case, Exercise, Mistakes, but, edited
from autograder.spec.training import Training, facts_of_steps
from exercises.lab7_tagging._draws import PAD, Draw, Floats, Ints, edge, padding, tagger_weights
from exercises.lab7_tagging._scenarios import LoudTagger, rows, train
from solutions.lab7_tagging import train_tagger

V, C = 10, 3
GATED = ("ih", "hh")
"""Parts of a GRU: of its inputs, and of its states."""


def pair_batches(
    rng: np.random.Generator, sizes: list[tuple[int, int]], names: Mapping[str, Ints] | None = None
) -> list[tuple[Ints, Ints, Ints]]:
    """'pair' data in batches of the sizes (B, T), padded with token 0 and tag −100.

    names: what each token and each tag is called, itself where there is none.
    """
    batches = []
    for B, T in sizes:
        tokens = rng.integers(1, 10, (B, T))
        before = np.pad(tokens, ((0, 0), (1, 0)))[:, :-1]
        tags = (tokens + before) % C
        if names:
            tokens, tags = names["tokens"][tokens], names["tags"][tags]
        lengths = rng.integers(1, T + 1, B)
        lengths[rng.integers(B)] = T
        blank = padding(lengths, T)
        tokens[blank], tags[blank] = 0, PAD
        batches.append((tokens, lengths, tags))
    return batches


def weights(rng: np.random.Generator, E: int, H: int) -> dict[str, Floats]:
    """About what PyTorch would draw, in four decimals."""
    drawn = tagger_weights(rng, V, C, E, H, "gru")
    bound = 1 / np.sqrt(H)
    for name, value in drawn.items():
        if not name.startswith("embedding"):
            drawn[name] = rng.uniform(-bound, bound, value.shape)
    return {name: value.round(4) for name, value in drawn.items()}


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    """One batch and one epoch, with a learning rate of 0."""
    return alike(times=1, epochs=1)(rng)


def enough(rng: np.random.Generator) -> Mapping[str, Any]:
    """Enough data and steps to learn the rule by heart; the names and the sizes are drawn."""
    names = {"tokens": np.append(0, 1 + rng.permutation(9)), "tags": rng.permutation(C)}
    E, H = int(rng.integers(10, 13)), int(rng.integers(24, 28))
    drawn = {"weights": weights(rng, E, H), "batches": pair_batches(rng, [(32, 5)] * 8, names)}
    return {**drawn, "epochs": 14, "lr": 0.03, "names": names}


def uneven(rng: np.random.Generator, max_norm: float = 1e6) -> dict[str, Any]:
    """Batches of unlike sizes, and a learning rate of 0."""
    drawn = {"weights": weights(rng, 3, 5), "batches": pair_batches(rng, [(5, 4), (2, 9), (3, 6)])}
    return {**drawn, "epochs": 2, "lr": 0.0, "max_norm": max_norm}


def clipped_by_default(rng: np.random.Generator) -> Mapping[str, Any]:
    """Gradients that are far above 5, and no max_norm."""
    draw = uneven(rng)
    del draw["max_norm"]
    draw["weights"]["fc.weight"] *= 300
    return draw


def alike(times: int, epochs: int) -> Draw:
    """One batch so many times an epoch: every step of an epoch has the same gradient."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        batches = times * pair_batches(rng, [(4, 6)])
        return {**uneven(rng), "batches": batches, "epochs": epochs}

    return draw


def view(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """The losses where no weight moves, the size of the gradients, and accuracy on new data."""
    before, after = arguments["weights"], result["weights"]
    moved = any(bool((after[name] != before[name]).any()) for name in before)
    if arguments["lr"] == 0:
        stays = {"losses": result["losses"], "with lr = 0 the weights stay": not moved}
        return {**stays, **facts_of_gradients(arguments, result["norms"])}
    return {"the weights change": moved, **facts_of_learning(arguments, result)}


def facts_of_gradients(arguments: Mapping[str, Any], norms: list[float]) -> dict[str, Any]:
    """What the norms at the steps of a training with lr = 0 say."""
    batches, epochs, given = arguments["batches"], arguments["epochs"], arguments.get("max_norm")
    facts: dict[str, Any] = {}
    largest = max(norms, default=0.0) / (given or 5.0)
    if given is None:
        facts["gradient norm at a step over max_norm"] = round(largest, 3) if norms else 1.0
    elif given < 1:
        facts["gradient norm at a step over max_norm"] = max(1.0, round(largest, 3))
    else:
        facts["gradients smaller than max_norm are left alone"] = largest < 0.5
    each = len(norms) // epochs
    first, last = sum(norms[:each]), sum(norms[-each:])
    ratio = round(last / first, 3) if first > 0 else 0.0
    facts["gradients of the last epoch over the first"] = ratio if each else 1.0
    same = (
        torch.equal(one, other)
        for batch in batches
        for one, other in zip(batch, batches[0], strict=True)
    )
    if len(batches) > 1 and all(same):
        many = len(norms) // (epochs * len(batches))
        rounds = [sum(norms[k : k + many]) for k in range(0, len(norms), many or 1)]
        equal = not norms or max(rounds) <= 1.001 * min(rounds)
        facts["equal batches have equal gradients"] = equal
    return facts


def facts_of_learning(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """What the losses and the trained weights say."""
    losses, epochs = result["losses"], arguments["epochs"]
    names = arguments["names"]
    model = LoudTagger(result["weights"])
    generator = torch.Generator().manual_seed(2024)
    new = torch.randint(1, 10, (300, 9), generator=generator)
    real = torch.arange(9) < torch.randint(1, 10, (300, 1), generator=generator)
    due = new.clone()
    due[:, 1:] += new[:, :-1]
    with torch.no_grad():
        answers = model(names["tokens"][new] * real).argmax(-1)
    right = answers == names["tags"][due % len(names["tags"])]
    accuracy = float(right[real].double().mean())
    numbers = isinstance(losses, list) and all(isinstance(one, float) for one in losses)
    steps = facts_of_steps(as_asked(arguments), result["record"], result["weights"], losses)
    return {
        "one Python float for each epoch": numbers and len(losses) == epochs,
        **steps,
        "the loss falls": numbers and len(losses) > 1 and bool(losses[-1] < losses[0] / 2),
        "accuracy on new data is at least 0.8": accuracy >= 0.8,
    }


def as_asked(arguments: Mapping[str, Any]) -> Training:
    """The training, to be gone through again."""
    batches = arguments["batches"]
    data = [torch.cat(part) for part in zip(*batches, strict=True)]
    return Training(
        start=arguments["weights"],
        batches=[batch[:2] for batch in batches],
        rows=rows,
        data=data,
        sums=summed_losses,
        sizes=(data[2] >= 0).sum(1),
        epochs=arguments["epochs"],
        lr=arguments["lr"],
        max_norm=arguments.get("max_norm", 5.0),
    )


def summed_losses(weights: Mapping[str, Any], tokens: Any, lengths: Any, tags: Any) -> Any:
    """The summed loss of each sequence, (…, B), for several LoudTaggers with a batch each."""
    scores = logits(weights, tokens, lengths)
    each = F.cross_entropy(scores.flatten(0, -2), tags.flatten(), reduction="none")
    return each.reshape(tags.shape).sum(-1)


def logits(weights: Mapping[str, Any], tokens: Any, lengths: Any) -> Any:
    """What LoudTaggers with these weights, (N, …), say of a batch each, (N, B, T)."""
    table, (W_ih, W_hh) = (
        weights["embedding.weight"],
        (weights[f"rnn.weight_{k}_l0"] for k in GATED),
    )
    b_ih, b_hh = (weights[f"rnn.bias_{k}_l0"][:, None] for k in GATED)
    known = F.one_hot(tokens, table.shape[-2]).to(table.dtype)
    x = known @ table[:, None] @ W_ih.mT[:, None] + b_ih[:, None]
    states, h = [], x.new_zeros(*x.shape[:2], W_hh.shape[-1])
    for t in range(tokens.shape[-1]):
        (r, z, n), (hr, hz, hn) = (part.chunk(3, -1) for part in (x[:, :, t], h @ W_hh.mT + b_hh))
        z = torch.sigmoid(z + hz)
        h = (1 - z) * torch.tanh(n + torch.sigmoid(r + hr) * hn) + z * h
        states.append(h)
    scores = torch.stack(states, 2) @ weights["fc.weight"].mT[:, None]
    return (scores + weights["fc.bias"][:, None, None]) * (1 + 1 / lengths[..., None, None])


change = partial(edited, train_tagger)
given = partial(but, train_tagger)

EPOCH = "total, count = 0.0, 0"
LOSS = "tagging_loss(model(tokens, lengths), tags)"
BY_ROW = "torch.stack([tagging_loss(z[None], y[None]) for z, y in zip(model(tokens, lengths), tags)]).mean()"
REAL = "int((tags != -100).sum())"
ADDED = "total += loss.item() * real"
MEANED = "total / max(1, count)"
REPORTED = f"losses.append({MEANED})"
CLEARS = "optimizer.zero_grad()"
STEPS = "optimizer.step()"
CLIPS = "nn.utils.clip_grad_norm_(model.parameters(), max_norm)"
EACH = """for parameter in model.parameters():
                nn.utils.clip_grad_norm_(parameter, max_norm)"""
SCALED = """norm = nn.utils.get_total_norm([p.grad for p in model.parameters()])
            for parameter in model.parameters():
                parameter.grad *= max_norm / norm"""

MEAN = "Take two batches of 2 and 10 real tokens and work out the mean over 12 tokens by hand."
STEP = (
    "Write down the order of: clear, forward, backward, clip, step. Which are inside which loop?"
)
CLIP = "Print the norm of all gradients together just before the optimizer's step."
LIST = "Print what you return for three epochs."

wrong = Mistakes()
wrong.family(
    MEAN,
    ("mean_of_batch_means", change({REAL: "1"}), "the mean of the batches' means is reported"),
    (
        "means_by_tokens",
        change({ADDED: "total += loss.item()"}),
        "the batches' means are added up and divided by the number of tokens",
    ),
    (
        "weighted_by_sequences",
        change({REAL: "len(tags)"}),
        "the batches are weighted by their sequences and not by their tokens",
    ),
    (
        "weighted_by_all_steps",
        change({REAL: "tags.numel()"}),
        "the batches are weighted by all steps, padding included",
    ),
    (
        "mean_of_sequence_means",
        change({LOSS: BY_ROW}),
        "each sequence is averaged first, and then the averages",
    ),
    (
        "summed",
        change({MEANED: "total"}),
        "the losses of an epoch's tokens are added up and not averaged",
    ),
    (
        "last_batch",
        change({MEANED: "loss.item()"}),
        "the loss of an epoch is that of its last batch",
    ),
    (
        "sum_of_batches",
        change({ADDED: "total += loss.item()", MEANED: "total"}),
        "the batches' means are added up",
    ),
    (
        "with_padding",
        change({REAL: "tags.numel()", "lengths), tags": "lengths), tags.clamp(min=0)"}),
        "padding counts as tag 0 in the loss",
    ),
)
wrong.add(
    "running_mean",
    change({f"        {EPOCH}\n": "", "losses = []": f"losses = []\n    {EPOCH}"}),
    "the loss of an epoch is the mean over all epochs so far. Where do your sum and your count start from 0 again?",
)
wrong.add(
    "without_lengths",
    change({"model(tokens, lengths), tags": "model(tokens), tags"}),
    "the model is not told the lengths. What does model(tokens) do with the padding?",
)
wrong.add(
    "softmax_first",
    change({"lengths), tags)": "lengths).softmax(-1), tags)"}),
    "the logits go through a softmax before the loss. What does tagging_loss expect?",
)
wrong.family(
    LIST,
    (
        "every_batch",
        change({ADDED: "losses.append(loss.item())", REPORTED: "pass"}),
        "there is one loss per batch and not per epoch",
    ),
    ("as_tensors", change({"loss.item()": "loss.detach()"}), "the losses are tensors"),
    ("nothing_returned", given(returns=lambda losses: None), "nothing is returned"),
    ("one_epoch", given(epochs=lambda epochs: 1), "there is one epoch only"),
    ("one_epoch_more", given(epochs=lambda epochs: epochs + 1), "there is one epoch too many"),
)
wrong.add(
    "one_batch_short",
    given(batches=lambda batches: batches[:-1] or batches),
    "the last batch is left out. How many steps does one of your epochs take?",
)
wrong.family(
    CLIP,
    (
        "no_clipping",
        change({CLIPS: "pass"}),
        "the gradients are not clipped when the optimizer steps",
    ),
    ("clip_each", change({CLIPS: EACH}), "each parameter is clipped by itself"),
    (
        "clip_values",
        change({"clip_grad_norm_": "clip_grad_value_"}),
        "the entries of the gradients are clipped and not their norm",
    ),
    (
        "max_norm_ignored",
        change({"parameters(), max_norm": "parameters(), 5.0"}),
        "the gradients are clipped to 5 whatever max_norm says",
    ),
)
wrong.add(
    "always_scaled",
    change({CLIPS: SCALED}),
    "small gradients are scaled up to max_norm too. What should happen to gradients whose norm is below max_norm?",
)
wrong.add(
    "another_default",
    given(defaults={"max_norm": 1.0}),
    "max_norm is 1 where the caller does not say. Compare the defaults in your signature with those of the exercise.",
)
wrong.family(
    STEP,
    ("no_step", change({STEPS: "pass"}), "the optimizer never steps"),
    ("never_cleared", change({CLEARS: "pass"}), "the gradients of all steps add up"),
    (
        "cleared_once_per_epoch",
        change({CLEARS: "pass", EPOCH: f"{EPOCH}\n        {CLEARS}"}),
        "the gradients are cleared once per epoch, and add up over its batches",
    ),
    (
        "cleared_too_late",
        change({CLEARS: "pass", CLIPS: f"{CLEARS}\n            {CLIPS}"}),
        "the gradients are cleared after backward and before the step",
    ),
    (
        "one_step_per_epoch",
        change({STEPS: "pass", REPORTED: f"{STEPS}\n        {REPORTED}"}),
        "the optimizer steps once per epoch",
    ),
)
wrong.add(
    "fixed_rate",
    change({"lr=lr": "lr=1e-3"}),
    "the learning rate is not the one that was handed in. Where does your optimizer get lr from?",
)
wrong.add(
    "plain_descent",
    change({"optim.Adam": "optim.SGD"}),
    "the optimizer is plain gradient descent, too slow for these learning rates. Which optimizers adapt the step of each weight?",
)


EXERCISE = Exercise(
    reference=train_tagger,
    inputs=inputs,
    points=9,
    shapes={"losses": "epoch"},
    scenario=train,
    view=view,
    training=True,
    without=frozenset(
        {"values of draw 2", "values of draw 3", "second call", "on an accelerator"}
    ),
    cases=(
        Case(
            name="losses over uneven batches",
            inputs=uneven,
            why="With lr = 0 each epoch has the loss of the weights as they came.",
        ),
        Case(
            name="enough data to learn the rule",
            inputs=enough,
            why="Look at the losses from epoch to epoch: do they fall?",
        ),
        edge(
            "one batch over and over",
            alike(times=3, epochs=2),
            "Old gradients must be cleared for every batch.",
        ),
        edge(
            "one batch, two epochs",
            alike(times=1, epochs=2),
            "One batch and two epochs give a list of two losses.",
        ),
        edge(
            "a small max_norm",
            lambda rng: uneven(rng, max_norm=0.01),
            "When the optimizer steps, the gradients together must have max_norm at most.",
        ),
        edge(
            "max_norm left out",
            clipped_by_default,
            "Without max_norm the gradients are clipped to 5.",
        ),
        edge(
            "a short training on an accelerator",
            alike(times=3, epochs=2),
            "Whatever you make has to be where the batches are.",
            device="accelerator",
            property=PLACEMENT,
        ),
    ),
    mistakes=wrong,
    look=STEP,
    when_right=(
        "Multiplying each batch's mean by its number of real tokens gives back the sum, and sums "
        "may be added. Clearing the gradients after the step does as well as before the next "
        "backward pass, unless somebody left gradients in the model before the first batch. "
        "Clipping has its place between backward and step, for all parameters together. Next "
        "question: the weights change during an epoch. Is its reported loss higher or lower than "
        "that of the final weights on the same batches?"
    ),
)
