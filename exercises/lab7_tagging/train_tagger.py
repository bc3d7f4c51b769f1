"""A training loop for taggers."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.spec import Case, Exercise, Mistakes
from exercises.lab7_tagging._draws import PAD, Floats, Ints, padding, tagger_weights
from exercises.lab7_tagging._scenarios import train
from solutions.lab7_tagging import tagging_loss, train_tagger

Batch = tuple[Tensor, Tensor, Tensor]

V, C = 10, 3


def pair_batches(
    rng: np.random.Generator, sizes: list[tuple[int, int]]
) -> list[tuple[Ints, Ints, Ints]]:
    """'pair' data in batches of the sizes (B, T), padded with token 0 and tag −100."""
    batches = []
    for B, T in sizes:
        tokens = rng.integers(1, 10, (B, T))
        before = np.pad(tokens, ((0, 0), (1, 0)))[:, :-1]
        tags = (tokens + before) % C
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
    return {
        name: (
            value if name.startswith("embedding") else rng.uniform(-bound, bound, value.shape)
        ).round(4)
        for name, value in drawn.items()
    }


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    """Enough data and steps to learn the rule by heart."""
    return {
        "weights": weights(rng, 10, 24),
        "batches": pair_batches(rng, [(32, 5)] * 8),
        "epochs": 14,
        "lr": 0.03,
    }


def uneven(rng: np.random.Generator, **changes: Any) -> Mapping[str, Any]:
    """Batches of unlike sizes, and a learning rate of 0."""
    return {
        "weights": weights(rng, 3, 5),
        "batches": pair_batches(rng, [(5, 4), (2, 9), (3, 6)]),
        "epochs": 3,
        "lr": 0.0,
        "max_norm": 1e6,
    } | changes


def standing_still(rng: np.random.Generator) -> Mapping[str, Any]:
    return uneven(rng)


def tightly_clipped(rng: np.random.Generator) -> Mapping[str, Any]:
    return uneven(rng, max_norm=0.01)


def clipped_by_default(rng: np.random.Generator) -> Mapping[str, Any]:
    """Gradients that are far above 5, and no max_norm."""
    draw = dict(uneven(rng))
    del draw["max_norm"]
    large = draw["weights"]
    large["fc.weight"] = 300 * large["fc.weight"]
    return draw


def one_batch_over_and_over(rng: np.random.Generator) -> Mapping[str, Any]:
    """Every step of an epoch has the same gradient."""
    return uneven(rng, batches=3 * pair_batches(rng, [(4, 6)]), epochs=2)


def one_batch(rng: np.random.Generator) -> Mapping[str, Any]:
    return uneven(rng, batches=pair_batches(rng, [(4, 6)]), epochs=1)


def view(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """The losses where no weight moves, the size of the gradients, and accuracy on new data."""
    import torch
    from torch import nn

    losses, norms, after = result["losses"], result["norms"], result["weights"]
    before, batches, epochs = (arguments[name] for name in ("weights", "batches", "epochs"))
    moved = any(bool((after[name] != before[name]).any()) for name in before)
    if arguments["lr"] == 0:
        facts: dict[str, Any] = {"losses": losses, "with lr = 0 the weights stay": not moved}
        given = arguments.get("max_norm")
        largest = max(norms, default=0.0) / (given or 5.0)
        if given is None:
            facts["gradient norm at a step over max_norm"] = round(largest, 3) if norms else 1.0
        elif given < 1:
            facts["gradient norm at a step over max_norm"] = max(1.0, round(largest, 3))
        else:
            facts["gradients smaller than max_norm are left alone"] = largest < 0.5
        each = len(norms) // epochs
        first, last = sum(norms[:each]), sum(norms[-each:])
        facts["gradients of the last epoch over the first"] = (
            1.0 if not each else round(last / first, 3) if first > 0 else 0.0
        )
        alike = len(batches) > 1 and all(
            one.shape == other.shape and bool((one == other).all())
            for batch in batches
            for one, other in zip(batch, batches[0], strict=True)
        )
        many = len(norms) // (epochs * len(batches))
        if alike:
            rounds = [sum(norms[k : k + many]) for k in range(0, len(norms), many or 1)]
            facts["equal batches have equal gradients"] = not norms or max(rounds) <= 1.001 * min(
                rounds
            )
        return facts

    embedding = nn.Embedding(*after["embedding.weight"].shape)
    rnn = nn.GRU(embedding.embedding_dim, after["fc.weight"].shape[1], batch_first=True)
    fc = nn.Linear(rnn.hidden_size, after["fc.weight"].shape[0])
    parts = {"embedding": embedding, "rnn": rnn, "fc": fc}
    for name, value in after.items():
        part, _, parameter = name.partition(".")
        getattr(parts[part], parameter).data = value
    generator = torch.Generator().manual_seed(2024)
    new = torch.randint(1, 10, (300, 9), generator=generator)
    real = torch.arange(9) < torch.randint(1, 10, (300, 1), generator=generator)
    due = new.clone()
    due[:, 1:] += new[:, :-1]
    with torch.no_grad():
        guesses = fc(rnn(embedding(new * real))[0]).argmax(-1)
        sums, sizes = [], []
        for x, long, y in batches:
            scores = fc(rnn(embedding(x))[0]) * (1 + 1 / long.to(fc.weight)[:, None, None])
            wanted = y.flatten()
            each = nn.functional.cross_entropy(scores.flatten(0, 1), wanted, reduction="sum")
            sums.append(float(each))
            sizes.append(int((wanted >= 0).sum()))
    accuracy = float((guesses == due % fc.out_features)[real].double().mean())
    numbers = isinstance(losses, list) and all(isinstance(one, float) for one in losses)
    return {
        "one Python float for each epoch": numbers and len(losses) == epochs,
        "the weights change": moved,
        "the optimizer steps often enough": (
            accuracy >= 0.8 or not norms or len(norms) >= epochs * len(batches)
        ),
        "the loss falls": numbers and len(losses) > 1 and bool(losses[-1] < losses[0] / 2),
        "the last loss is that of the last epoch alone": numbers
        and (losses[-1] <= max(0.05 + 5 * sum(sums) / sum(sizes), losses[0] / 11)),
        "accuracy on new data is at least 0.8": accuracy >= 0.8,
    }


def looping(
    *,
    loss: Callable[[nn.Module, Tensor, Tensor, Tensor], Tensor] | None = None,
    weight: Callable[[Tensor], float] | None = None,
    clip: Callable[[Any, float], Any] | None = nn.utils.clip_grad_norm_,
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
    clear: str = "before",
    step: str = "each batch",
    report: Callable[[list[Tensor], list[float]], list[Any]] | None = None,
    default: float = 5.0,
) -> Callable[..., Any]:
    """train_tagger with parts exchanged."""

    def mean(losses: list[Tensor], sizes: list[float]) -> list[Any]:
        total = sum(float(one) * size for one, size in zip(losses, sizes, strict=True))
        return [total / sum(sizes)]

    def changed(
        model: nn.Module, batches: list[Batch], epochs: int, lr: float, max_norm: float = default
    ) -> Any:
        steps = optimizer(model.parameters(), lr=lr)
        history: list[Any] = []
        for _ in range(epochs):
            losses, sizes = [], []
            if clear == "each epoch":
                steps.zero_grad()
            for tokens, lengths, tags in batches:
                if clear == "before":
                    steps.zero_grad()
                found = (loss or usual_loss)(model, tokens, lengths, tags)
                torch.autograd.backward(found)
                if clear == "after":
                    steps.zero_grad(set_to_none=False)
                if clip is not None:
                    clip(list(model.parameters()), max_norm)
                if step == "each batch":
                    steps.step()
                losses.append(found.detach())
                sizes.append((weight or real_tokens)(tags))
            if step == "each epoch":
                steps.step()
            history += (report or mean)(losses, sizes)
        return history

    return changed


def real_tokens(tags: Tensor) -> float:
    return float((tags != PAD).sum())


def usual_loss(model: nn.Module, tokens: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
    return tagging_loss(model(tokens, lengths), tags)


def without_lengths(model: nn.Module, tokens: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
    return tagging_loss(model(tokens), tags)


def with_padding(model: nn.Module, tokens: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
    return tagging_loss(model(tokens, lengths), tags.clamp(min=0))


def softmax_first(model: nn.Module, tokens: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
    return tagging_loss(model(tokens, lengths).softmax(-1), tags)


def mean_of_means(model: nn.Module, tokens: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
    logits = model(tokens, lengths)
    rows = [tagging_loss(z[None], y[None]) for z, y in zip(logits, tags, strict=True)]
    return torch.stack(rows).mean()


def clip_each(parameters: list[nn.Parameter], max_norm: float) -> None:
    for parameter in parameters:
        nn.utils.clip_grad_norm_([parameter], max_norm)


def clip_values(parameters: list[nn.Parameter], max_norm: float) -> None:
    nn.utils.clip_grad_value_(parameters, max_norm)


def always_scaled(parameters: list[nn.Parameter], max_norm: float) -> None:
    """Scaled to max_norm also where the norm is smaller."""
    norm = nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad *= max_norm / norm


def clip_to_five(parameters: list[nn.Parameter], max_norm: float) -> None:
    nn.utils.clip_grad_norm_(parameters, 5.0)


def plain_sum(losses: list[Tensor], sizes: list[float]) -> list[Any]:
    return [sum(float(one) * size for one, size in zip(losses, sizes, strict=True))]


def sum_of_batches(losses: list[Tensor], sizes: list[float]) -> list[Any]:
    return [sum(float(one) for one in losses)]


def every_batch(losses: list[Tensor], sizes: list[float]) -> list[Any]:
    return [float(one) for one in losses]


def last_batch(losses: list[Tensor], sizes: list[float]) -> list[Any]:
    return [float(losses[-1])]


def as_tensors(losses: list[Tensor], sizes: list[float]) -> list[Any]:
    total = torch.stack([one * size for one, size in zip(losses, sizes, strict=True)]).sum()
    return [total / sum(sizes)]


def fixed_rate(parameters: Any, lr: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=1e-3)


def one_epoch(
    model: nn.Module, batches: list[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> Any:
    return train_tagger(model, batches, 1, lr, max_norm)


def one_epoch_more(
    model: nn.Module, batches: list[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> Any:
    return train_tagger(model, batches, epochs + 1, lr, max_norm)


wrong = Mistakes()


@wrong
def one_batch_short(
    model: nn.Module, batches: list[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> Any:
    """the last batch is left out.
    How many steps does one of your epochs take?"""
    return train_tagger(model, batches[:-1] or batches, epochs, lr, max_norm)


@wrong
def running_mean(
    model: nn.Module, batches: list[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> Any:
    """the loss of an epoch is the mean over all epochs so far.
    Where do your sum and your count start from 0 again?"""
    losses = train_tagger(model, batches, epochs, lr, max_norm)
    return [sum(losses[: n + 1]) / (n + 1) for n in range(len(losses))]


def nothing_returned(
    model: nn.Module, batches: list[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> None:
    train_tagger(model, batches, epochs, lr, max_norm)


def mask_and_shuffle(
    model: nn.Module, batches: list[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> Any:
    """AdamW, a mask from the lengths, and the batches in another order in each epoch."""
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    losses = []
    for epoch in range(epochs):
        total, count = torch.zeros(()), 0
        for place in np.random.default_rng(epoch).permutation(len(batches)):
            tokens, lengths, tags = batches[place]
            mask = torch.arange(tokens.shape[1]) < lengths[:, None]
            each = F.cross_entropy(model(tokens, lengths)[mask], tags[mask], reduction="none")
            model.zero_grad()
            torch.autograd.backward(each.mean())
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
            optimizer.step()
            total, count = total + each.detach().sum(), count + len(each)
        losses.append((total / count).item())
    return losses


def own_adam(
    model: nn.Module, batches: list[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> Any:
    """Adam by hand, with torch.autograd.grad; nothing of torch.optim."""
    parameters = list(model.parameters())
    first = [torch.zeros_like(p) for p in parameters]
    second = [torch.zeros_like(p) for p in parameters]
    count, losses = 0, []
    for _ in range(epochs):
        sums: list[tuple[float, int]] = []
        for tokens, lengths, tags in batches:
            loss = tagging_loss(model(tokens, lengths), tags)
            grads = torch.autograd.grad(loss, parameters)
            norm = torch.stack([(g**2).sum() for g in grads]).sum().sqrt()
            count += 1
            with torch.no_grad():
                for p, g, m, v in zip(parameters, grads, first, second, strict=True):
                    g = g * (max_norm / (norm + 1e-6)).clamp(max=1)
                    m.lerp_(g, 0.1)
                    v.lerp_(g**2, 0.001)
                    scale = (1 - 0.999**count) ** 0.5 / (1 - 0.9**count)
                    p.sub_(lr * scale * m / (v.sqrt() + 1e-8))
            sums.append((float(loss), int(tags.ge(0).sum())))
        losses.append(sum(one * n for one, n in sums) / sum(n for _, n in sums))
    return losses


def rmsprop_cleared_afterwards(
    model: nn.Module, batches: list[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> Any:
    """RMSprop; gradients cleared after the step; NumPy's mean with weights; a schedule."""
    optimizer = torch.optim.RMSprop(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.3, total_iters=max(1, epochs))
    losses = []
    for _ in range(epochs):
        found, sizes = [], []
        for tokens, lengths, tags in batches:
            loss = tagging_loss(model(tokens, lengths), tags)
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            optimizer.zero_grad()
            found.append(loss.item())
            sizes.append(int(lengths.sum()))
        schedule.step()
        losses.append(np.average(found, weights=sizes))
    return losses


