"""No loop where there is a tensor operation."""
from __future__ import annotations

from itertools import chain, groupby

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import rnn as R


# %% data
_RULES = {
    "element": lambda x: x,
    "pair": lambda x: x + F.pad(x, (1, 0))[:, :-1],
    "running": lambda x: x @ torch.ones(x.shape[1], x.shape[1], dtype=x.dtype, device=x.device).triu(),
}


def make_tagging_data(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    try:
        rule = _RULES[kind]
    except KeyError:
        raise ValueError(f"{kind=} is none of {sorted(_RULES)}") from None
    tokens = torch.empty((num_sequences, seq_len), dtype=torch.int64, device=generator.device)
    tokens.random_(1, 10, generator=generator)
    return tokens, rule(tokens).remainder(num_tags)


# %% model
class Tagger(nn.Module):
    def __init__(
        self, vocab_size: int, num_tags: int, embedding_dim: int, hidden_size: int,
        cell: str = "lstm", bidirectional: bool = False, padding_idx: int = 0,
    ) -> None:
        super().__init__()
        self.fc = nn.Linear(hidden_size << bidirectional, num_tags)
        self.rnn = getattr(nn, cell.upper())(embedding_dim, hidden_size, bidirectional=bidirectional)
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        B, T = tokens.shape
        if lengths is None:
            lengths = tokens.new_full((B,), T)
        order = lengths.argsort(descending=True)
        back = torch.empty_like(order).scatter_(0, order, torch.arange(B, device=order.device))
        x = self.embedding(tokens[order].t())
        packed = R.pack_padded_sequence(x, lengths[order].to("cpu"))
        out, _ = R.pad_packed_sequence(self.rnn(packed)[0], total_length=T)
        return torch.einsum("tbh,ch->btc", out, self.fc.weight)[back] + self.fc.bias


# %% loss and measures
def tagging_loss(logits: Tensor, tags: Tensor, ignore_index: int = -100) -> Tensor:
    real = tags.ne(ignore_index)
    target = F.one_hot(tags.where(real, tags.new_zeros(())), logits.size(-1)).to(logits)
    weights = real.to(logits) / real.sum().clamp_min(1)
    return -torch.einsum("btc,btc,bt->", target, logits.log_softmax(-1), weights)


def token_accuracy(logits: Tensor, tags: Tensor, ignore_index: int = -100) -> float:
    real = (tags != ignore_index).double()
    hits = logits.argmax(-1).eq(tags).double()
    return (torch.einsum("bt,bt->", hits, real) / real.sum().clamp(min=1)).item()


def sequence_accuracy(logits: Tensor, tags: Tensor, ignore_index: int = -100) -> float:
    real = tags != ignore_index
    errors = (logits.argmax(-1).ne(tags) & real).sum(1)
    rows = real.sum(1) > 0
    found = errors[rows] == 0
    return found.double().mean().item() if found.numel() else 0.0


def confusion_matrix(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = -100
) -> Tensor:
    keep = (tags != ignore_index).long()
    true = F.one_hot(tags * keep, num_tags) * keep[..., None]
    guess = F.one_hot(predictions * keep, num_tags)
    return torch.einsum("bti,btj->ij", true, guess)


# %% Viterbi, whole batch at once, from the last step to the first
def viterbi_decode(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> list[list[int]]:
    B, T, C = emissions.shape
    valid = torch.arange(T, device=lengths.device)[None] < lengths[:, None]
    ahead = emissions.new_zeros(B, C)
    steps = []
    for t in range(T - 1, 0, -1):
        to_go = transitions + (emissions[:, t] + ahead)[:, None, :]
        best, choice = to_go.max(-1)
        ahead = torch.where(valid[:, t, None], best, ahead)
        steps.append(choice)
    tag = (emissions[:, 0] + ahead).argmax(-1)
    table = [tag]
    for choice in reversed(steps):
        tag = choice.gather(1, tag[:, None]).squeeze(1)
        table.append(tag)
    return [row[:n] for row, n in zip(torch.stack(table, 1).tolist(), lengths.tolist())]


# %% spans
def find_spans(tags: list[str]) -> list[tuple[str, int, int]]:
    starts = [
        i for i, tag in enumerate(tags)
        if tag != "O" and (tag[0] == "B" or i == 0 or tags[i - 1][2:] != tag[2:])
    ]
    starts_at = set(starts)
    number, keys = 0, []
    for i, tag in enumerate(tags):
        number += i in starts_at
        keys.append((number, tag[2:]) if tag != "O" else None)
    spans = []
    for key, group in groupby(range(len(tags)), key=keys.__getitem__):
        if key is not None:
            places = list(group)
            spans.append((key[1], places[0], places[-1] + 1))
    return spans


def span_f1(predicted: list[list[str]], true: list[list[str]]) -> float:
    def every(texts: list[list[str]]) -> frozenset[tuple[object, ...]]:
        return frozenset(chain.from_iterable(((n, *s) for s in find_spans(t)) for n, t in enumerate(texts)))

    p, t = every(predicted), every(true)
    return 2 * len(p & t) / (len(p) + len(t)) if p or t else 1.0


# %% training
def train_tagger(
    model: nn.Module, batches: list[tuple[Tensor, Tensor, Tensor]], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    optimizer = torch.optim.NAdam(model.parameters(), lr=lr)

    def step(tokens: Tensor, lengths: Tensor, tags: Tensor) -> tuple[float, int]:
        optimizer.zero_grad(set_to_none=True)
        loss = tagging_loss(model(tokens, lengths), tags)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        n = int(tags.ne(-100).sum())
        return float(loss) * n, n

    def epoch() -> float:
        sums, counts = zip(*(step(*batch) for batch in batches))
        return sum(sums) / sum(counts)

    return [epoch() for _ in range(epochs)]
