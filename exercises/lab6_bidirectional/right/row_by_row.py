from collections import defaultdict

import numpy as np
import torch
from torch import nn
from torch.nn.functional import pad

# %%
ALLOWED = "abcdefghijklmnopqrstuvwxyz0123456789.!?"


def clean_text(text):
    out = ""
    for c in text.lower():
        if c.isspace():
            out += " "
        elif c in ".!?":
            out += f" {c} "
        elif c in ALLOWED:
            out += c
    while "  " in out:
        out = out.replace("  ", " ")
    return out.strip()


# %%
SPECIAL = ("<PAD>", "<UNK>", "<START>", "<END>")


def build_vocabulary(texts, max_size):
    if not max_size >= 4:
        raise ValueError("max_size: too small for the special words")
    counts = defaultdict(int)
    place = {}
    for number, word in enumerate(word for text in texts for word in text.split()):
        counts[word] += 1
        place.setdefault(word, number)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], place[pair[0]]))
    kept = [word for word, _ in ranked][: max_size - 4]
    return dict(zip([*SPECIAL, *kept], range(max_size), strict=False))


# %%
def encode(text, vocab, max_length=None):
    limit = float("inf") if max_length is None else max_length
    ids = [vocab["<START>"]]
    for word in text.split(" "):
        if len(ids) + 1 >= limit or not word:
            break
        ids.append(vocab.get(word, vocab["<UNK>"]))
    return ids + [vocab["<END>"]]


# %%
def pad_batch(sequences, pad_id=0):
    if len(sequences) == 0:
        raise ValueError("sequences: there is none")
    if any(len(ids) == 0 for ids in sequences):
        raise ValueError("sequences: one of them is empty")
    wide = max(map(len, sequences))
    rows = [pad(torch.tensor(ids), (0, wide - len(ids)), value=pad_id) for ids in sequences]
    return torch.stack(rows), torch.LongTensor([len(ids) for ids in sequences])


# %%
def reverse_within_length(x, lengths):
    out = x.clone()
    for row, n in enumerate(lengths.tolist()):
        out[row, :n] = x[row, :n].flip(0)
    return out


# %%
def states_of(x, params):
    h = x.new_zeros(x.shape[0], params["W_hh"].shape[0])
    found = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
        found.append(h)
    return torch.stack(found, 1)


def birnn_forward(x, lengths, forward_params, backward_params):
    width = x.shape[1]
    outputs, finals = [], []
    for row, n in zip(x, lengths.tolist(), strict=True):
        there = states_of(row[None, :n], forward_params)[0]
        back = states_of(row[None, :n].flip(1), backward_params)[0].flip(0)
        both = torch.cat([there, back], 1)
        outputs.append(torch.cat([both, both.new_zeros(width - n, both.shape[1])]))
        finals.append(torch.cat([there[-1], back[0]]))
    return torch.stack(outputs), torch.stack(finals)


# %%
def masked_mean(output, lengths):
    rows = [row[:n].mean(0) for row, n in zip(output, lengths.tolist(), strict=True)]
    return torch.stack(rows)


# %%
def attention_pool(output, scores, lengths):
    weights = torch.zeros_like(scores)
    for row, n in enumerate(lengths.tolist()):
        weights[row, :n] = scores[row, :n].softmax(0)
    return torch.einsum("bt,btf->bf", weights, output), weights


# %%
class BiClassifier(nn.Module):
    """No packing: each sentence runs alone, cut to its length."""

    def __init__(self, vocab_size, embedding_dim, hidden_size, num_classes,
                 cell="lstm", pooling="final", padding_idx=0):
        super().__init__()
        cells = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
        if cell not in cells:
            raise ValueError(f"cell is {cell!r}")
        if pooling not in ("final", "mean", "attention"):
            raise ValueError(f"pooling is {pooling!r}")
        self.pooling = pooling
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        self.rnn = cells[cell](embedding_dim, hidden_size, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden_size, num_classes)
        if pooling == "attention":
            self.attention = nn.Linear(2 * hidden_size, 1, bias=False)

    def forward(self, tokens, lengths):
        H = self.rnn.hidden_size
        found = []
        for ids, n in zip(tokens, lengths.tolist(), strict=True):
            states = self.rnn(self.embedding(ids[None, :n]))[0][0]
            if self.pooling == "final":
                found.append(torch.cat([states[-1, :H], states[0, H:]]))
            elif self.pooling == "mean":
                found.append(states.mean(0))
            else:
                found.append(self.attention(states).softmax(0).mul(states).sum(0))
        return self.fc(torch.stack(found))


# %%
def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    model.train()
    weights = list(model.parameters())
    speed = [torch.zeros_like(w) for w in weights]
    history = []
    for _ in range(epochs):
        losses, sizes = [], []
        for tokens, lengths, labels in batches:
            logits = model(tokens, lengths)
            loss = -logits.log_softmax(-1)[torch.arange(len(labels)), labels].mean()
            grads = torch.autograd.grad(loss, weights)
            norm = torch.sqrt(sum((g**2).sum() for g in grads))
            factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
            with torch.no_grad():
                for w, g, v in zip(weights, grads, speed, strict=True):
                    v.mul_(0.9).add_(factor * g)
                    w.sub_(lr * v)
            losses.append(loss.item())
            sizes.append(len(labels))
        history.append(float(np.average(losses, weights=sizes)))
    return history
