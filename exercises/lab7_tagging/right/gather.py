import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def _mask(tags, ignore_index):
    return torch.ne(tags, ignore_index)


def make_tagging_data(kind, num_sequences, seq_len, num_tags, generator):
    if kind != "element" and kind != "pair" and kind != "running":
        raise ValueError("unknown kind " + repr(kind))
    u = torch.rand((num_sequences, seq_len), generator=generator, dtype=torch.float64)
    tokens = torch.floor(u * 9).to(torch.int64) + 1
    idx = torch.arange(seq_len)
    if kind == "element":
        sums = tokens.clone()
    elif kind == "pair":
        before = tokens[:, (idx - 1).clamp(min=0)]
        before = torch.where(idx > 0, before, torch.zeros_like(before))
        sums = tokens + before
    else:
        sums = torch.from_numpy(np.cumsum(tokens.numpy(), axis=1))
    return tokens, torch.fmod(sums, num_tags)


class Tagger(nn.Module):
    """Reads the backward direction through an index that turns each sequence round within its length."""

    def __init__(self, vocab_size, num_tags, embedding_dim, hidden_size, cell="lstm", bidirectional=False, padding_idx=0):
        super().__init__()
        self.padding_idx = padding_idx
        self.bidirectional = bidirectional
        self.hidden_size = hidden_size
        self.cell = cell
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        cls = dict(rnn=nn.RNN, gru=nn.GRU, lstm=nn.LSTM)[cell]
        self.rnn = cls(embedding_dim, hidden_size, num_layers=1, batch_first=True, dropout=0.0, bidirectional=bidirectional)
        self.fc = nn.Linear(hidden_size + hidden_size * int(bidirectional), num_tags)

    def _zeros(self, x):
        h = x.new_zeros(x.size(0), self.hidden_size)
        return (h, h) if self.cell == "lstm" else h

    def _one_way(self, x, end):
        weights = [getattr(self.rnn, n + end) for n in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")]
        step = {"rnn": torch.rnn_tanh_cell, "gru": torch.gru_cell, "lstm": torch.lstm_cell}[self.cell]
        state = self._zeros(x)
        outs = []
        for t in range(x.size(1)):
            state = step(x[:, t], state, *weights)
            outs.append(state[0] if self.cell == "lstm" else state)
        return torch.stack(outs, dim=1)

    def forward(self, tokens, lengths=None):
        B, T = tokens.shape
        x = self.embedding(tokens)
        out = self._one_way(x, "")
        if self.bidirectional:
            steps = torch.arange(T, device=tokens.device).expand(B, T)
            n = torch.full_like(tokens[:, :1], T) if lengths is None else lengths.to(tokens.device).unsqueeze(1)
            turned = torch.where(steps < n, n - 1 - steps, steps)
            rows = torch.arange(B, device=tokens.device).unsqueeze(1)
            back = self._one_way(x[rows, turned], "_reverse")
            index = turned.unsqueeze(2).expand_as(back)
            out = torch.cat([out, back.gather(1, index)], dim=2)
        return self.fc(out)


def tagging_loss(logits, tags, ignore_index=-100):
    mask = _mask(tags, ignore_index)
    target = torch.where(mask, tags, torch.zeros_like(tags))
    log_p = F.log_softmax(logits, dim=-1)
    nll = -torch.gather(log_p, -1, target[..., None])[..., 0]
    nll = torch.where(mask, nll, torch.zeros_like(nll))
    return nll.sum() / torch.clamp(mask.sum(), min=1)


def token_accuracy(logits, tags, ignore_index=-100):
    mask = _mask(tags, ignore_index)
    guess = torch.max(logits, dim=2)[1]
    hits = torch.masked_select(guess == tags, mask)
    return hits.to(torch.float64).mean().item() if len(hits) else 0.0


def sequence_accuracy(logits, tags, ignore_index=-100):
    mask = _mask(tags, ignore_index)
    guess = torch.where(mask, logits.argmax(2), tags)
    rows = torch.nonzero(mask.any(1)).flatten()
    if rows.numel() == 0:
        return 0.0
    same = [torch.equal(guess[r], tags[r]) for r in rows]
    return float(np.mean(same))


def confusion_matrix(predictions, tags, num_tags, ignore_index=-100):
    mask = _mask(tags, ignore_index)
    flat = torch.where(mask, tags * num_tags + predictions, torch.full_like(tags, num_tags * num_tags)).flatten()
    counts = tags.new_zeros(num_tags * num_tags + 1)
    counts.scatter_add_(0, flat, torch.ones_like(flat))
    return counts[:-1].view(num_tags, num_tags)


def viterbi_decode(emissions, transitions, lengths):
    B, T, C = emissions.shape
    delta = emissions[:, 0].clone()
    psi = torch.zeros(B, T, C, dtype=torch.long, device=emissions.device)
    ends = torch.zeros(B, C, dtype=emissions.dtype, device=emissions.device)
    ends = torch.where((lengths == 1)[:, None], delta, ends)
    for t in range(1, T):
        m = delta[:, :, None] + transitions[None]
        best, arg = m.max(1)
        psi[:, t] = arg
        delta = best + emissions[:, t]
        ends = torch.where((lengths == t + 1)[:, None], delta, ends)
    last = ends.argmax(1)
    paths = []
    for b in range(B):
        k = last[b].item()
        path = []
        for t in reversed(range(lengths[b].item())):
            path.append(k)
            k = psi[b, t, k].item()
        paths.append(path[::-1])
    return paths


def find_spans(tags):
    padded = ["O"] + list(tags) + ["O"]
    starts, ends = [], []
    for i in range(1, len(padded)):
        prev, cur = padded[i - 1], padded[i]
        joined = cur.startswith("I-") and prev != "O" and prev[2:] == cur[2:]
        if prev != "O" and not joined:
            ends.append(i - 1)
        if cur != "O" and not joined:
            starts.append(i - 1)
    return [(tags[s][2:], s, e) for s, e in zip(starts, ends)]


def span_f1(predicted, true):
    pairs = [(set(find_spans(p)), set(find_spans(t))) for p, t in zip(predicted, true)]
    denominator = sum(len(p) + len(t) for p, t in pairs)
    return 2.0 * sum(len(p.intersection(t)) for p, t in pairs) / denominator if denominator else 1.0


def train_tagger(model, batches, epochs, lr, max_norm=5.0):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=lr / 3)
    means = []
    for _ in range(epochs):
        losses, counts = [], []
        for tokens, lengths, tags in batches:
            loss = tagging_loss(model(tokens, lengths), tags)
            grads = torch.autograd.grad(loss, list(model.parameters()))
            norm = torch.sqrt(sum(g.pow(2).sum() for g in grads))
            scale = 1.0 if norm <= max_norm else max_norm / norm
            for p, g in zip(model.parameters(), grads):
                p.grad = g * scale
            optimizer.step()
            losses.append(loss.item())
            counts.append((tags >= 0).sum().item())
        means.append(float(np.average(losses, weights=counts)))
    return means
