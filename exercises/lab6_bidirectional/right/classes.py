"""Everything in classes."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


class Cleaner:
    removed = re.compile(r"[^a-z0-9\s.!?]+")
    marks = re.compile(r"(?P<mark>[.!?])")

    def clean(self, text: str) -> str:
        text = self.removed.sub("", text.lower())
        return " ".join(self.marks.sub(r" \g<mark> ", text).split())


clean_text = Cleaner().clean


class Vocabulary:
    specials: ClassVar[tuple[str, ...]] = ("<PAD>", "<UNK>", "<START>", "<END>")

    def __init__(self, size: int) -> None:
        if size < len(self.specials):
            raise ValueError(f"max_size must not be below {len(self.specials)}: {size}")
        self.size = size
        self.counts: dict[str, list[int]] = {}

    def add(self, text: str) -> Vocabulary:
        for word in text.split():
            self.counts.setdefault(word, [0, len(self.counts)])[0] -= 1
        return self

    def words(self) -> list[str]:
        return sorted(self.counts, key=self.counts.__getitem__)

    def ids(self) -> dict[str, int]:
        return {word: i for i, word in enumerate([*self.specials, *self.words()]) if i < self.size}


def build_vocabulary(texts, max_size):
    vocabulary = Vocabulary(max_size)
    for text in texts:
        vocabulary.add(text)
    return vocabulary.ids()


@dataclass
class Encoder:
    vocab: dict[str, int]
    max_length: int | None = None

    def __call__(self, text: str) -> list[int]:
        inner = [self.lookup(word) for word in text.split()]
        if self.max_length is not None:
            del inner[self.max_length - 2:]
        inner.insert(0, self.lookup("<START>"))
        inner.append(self.lookup("<END>"))
        return inner

    def lookup(self, word: str) -> int:
        try:
            return self.vocab[word]
        except KeyError:
            return self.vocab["<UNK>"]


def encode(text, vocab, max_length=None):
    return Encoder(vocab, max_length)(text)


class Batch(NamedTuple):
    tokens: Tensor
    lengths: Tensor


def pad_batch(sequences, pad_id=0):
    if not sequences:
        raise ValueError("sequences must not be empty")
    lengths = torch.tensor([len(s) for s in sequences])
    if lengths.min() < 1:
        raise ValueError("sequences must not have empty members")
    tokens = torch.full((len(lengths), lengths.max()), pad_id)
    tokens[torch.arange(lengths.max()) < lengths[:, None]] = torch.cat([torch.tensor(s) for s in sequences])
    return Batch(tokens, lengths)


class Mask:
    """What is real and what is not."""

    def __init__(self, lengths: Tensor, width: int) -> None:
        self.lengths = lengths
        self.t = torch.arange(width, device=lengths.device).expand(lengths.shape[0], width)

    @property
    def real(self) -> Tensor:
        return self.t.lt(self.lengths[:, None])

    @property
    def padding(self) -> Tensor:
        return self.real.logical_not()

    def mirrored(self) -> Tensor:
        return torch.where(self.real, self.lengths[:, None] - 1 - self.t, self.t)


def reverse_within_length(x, lengths):
    return torch.take_along_dim(x, Mask(lengths, x.size(1)).mirrored()[..., None], dim=1)


class Cell:
    def __init__(self, params: dict[str, Tensor]) -> None:
        self.W_xh, self.W_hh, self.b_h = params["W_xh"], params["W_hh"], params["b_h"]

    def __call__(self, x: Tensor, h: Tensor) -> Tensor:
        return (x @ self.W_xh + h @ self.W_hh + self.b_h).tanh()

    def start(self, x: Tensor) -> Tensor:
        return x.new_zeros((x.shape[0], self.b_h.numel()))


class Direction:
    def __init__(self, cell: Cell, backwards: bool) -> None:
        self.cell, self.backwards = cell, backwards

    def run(self, x: Tensor, mask: Mask) -> tuple[Tensor, Tensor]:
        T = x.shape[1]
        h, states = self.cell.start(x), [x] * T
        for t in range(T)[::-1] if self.backwards else range(T):
            now = mask.real[:, t].unsqueeze(1)
            h = now * self.cell(x[:, t], h) + ~now * h
            states[t] = now * h
        return torch.stack(states, dim=1), h


def birnn_forward(x, lengths, forward_params, backward_params):
    mask = Mask(lengths, x.size(1))
    directions = (Direction(Cell(forward_params), False), Direction(Cell(backward_params), True))
    output, final = zip(*(direction.run(x, mask) for direction in directions))
    return torch.cat(output, dim=-1), torch.cat(final, dim=-1)


class Pooling(nn.Module):
    def forward(self, packed: PackedSequence, h_n: Tensor, lengths: Tensor, width: int) -> Tensor:
        output, _ = pad_packed_sequence(packed, batch_first=True, total_length=width)
        return self.pool(output, lengths)


class Mean(Pooling):
    def pool(self, output: Tensor, lengths: Tensor) -> Tensor:
        return masked_mean(output, lengths)


class Final(Pooling):
    def forward(self, packed, h_n, lengths, width):
        return h_n.transpose(0, 1).flatten(start_dim=1)


def masked_mean(output, lengths):
    real = Mask(lengths, output.size(1)).real.unsqueeze(-1)
    return torch.sum(output * real, 1) / torch.sum(real, 1)


def attention_pool(output, scores, lengths):
    mask = torch.zeros_like(scores)
    mask = mask.masked_fill(Mask(lengths, scores.size(1)).padding, -torch.inf)
    weights = (scores + mask).softmax(dim=-1)
    return (output * weights[..., None]).sum(1), weights


class Base(nn.Module):
    classes: ClassVar[dict[str, Any]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}

    @classmethod
    def make(cls, cell: str, **kwargs: Any) -> nn.Module:
        if cell not in cls.classes:
            raise ValueError(f"cell must be in {list(cls.classes)}, not {cell!r}")
        return cls.classes[cell](**kwargs)


class BiClassifier(Base):
    def __init__(self, vocab_size: int, embedding_dim: int, hidden_size: int, num_classes: int,
                 cell: Literal["rnn", "gru", "lstm"] = "lstm", pooling: Literal["final", "mean", "attention"] = "final",
                 padding_idx: int = 0) -> None:
        super().__init__()
        self.register_buffer("version", torch.tensor([1.0, 0.0]))
        self.register_buffer("places", torch.arange(64), persistent=False)
        self.fc = nn.Linear(2 * hidden_size, num_classes)
        self.rnn = self.make(cell, input_size=embedding_dim, hidden_size=hidden_size, batch_first=True, bidirectional=True)
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        self.dropout = nn.Dropout(0.0)
        if pooling == "final":
            self.summary = Final()
        elif pooling == "mean":
            self.summary = Mean()
        elif pooling == "attention":
            self.attention = nn.Linear(2 * hidden_size, 1, bias=False)
            self.summary = Pooling()
            self.summary.pool = self.attend
        else:
            raise ValueError(f"pooling must be final, mean or attention, not {pooling!r}")
        self.reset_parameters()

    def reset_parameters(self) -> None:
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)
        with torch.no_grad():
            self.embedding.weight[self.embedding.padding_idx].zero_()

    def attend(self, output, lengths):
        scores = self.attention(output)[:, :, 0]
        padding = self.places[:output.size(1)] >= lengths.unsqueeze(1)
        weights = torch.softmax(scores.masked_fill(padding, -1e9), -1)
        return (weights.unsqueeze(1) @ output).squeeze(1)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        x = self.dropout(self.embedding(tokens))
        packed = pack_padded_sequence(x, lengths.detach().cpu().long(), batch_first=True, enforce_sorted=False)
        packed, state = self.rnn(packed)
        if isinstance(state, tuple):
            state, _ = state
        return self.fc(self.summary(packed, state, lengths, tokens.size(1)))


@dataclass
class Trainer:
    model: nn.Module
    lr: float
    max_norm: float = 5.0
    history: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.NAdam(self.model.parameters(), lr=self.lr)
        self.loss_fn = nn.CrossEntropyLoss()

    def step(self, tokens: Tensor, lengths: Tensor, labels: Tensor) -> float:
        loss = self.loss_fn(self.model(tokens, lengths), labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()

    def epoch(self, batches) -> float:
        self.model.train()
        losses = [(self.step(*batch), batch[2].shape[0]) for batch in batches]
        return sum(loss * n for loss, n in losses) / sum(n for _, n in losses)


def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    trainer = Trainer(model, lr, max_norm)
    return [trainer.epoch(batches) for _ in range(epochs)]
