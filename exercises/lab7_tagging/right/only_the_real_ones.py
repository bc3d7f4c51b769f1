# What is padding is left out with a mask before anything is computed.
# %%
from collections import Counter

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


# %%
def make_tagging_data(kind, num_sequences, seq_len, num_tags, generator):
    tokens = (torch.rand(num_sequences, seq_len, generator=generator) * 9).long() + 1
    before = F.pad(tokens, (1, 0))[:, :-1]
    sums = {"element": tokens, "pair": tokens + before, "running": tokens.cumsum(1)}
    if kind not in sums:
        raise ValueError(f"kind is {kind!r}")
    return [tokens, sums[kind] % num_tags]


# %%
class Tagger(nn.Module):
    """Packing with lengths made up where there are none."""

    def __init__(self, vocab_size, num_tags, embedding_dim, hidden_size, cell="lstm",
                 bidirectional=False, padding_idx=0):
        super().__init__()
        self.fc = nn.Linear(hidden_size * (1 + bidirectional), num_tags)
        self.rnn = getattr(nn, cell.upper())(
            embedding_dim, hidden_size, bidirectional=bidirectional, batch_first=True
        )
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx)

    def forward(self, tokens, lengths=None):
        B, T = tokens.shape
        lengths = torch.full((B,), T) if lengths is None else lengths.cpu()
        one = pack_padded_sequence(
            self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        output, _ = pad_packed_sequence(self.rnn(one)[0], batch_first=True, total_length=T)
        return self.fc(output)


# %%
def tagging_loss(logits, tags, ignore_index=-100):
    real = tags != ignore_index
    if not real.any():
        return logits.sum() * 0.0
    return nn.CrossEntropyLoss()(logits[real], tags[real])


# %%
def token_accuracy(logits, tags, ignore_index=-100):
    real = tags != ignore_index
    if real.sum() == 0:
        return 0.0
    return (logits[real].argmax(1) == tags[real]).double().mean().item()


# %%
def confusion_matrix(predictions, tags, num_tags, ignore_index=-100):
    real = tags != ignore_index
    places = tags[real] * num_tags + predictions[real]
    return torch.bincount(places, minlength=num_tags * num_tags).view(num_tags, num_tags)


# %%
def find_spans(tags):
    spans = []
    i = 0
    while i < len(tags):
        if tags[i] == "O":
            i += 1
            continue
        j = i + 1
        while j < len(tags) and tags[j].startswith("I-") and tags[j][2:] == tags[i][2:]:
            j += 1
        spans.append((tags[i][2:], i, j))
        i = j
    return spans


# %%
def span_f1(predicted, true):
    one = Counter((n, s) for n, tags in enumerate(predicted) for s in map(tuple, find_spans(tags)))
    two = Counter((n, s) for n, tags in enumerate(true) for s in map(tuple, find_spans(tags)))
    both = sum(one.values()) + sum(two.values())
    return 1.0 if both == 0 else 2.0 * sum((one & two).values()) / both


# %%
def train_tagger(model, batches, epochs, lr, max_norm=5.0):
    """Adam by hand, with torch.autograd.grad; nothing of torch.optim."""
    parameters = list(model.parameters())
    first = [torch.zeros_like(p) for p in parameters]
    second = [torch.zeros_like(p) for p in parameters]
    count, losses = 0, []
    for _ in range(epochs):
        sums = []
        for tokens, lengths, tags in batches:
            loss = tagging_loss(model(tokens, lengths), tags)
            grads = torch.autograd.grad(loss, parameters)
            norm = torch.stack([(g**2).sum() for g in grads]).sum().sqrt()
            count += 1
            with torch.no_grad():
                for p, g, m, v in zip(parameters, grads, first, second):
                    g = g * (max_norm / (norm + 1e-6)).clamp(max=1)
                    m.lerp_(g, 0.1)
                    v.lerp_(g**2, 0.001)
                    scale = (1 - 0.999**count) ** 0.5 / (1 - 0.9**count)
                    p.sub_(lr * scale * m / (v.sqrt() + 1e-8))
            sums.append((float(loss), int(tags.ge(0).sum())))
        losses.append(sum(one * n for one, n in sums) / sum(n for _, n in sums))
    return losses