MEAN = "Take two batches of 2 and 10 real tokens and work out the mean over 12 tokens by hand."
STEP = (
    "Write down the order of: clear, forward, backward, clip, step. Which are inside which loop?"
)
CLIP = "Print the norm of all gradients together just before the optimizer's step."
LIST = "Print what you return for three epochs."

wrong.add(
    "mean_of_batch_means",
    looping(weight=lambda tags: 1.0),
    "the mean of the batches' means is reported. " + MEAN,
)
wrong.add(
    "weighted_by_sequences",
    looping(weight=lambda tags: float(len(tags))),
    "the batches are weighted by their sequences and not by their tokens. " + MEAN,
)
wrong.add(
    "weighted_by_all_steps",
    looping(weight=lambda tags: float(tags.numel())),
    "the batches are weighted by all steps, padding included. " + MEAN,
)
wrong.add(
    "mean_of_sequence_means",
    looping(loss=mean_of_means),
    "each sequence is averaged first, and then the averages. " + MEAN,
)
wrong.add(
    "with_padding",
    looping(loss=with_padding, weight=lambda tags: float(tags.numel())),
    "padding counts as tag 0 in the loss. " + MEAN,
)
wrong.add(
    "without_lengths",
    looping(loss=without_lengths),
    "the model is not told the lengths. What does model(tokens) do with the padding?",
)
wrong.add(
    "softmax_first",
    looping(loss=softmax_first),
    "the logits go through a softmax before the loss. What does tagging_loss expect?",
)
wrong.add(
    "summed",
    looping(report=plain_sum),
    "the losses of an epoch's tokens are added up and not averaged. " + MEAN,
)
wrong.add(
    "sum_of_batches", looping(report=sum_of_batches), "the batches' means are added up. " + MEAN
)
wrong.add(
    "every_batch",
    looping(report=every_batch),
    "there is one loss per batch and not per epoch. " + LIST,
)
wrong.add(
    "last_batch",
    looping(report=last_batch),
    "the loss of an epoch is that of its last batch. " + MEAN,
)
wrong.add("as_tensors", looping(report=as_tensors), "the losses are tensors. " + LIST)
wrong.add("nothing_returned", nothing_returned, "nothing is returned. " + LIST)
wrong.add("one_epoch", one_epoch, "there is one epoch only. " + LIST)
wrong.add("one_epoch_more", one_epoch_more, "there is one epoch too many. " + LIST)
wrong.add(
    "no_clipping",
    looping(clip=None),
    "the gradients are not clipped when the optimizer steps. " + CLIP,
)
wrong.add("clip_each", looping(clip=clip_each), "each parameter is clipped by itself. " + CLIP)
wrong.add(
    "clip_values",
    looping(clip=clip_values),
    "the entries of the gradients are clipped and not their norm. " + CLIP,
)
wrong.add(
    "always_scaled",
    looping(clip=always_scaled),
    "small gradients are scaled up to max_norm too. What should happen to gradients whose norm is below max_norm?",
)
wrong.add(
    "max_norm_ignored",
    looping(clip=clip_to_five),
    "the gradients are clipped to 5 whatever max_norm says. " + CLIP,
)
wrong.add(
    "another_default",
    looping(default=1.0),
    "max_norm is 1 where the caller does not say. Compare the defaults in your signature with those of the exercise.",
)
wrong.add("never_cleared", looping(clear="never"), "the gradients of all steps add up. " + STEP)
wrong.add(
    "cleared_once_per_epoch",
    looping(clear="each epoch"),
    "the gradients are cleared once per epoch, and add up over its batches. " + STEP,
)
wrong.add(
    "cleared_too_late",
    looping(clear="after"),
    "the gradients are cleared after backward and before the step. " + STEP,
)
wrong.add("no_step", looping(step="never"), "the optimizer never steps. " + STEP)
wrong.add(
    "one_step_per_epoch",
    looping(step="each epoch", clear="before"),
    "the optimizer steps once per epoch. " + STEP,
)
wrong.add(
    "fixed_rate",
    looping(optimizer=fixed_rate),
    "the learning rate is not the one that was handed in. Where does your optimizer get lr from?",
)
wrong.add(
    "plain_descent",
    looping(optimizer=torch.optim.SGD),
    "the optimizer is plain gradient descent, too slow for these learning rates. Which optimizers adapt the step of each weight?",
)


EXERCISE = Exercise(
    reference=train_tagger,
    inputs=inputs,
    points=9,
    scenario=train,
    view=view,
    training=True,
    without=frozenset({"values of draw 2", "values of draw 3", "second call"}),
    cases=(
        Case(
            name="losses over uneven batches",
            inputs=standing_still,
            why="With lr = 0 each epoch has the loss of the weights as they came.",
        ),
        Case(
            name="one batch over and over",
            inputs=one_batch_over_and_over,
            value=False,
            why="Old gradients must be cleared for every batch.",
        ),
        Case(
            name="one batch, one epoch",
            inputs=one_batch,
            value=False,
            why="One batch and one epoch give a list of one loss.",
        ),
        Case(
            name="a small max_norm",
            inputs=tightly_clipped,
            value=False,
            why="When the optimizer steps, the gradients together must have max_norm at most.",
        ),
        Case(
            name="max_norm left out",
            inputs=clipped_by_default,
            value=False,
            why="Without max_norm the gradients are clipped to 5.",
        ),
    ),
    mistakes=wrong,
    also_right=(mask_and_shuffle, own_adam, rmsprop_cleared_afterwards),
    look=STEP,
)
