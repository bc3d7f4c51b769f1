"""Mixins, properties, buffers and type hints everywhere."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Iterator, List, Tuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence, unpad_sequence

Batch = Tuple[Tensor, Tensor, Tensor]


class OneToMany(nn.Module):
    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(in_features=input_size, out_features=hidden_size)
        self.cell = nn.LSTMCell(input_size=output_size, hidden_size=hidden_size)
        self.fc = nn.Linear(in_features=hidden_size, out_features=output_size)
        self.activation = nn.Tanh()
        self.register_buffer("first", torch.zeros(1, output_size), persistent=False)

    def _outputs(self, x: Tensor, steps: int) -> Iterator[Tensor]:
        h = self.activation(self.encoder(x))
        c = x.new_zeros(h.shape)
        y = self.first.expand(len(x), -1).to(x)
        for _ in range(steps):
            h, c = self.cell(y, (h, c))
            y = self.fc(h)
            yield y

    def forward(self, x: Tensor, steps: int) -> Tensor:
        return torch.stack([*self._outputs(x, steps)], 1)


def shift_right(targets: Tensor, start_id: int) -> Tensor:
    shifted = targets.roll(1, dims=1)
    shifted[:, 0].fill_(start_id)
    return shifted


class Reads(nn.Module):
    """What encoder and decoder share."""

    def __init__(self, vocab_size: int, embedding_dim: int, hidden_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.GRU(embedding_dim, hidden_size, batch_first=True)
        self.identity = nn.Dropout(0.0)


class Encoder(Reads):
    def _packed(self, tokens: Tensor, lengths: Tensor) -> PackedSequence:
        rows = unpad_sequence(self.identity(self.embedding(tokens)), lengths, batch_first=True)
        return pack_sequence(rows, enforce_sorted=False)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tuple[Tensor, Tensor]:
        outputs, state = self.rnn(self._packed(tokens, lengths))
        padded = pad_packed_sequence(outputs, True, float("nan"), tokens.size(1))[0]
        return padded, state


class Decoder(Reads):
    def __init__(self, vocab_size: int, embedding_dim: int, hidden_size: int) -> None:
        super().__init__(vocab_size, embedding_dim, hidden_size)
        self.fc = nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens: Tensor, state: Tensor) -> Tuple[Tensor, Tensor]:
        outputs, last = self.rnn(self.identity(self.embedding(tokens)), state)
        return self.fc(outputs), last


class Sayings:
    """Columns of tokens, and which rows have ended."""

    def __init__(self, state: Any, end_id: int) -> None:
        like = state if isinstance(state, Tensor) else state[0]
        self.end_id = end_id
        self.columns: List[Tensor] = []
        self.ended = like.new_zeros(like.size(-2), dtype=torch.bool)

    def add(self, tokens: Tensor) -> Tensor:
        column = torch.where(self.ended, torch.full_like(tokens, self.end_id), tokens)
        self.columns.append(column)
        self.ended = self.ended.logical_or(column.eq(self.end_id))
        return column

    @property
    def over(self) -> bool:
        return bool(self.ended.all())


def greedy_decode(step: Any, state: Any, start_id: int, end_id: int, max_len: int) -> Tensor:
    said = Sayings(state, end_id)
    fed = torch.full_like(said.ended, start_id, dtype=torch.int64)
    while len(said.columns) < max_len and not said.over:
        logits, state = step(fed, state)
        fed = said.add(logits.max(dim=-1).indices)
    return torch.stack(said.columns, dim=-1)


class Seq2Seq(nn.Module):
    def __init__(self, encoder: nn.Module, decoder: nn.Module, start_id: int, end_id: int) -> None:
        super().__init__()
        self.add_module("encoder", encoder)
        self.add_module("decoder", decoder)
        self._ids = start_id, end_id

    @property
    def start_id(self) -> int:
        return self._ids[0]

    @property
    def end_id(self) -> int:
        return self._ids[1]

    def encode(self, src: Tensor, lengths: Tensor) -> Any:
        return self.encoder(src, lengths)[1]

    def forward(self, src: Tensor, lengths: Tensor, targets: Tensor) -> Tensor:
        return self.decoder(shift_right(targets, self.start_id), self.encode(src, lengths))[0]

    def _step(self, tokens: Tensor, state: Any) -> Tuple[Tensor, Any]:
        logits, state = self.decoder(tokens.reshape(-1, 1), state)
        return logits[:, 0], state

    @torch.inference_mode()
    def generate(self, src: Tensor, lengths: Tensor, max_len: int) -> Tensor:
        modes = {module: module.training for module in self.modules()}
        self.eval()
        try:
            return greedy_decode(
                self._step, self.encode(src, lengths), self.start_id, self.end_id, max_len
            ).clone()
        finally:
            for module, mode in modes.items():
                module.training = mode


@dataclass
class Mean:
    total: float = 0.0
    count: int = 0

    def add(self, mean: float, count: int) -> None:
        self.total += mean * count
        self.count += count

    @property
    def value(self) -> float:
        return self.total / self.count


@dataclass
class Trainer:
    model: nn.Module
    lr: float
    max_norm: float
    history: List[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.NAdam(self.model.parameters(), lr=self.lr)
        self.criterion = nn.CrossEntropyLoss(ignore_index=-100)

    def labels(self, targets: Tensor) -> Tensor:
        ends = targets.eq(self.model.end_id)
        after = torch.zeros_like(ends)
        after[:, 1:] = ends[:, :-1].cummax(dim=1).values if ends.shape[1] > 1 else ends[:, :-1]
        return targets.masked_fill(after, -100)

    def step(self, src: Tensor, lengths: Tensor, targets: Tensor) -> Tuple[float, int]:
        labels = self.labels(targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.criterion(self.model(src, lengths, targets).flatten(0, 1), labels.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)
        self.optimizer.step()
        return loss.item(), int(labels.ge(0).sum())

    def epoch(self, batches: Iterable[Batch]) -> None:
        self.model.train()
        mean = Mean()
        for batch in batches:
            mean.add(*self.step(*batch))
        self.history.append(mean.value)


def train_seq2seq(
    model: nn.Module, batches: Iterable[Batch], epochs: int, lr: float, max_norm: float = 5.0
) -> List[float]:
    kept = tuple(batches)
    trainer = Trainer(model, lr, max_norm)
    while len(trainer.history) < epochs:
        trainer.epoch(kept)
    return trainer.history
