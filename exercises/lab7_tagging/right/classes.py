"""Helpers in classes, buffers, type hints everywhere."""
from dataclasses import dataclass, field
from enum import Enum
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import torch
from torch import Tensor
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence, unpad_sequence

PAD_TAG = -100


class Kind(str, Enum):
    ELEMENT = "element"
    PAIR = "pair"
    RUNNING = "running"


def make_tagging_data(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: torch.Generator
) -> Tuple[Tensor, Tensor]:
    try:
        rule = Kind(kind)
    except ValueError as error:
        raise ValueError(f"kind: {error}") from error
    tokens = 1 + torch.multinomial(torch.full((num_sequences * seq_len, 9), 1 / 9), 1, generator=generator)
    tokens = tokens.view(num_sequences, seq_len)
    window = {Kind.ELEMENT: 1, Kind.PAIR: 2, Kind.RUNNING: seq_len}[rule]
    sums = torch.zeros_like(tokens)
    for back in range(min(window, seq_len)):
        sums[:, back:] += tokens[:, : seq_len - back]
    return tokens, sums % num_tags


class Tagger(nn.Module):
    CELLS: Dict[str, type] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}

    def __init__(
        self,
        vocab_size: int,
        num_tags: int,
        embedding_dim: int,
        hidden_size: int,
        cell: str = "lstm",
        bidirectional: bool = False,
        padding_idx: int = 0,
    ):
        super().__init__()
        directions = 1 + int(bidirectional)
        self.register_buffer("calls", torch.zeros((), dtype=torch.long), persistent=False)
        self.register_buffer("scale", torch.ones(1))
        self.identity = nn.Identity()
        self.fc = nn.Linear(directions * hidden_size, num_tags)
        self.drop = nn.Dropout(0.0)
        self.rnn = self.CELLS[cell](
            input_size=embedding_dim, hidden_size=hidden_size, batch_first=True, bidirectional=bidirectional
        )
        self.embedding = nn.Embedding(
            num_embeddings=vocab_size, embedding_dim=embedding_dim, padding_idx=padding_idx
        )

    def _pack(self, embedded: Tensor, lengths: Tensor) -> PackedSequence:
        return pack_sequence(unpad_sequence(embedded, lengths, batch_first=True), enforce_sorted=False)

    def forward(self, tokens: Tensor, lengths: Optional[Tensor] = None) -> Tensor:
        embedded = self.drop(self.embedding(tokens))
        if lengths is None:
            states = self.rnn(embedded)[0]
        else:
            states, _ = pad_packed_sequence(
                self.rnn(self._pack(embedded, lengths))[0], batch_first=True, total_length=tokens.size(1)
            )
        return self.fc(self.identity(states))


@dataclass
class Scores:
    """What the three measures share."""

    logits: Tensor
    tags: Tensor
    ignore_index: int = PAD_TAG
    real: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.real = self.tags != self.ignore_index

    @property
    def right(self) -> Tensor:
        return self.logits.argmax(dim=-1) == self.tags

    def rows(self) -> Iterator[Tensor]:
        for right, real in zip(self.right, self.real):
            yield right[real]


def tagging_loss(logits: Tensor, tags: Tensor, ignore_index: int = PAD_TAG) -> Tensor:
    scores = Scores(logits, tags, ignore_index)
    if not scores.real.any():
        return (logits * 0).sum()
    return nn.CrossEntropyLoss()(logits[scores.real], tags[scores.real])


def token_accuracy(logits: Tensor, tags: Tensor, ignore_index: int = PAD_TAG) -> float:
    rows = list(Scores(logits, tags, ignore_index).rows())
    total = sum(len(row) for row in rows)
    return sum(int(row.sum()) for row in rows) / total if total else 0.0


def sequence_accuracy(logits: Tensor, tags: Tensor, ignore_index: int = PAD_TAG) -> float:
    rows = [row for row in Scores(logits, tags, ignore_index).rows() if len(row)]
    return sum(bool(row.all()) for row in rows) / len(rows) if rows else 0.0


def confusion_matrix(predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = PAD_TAG) -> Tensor:
    matrix = tags.new_zeros((num_tags, num_tags))
    for i in range(num_tags):
        if i == ignore_index:
            continue
        row = predictions[tags == i]
        for j in range(num_tags):
            matrix[i, j] = (row == j).sum()
    return matrix


class Lattice:
    def __init__(self, transitions: Tensor) -> None:
        self.transitions = transitions

    def best(self, emissions: Tensor) -> List[int]:
        score, notes = emissions[0], []
        for emission in emissions[1:]:
            score, note = torch.max(score.view(-1, 1) + self.transitions + emission, dim=0)
            notes.append(note)
        path = [score.argmax()]
        while notes:
            path.append(notes.pop()[path[-1]])
        return [int(tag) for tag in path][::-1]


def viterbi_decode(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> List[List[int]]:
    lattice = Lattice(transitions)
    return [lattice.best(e[:n]) for e, n in zip(emissions, lengths)]


class SpanReader:
    def __init__(self) -> None:
        self.spans: List[Tuple[str, int, int]] = []
        self.open: Optional[Tuple[str, int]] = None

    def close(self, end: int) -> None:
        if self.open is not None:
            self.spans.append((*self.open, end))
            self.open = None

    def read(self, position: int, tag: str) -> None:
        if tag == "O":
            self.close(position)
            return
        prefix, label = tag.split("-", maxsplit=1)
        if prefix == "B" or self.open is None or self.open[0] != label:
            self.close(position)
            self.open = (label, position)


def find_spans(tags: Sequence[str]) -> List[Tuple[str, int, int]]:
    reader = SpanReader()
    for position, tag in enumerate(tags):
        reader.read(position, tag)
    reader.close(len(tags))
    return reader.spans


def span_f1(predicted: Sequence[Sequence[str]], true: Sequence[Sequence[str]]) -> float:
    found = [(n, span) for n, tags in enumerate(predicted) for span in find_spans(tags)]
    wanted = [(n, span) for n, tags in enumerate(true) for span in find_spans(tags)]
    if not found and not wanted:
        return 1.0
    if not found or not wanted:
        return 0.0
    hits = sum(span in wanted for span in found)
    precision, recall = hits / len(found), hits / len(wanted)
    return 0.0 if hits == 0 else 2 * precision * recall / (precision + recall)


class Trainer:
    def __init__(self, model: nn.Module, lr: float, max_norm: float) -> None:
        self.model, self.max_norm = model, max_norm
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-4)

    def epoch(self, batches: Sequence[Tuple[Tensor, Tensor, Tensor]]) -> float:
        total, count = torch.zeros((), dtype=torch.float64), 0
        for tokens, lengths, tags in batches:
            self.model.zero_grad()
            loss = tagging_loss(self.model(tokens, lengths), tags)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)
            self.optimizer.step()
            real = int(torch.count_nonzero(tags != PAD_TAG))
            total = total + loss.detach() * real
            count += real
        return (total / count).item()


def train_tagger(
    model: nn.Module, batches: Sequence[Tuple[Tensor, Tensor, Tensor]], epochs: int, lr: float, max_norm: float = 5.0
) -> List[float]:
    trainer = Trainer(model, lr, max_norm)
    was = model.training
    model.train()
    try:
        return [trainer.epoch(batches) for _ in range(epochs)]
    finally:
        model.train(was)
