"""Everything step by step and sentence by sentence, with type hints."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

KEPT: str = "abcdefghijklmnopqrstuvwxyz" + "0123456789"
ENDS: tuple[str, ...] = (".", "!", "?")


def clean_text(text: str) -> str:
    words: list[str] = []
    word: str = ""
    for char in text.lower():
        if char.isspace() or char in ENDS:
            if word:
                words.append(word)
            word = ""
            if char in ENDS:
                words.append(char)
        elif char in KEPT:
            word += char
    if word:
        words.append(word)
    return " ".join(words)


def build_vocabulary(texts: Iterable[str], max_size: int) -> dict[str, int]:
    if max_size < 4:
        raise ValueError(f"max_size={max_size} is too small, 4 special words are needed")
    words: list[str] = []
    counts: list[int] = []
    for text in texts:
        for word in text.split():
            if word not in words:
                words.append(word)
                counts.append(0)
            counts[words.index(word)] += 1
    # bubble sort: stable
    for _ in words:
        for i in range(len(words) - 1):
            if counts[i] < counts[i + 1]:
                counts[i], counts[i + 1] = counts[i + 1], counts[i]
                words[i], words[i + 1] = words[i + 1], words[i]
    vocab: dict[str, int] = {}
    for word in ["<PAD>", "<UNK>", "<START>", "<END>"] + words:
        if len(vocab) == max_size:
            break
        vocab[word] = len(vocab)
    return vocab


def encode(text: str, vocab: Mapping[str, int], max_length: int | None = None) -> list[int]:
    ids: list[int] = [2]
    for word in text.split():
        if max_length is not None and len(ids) == max_length - 1:
            break
        if word in vocab:
            ids.append(vocab[word])
        else:
            ids.append(1)
    ids.append(3)
    return ids


def pad_batch(sequences: Sequence[Sequence[int]], pad_id: int = 0) -> tuple[Tensor, Tensor]:
    if not sequences:
        raise ValueError("no sequences given")
    longest: int = 0
    for number, sequence in enumerate(sequences):
        if not sequence:
            raise ValueError(f"sequence {number} is empty")
        longest = max(longest, len(sequence))
    tokens: Tensor = torch.empty(len(sequences), longest, dtype=torch.int64)
    lengths: Tensor = torch.empty(len(sequences), dtype=torch.int64)
    for b, sequence in enumerate(sequences):
        for t in range(longest):
            tokens[b, t] = sequence[t] if t < len(sequence) else pad_id
        lengths[b] = len(sequence)
    return tokens, lengths


def reverse_within_length(x: Tensor, lengths: Tensor) -> Tensor:
    result: Tensor = x.clone()
    for b in range(x.shape[0]):
        n: int = int(lengths[b])
        for t in range(n):
            result[b, t] = x[b, n - 1 - t]
    return result


def birnn_forward(
    x: Tensor, lengths: Tensor, forward_params: Mapping[str, Tensor], backward_params: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor]:
    B, T, _ = x.shape
    H: int = forward_params["b_h"].shape[0]
    output: Tensor = torch.zeros(B, T, 2 * H, dtype=x.dtype, device=x.device)
    final: Tensor = torch.zeros(B, 2 * H, dtype=x.dtype, device=x.device)
    for b in range(B):
        n: int = lengths[b].item()
        h: Tensor = torch.zeros(H, dtype=x.dtype, device=x.device)
        for t in range(n):
            p = forward_params
            h = torch.tanh(x[b, t] @ p["W_xh"] + h @ p["W_hh"] + p["b_h"])
            output[b, t, :H] = h
        final[b, :H] = h
        h = torch.zeros(H, dtype=x.dtype, device=x.device)
        for t in reversed(range(n)):
            p = backward_params
            h = torch.tanh(x[b, t] @ p["W_xh"] + h @ p["W_hh"] + p["b_h"])
            output[b, t, H:] = h
        final[b, H:] = h
    return output, final


def masked_mean(output: Tensor, lengths: Tensor) -> Tensor:
    means: list[Tensor] = []
    for b, n in enumerate(lengths.tolist()):
        total: Tensor = output[b, 0]
        for t in range(1, n):
            total = total + output[b, t]
        means.append(total / n)
    return torch.stack(means)


def attention_pool(output: Tensor, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    contexts: list[Tensor] = []
    rows: list[Tensor] = []
    for b, n in enumerate(lengths.tolist()):
        weights: Tensor = torch.softmax(scores[b, :n], dim=0)
        context: Tensor = torch.zeros_like(output[b, 0])
        for t in range(n):
            context = context + weights[t] * output[b, t]
        contexts.append(context)
        rows.append(torch.cat([weights, torch.zeros_like(scores[b, n:])]))
    return torch.stack(contexts), torch.stack(rows)


class BiClassifier(nn.Module):
    def __init__(
        self, vocab_size: int, embedding_dim: int, hidden_size: int, num_classes: int,
        cell: str = "lstm", pooling: str = "final", padding_idx: int = 0,
    ) -> None:
        super().__init__()
        self.hidden_size: int = hidden_size
        self.pooling: str = pooling
        self.embedding: nn.Embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        if cell == "rnn":
            self.rnn = nn.RNN(embedding_dim, hidden_size, batch_first=True, bidirectional=True)
        elif cell == "gru":
            self.rnn = nn.GRU(embedding_dim, hidden_size, batch_first=True, bidirectional=True)
        elif cell == "lstm":
            self.rnn = nn.LSTM(embedding_dim, hidden_size, batch_first=True, bidirectional=True)
        else:
            raise ValueError(f"unknown cell: {cell}")
        self.fc: nn.Linear = nn.Linear(2 * hidden_size, num_classes)
        if pooling == "attention":
            self.attention: nn.Linear = nn.Linear(2 * hidden_size, 1, bias=False)
        elif pooling != "final" and pooling != "mean":
            raise ValueError(f"unknown pooling: {pooling}")

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        rows: list[Tensor] = []
        for b in range(tokens.shape[0]):
            n: int = int(lengths[b])
            sentence: Tensor = self.embedding(tokens[b : b + 1, :n])
            output, _ = self.rnn(sentence)
            if self.pooling == "final":
                H = self.hidden_size
                rows.append(torch.cat([output[0, -1, :H], output[0, 0, H:]]))
            elif self.pooling == "mean":
                rows.append(output.mean(dim=1)[0])
            else:
                weights = torch.softmax(self.attention(output), dim=1)
                rows.append((weights * output).sum(dim=1)[0])
        return self.fc(torch.stack(rows))


def train_sentiment(
    model: nn.Module, batches: Sequence[tuple[Tensor, Tensor, Tensor]], epochs: int, lr: float, max_norm: float = 5.0
) -> list[float]:
    optimizer = torch.optim.Adam(list(model.parameters()), lr)
    criterion = nn.CrossEntropyLoss(reduction="none")
    history: list[float] = []
    for epoch in range(epochs):
        model.train()
        losses: list[float] = []
        for i in range(len(batches)):
            tokens, lengths, labels = batches[i]
            model.zero_grad()
            each = criterion(model(tokens, lengths), labels)
            each.mean().backward()
            norm = 0.0
            for p in model.parameters():
                if p.grad is not None:
                    norm += float((p.grad ** 2).sum())
            norm = norm ** 0.5
            if norm > max_norm:
                for p in model.parameters():
                    if p.grad is not None:
                        p.grad *= max_norm / norm
            optimizer.step()
            for value in each:
                losses.append(value.item())
        history.append(sum(losses) / len(losses))
    return history
