"""What the exercises leave free, done in the less usual way."""
import copy
import functools
import itertools
import random
import unicodedata
from collections import OrderedDict

import numpy as np
import torch
from torch import nn
from torch.nn.functional import one_hot
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence, unpad_sequence


@functools.lru_cache(maxsize=None)
def clean_text(text):
    groups = itertools.groupby(text.lower(), key=str.isspace)
    words = ("".join(group) for space, group in groups if not space)
    out = []
    for word in words:
        word = [c for c in word if c.isascii() and (c.isalnum() or c in {".", "!", "?"})]
        for mark, part in itertools.groupby(word, key=lambda c: c if unicodedata.category(c) == "Po" else None):
            out += list(part) if mark else ["".join(part)]
    return " ".join(out)


def build_vocabulary(texts, max_size):
    room = max_size - 4
    if room < 0:
        raise ValueError("max_size is smaller than the number of special words")
    words = np.array(" ".join(texts).split(), dtype=object)
    vocab = OrderedDict(zip(("<PAD>", "<UNK>", "<START>", "<END>"), range(4)))
    if len(words):
        unique, first, counts = np.unique(words.astype(str), return_index=True, return_counts=True)
        order = np.lexsort((first, -counts))[:room]
        vocab.update((str(unique[k]), 4 + i) for i, k in enumerate(order))
    return vocab


def encode(text, vocab, max_length=None):
    def ids():
        yield vocab["<START>"]
        stop = None if max_length is None else max_length - 2
        yield from (vocab.get(word, vocab["<UNK>"]) for word in itertools.islice(text.split(), stop))
        yield vocab["<END>"]
    return list(ids())


def pad_batch(sequences, pad_id=0):
    problems = [i for i, s in enumerate(sequences) if len(s) == 0]
    if problems or len(sequences) == 0:
        raise ValueError("sequences: " + (f"number {problems[0]} is an empty sequence" if problems else "the batch is empty"))
    tokens, lengths = pad_packed_sequence(
        pack_sequence([torch.tensor(s) for s in sequences], enforce_sorted=False), batch_first=True, padding_value=pad_id
    )
    return [tokens, lengths]


def reverse_within_length(x, lengths):
    t = torch.arange(x.shape[1], device=x.device)

    def one(row, n):
        return row.index_select(0, torch.where(t < n, (n - 1 - t) % len(row), t))

    return torch.vmap(one)(x, lengths)


def birnn_forward(x, lengths, forward_params, backward_params):
    def step(h, x_t, p):
        return torch.tanh(torch.cat([x_t, h], 1) @ torch.cat([p["W_xh"], p["W_hh"]]) + p["b_h"])

    def direction(inputs, p):
        h0 = torch.zeros(len(x), len(p["b_h"])).type_as(x)
        states = list(itertools.accumulate(inputs.unbind(1), lambda h, x_t: step(h, x_t, p), initial=h0))
        # the states behind the lengths are never looked at
        return torch.stack(states, dim=1)

    keep = (torch.arange(x.shape[1], device=x.device) < lengths[:, None])[..., None]
    forward, backward = direction(x, forward_params), direction(reverse_within_length(x, lengths), backward_params)
    chosen = one_hot(lengths, x.shape[1] + 1).to(x.dtype)[..., None]
    final = torch.cat([(chosen * forward).sum(1), (chosen * backward).sum(1)], 1)
    backward = reverse_within_length(backward[:, 1:], lengths)
    zero = torch.zeros((), dtype=x.dtype, device=x.device)
    return [torch.where(keep, torch.cat([forward[:, 1:], backward], 2), zero), final]


def masked_mean(output, lengths):
    return torch.stack([part.mean(0) for part in unpad_sequence(output, lengths, batch_first=True)])


def attention_pool(output, scores, lengths):
    hidden = torch.arange(scores.shape[1], device=scores.device)[None] >= lengths[:, None]
    weights = torch.softmax(scores - scores.detach().masked_fill(hidden, -1e9).amax(1, keepdim=True) - hidden * 1e30, 1)
    return (weights.T[:, :, None] * output.transpose(0, 1)).sum(0), weights


class Turned(nn.Module):
    """Reads the backward half with a forward layer? No: a wrapper without parameters of its own."""

    def forward(self, x):
        return x.contiguous()


class BiClassifier(nn.Sequential):
    def __init__(self, vocab_size, embedding_dim, hidden_size, num_classes, cell="lstm", pooling="final", padding_idx=0):
        if (cell, pooling) not in itertools.product(("rnn", "gru", "lstm"), ("final", "mean", "attention")):
            raise ValueError(f"cell and pooling: {cell!r} and {pooling!r} are not known")
        super().__init__()
        if pooling == "attention":
            self.attention = nn.Linear(2 * hidden_size, 1, bias=False)
        self.turned = Turned()
        self.fc = nn.Linear(2 * hidden_size, num_classes)
        kind = {"rnn": functools.partial(nn.RNN, nonlinearity="tanh"), "gru": nn.GRU, "lstm": nn.LSTM}[cell]
        self.rnn = kind(embedding_dim, hidden_size, bidirectional=True, batch_first=True)
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.embedding.padding_idx = padding_idx
        with torch.no_grad():
            self.embedding.weight[padding_idx] = 0.0
        self.pooling = pooling
        self._lengths = None

    def forward(self, tokens, lengths):
        words = [self.embedding(row) for row in unpad_sequence(tokens, lengths, batch_first=True)]
        packed, states = self.rnn(pack_sequence(words, enforce_sorted=False))
        if self.pooling == "final":
            final = states if torch.is_tensor(states) else states[0]
            return self.fc(torch.cat(final.unbind(0), -1))
        output, n = pad_packed_sequence(packed, batch_first=True)
        output = self.turned(output)
        n = n.to(output.device)
        if self.pooling == "mean":
            return self.fc(masked_mean(output, n))
        return self.fc(attention_pool(output, self.attention(output).flatten(1), n)[0])


def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    """Batches in another order each epoch, sorted and cut to what is needed; a schedule; a look at the accuracy."""
    optimizer = torch.optim.Adam([{"params": [p]} for p in model.parameters()], lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, epochs), eta_min=lr / 10)
    best, kept = 0.0, None
    losses = []
    for _ in range(epochs):
        model.train()
        seen = []
        for tokens, lengths, labels in random.sample(list(batches), len(batches)):
            longest = int(lengths.max())
            with torch.enable_grad():
                loss = nn.CrossEntropyLoss()(model(tokens[:, :longest], lengths), labels)
            model.zero_grad(set_to_none=False)
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(model.parameters(), max_norm, error_if_nonfinite=True, foreach=False)
            optimizer.step()
            seen.append([loss.item(), len(tokens)])
        schedule.step()
        values, sizes = np.array(seen).T
        losses.append(np.average(values, weights=sizes))
        model.eval()
        with torch.no_grad():
            right = sum(int((model(a, n).argmax(1) == y).sum()) for a, n, y in batches)
        if right >= best:
            best, kept = right, copy.deepcopy(model.state_dict())
    if kept is not None:
        model.load_state_dict(kept)
    return [float(one) for one in losses]
