# NumPy wherever it will do.
# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


# %%
def make_tagging_data(kind, num_sequences, seq_len, num_tags, generator):
    seed = int(torch.randint(2**40, (), generator=generator))
    drawn = np.random.default_rng(seed).integers(1, 10, (num_sequences, seq_len))
    tokens = torch.from_numpy(drawn)
    before = F.pad(tokens, (1, 0))[:, :-1]
    sums = {"element": tokens, "pair": tokens + before, "running": tokens.cumsum(1)}
    if kind not in sums:
        raise ValueError(f"kind is {kind!r}")
    return tokens, sums[kind] % num_tags


# %%
class Tagger(nn.Module):
    """Sorted, packed, unsorted with the inverse, and padded with zeros up to T."""

    def __init__(self, vocab_size, num_tags, embedding_dim, hidden_size, cell="lstm",
                 bidirectional=False, padding_idx=0):
        super().__init__()
        self.fc = nn.Linear(hidden_size * (1 + bidirectional), num_tags)
        self.rnn = getattr(nn, cell.upper())(
            embedding_dim, hidden_size, bidirectional=bidirectional, batch_first=True
        )
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx)

    def forward(self, tokens, lengths=None):
        embedded = self.embedding(tokens)
        if lengths is None:
            return self.fc(self.rnn(embedded)[0])
        sizes, order = lengths.sort(descending=True)
        one = pack_padded_sequence(embedded[order], sizes.tolist(), batch_first=True)
        output, _ = pad_packed_sequence(self.rnn(one)[0], batch_first=True)
        output = output[order.argsort()]
        missing = tokens.shape[1] - output.shape[1]
        filled = torch.cat(
            [output, output.new_zeros(len(tokens), missing, output.shape[2])], dim=1
        )
        return self.fc(filled)


# %%
def tagging_loss(logits, tags, ignore_index=-100):
    scores, flat = logits.reshape(-1, logits.size(-1)), tags.reshape(-1)
    keep = (flat != ignore_index).to(logits.dtype)
    own = scores.gather(1, (flat * keep.long()).unsqueeze(1)).squeeze(1)
    return ((scores.logsumexp(1) - own) * keep).sum() / keep.sum().clamp(min=1.0)


# %%
def token_accuracy(logits, tags, ignore_index=-100):
    guess, wanted = logits.cpu().numpy().argmax(-1), tags.cpu().numpy()
    real = wanted != ignore_index
    return np.mean(guess[real] == wanted[real]) if real.any() else np.float64(0)


# %%
def sequence_accuracy(logits, tags, ignore_index=-100):
    guess, wanted = logits.cpu().numpy().argmax(-1), tags.cpu().numpy()
    rows = (wanted != ignore_index).any(axis=1)
    right = np.logical_or(wanted == ignore_index, guess == wanted)
    return right[rows].all(axis=1).mean() if rows.any() else 0.0


# %%
def confusion_matrix(predictions, tags, num_tags, ignore_index=-100):
    """Every count by itself, and the table as a turned view."""
    real = tags != ignore_index
    rows = [
        [((predictions == j) & (tags == i) & real).sum() for i in range(num_tags)]
        for j in range(num_tags)
    ]
    return torch.stack([torch.stack(row) for row in rows]).T


# %%
def viterbi_decode(emissions, transitions, lengths):
    """From the end: what is still to be had from each tag on; NumPy's own integers in tuples."""
    found = []
    step = transitions.cpu().numpy()
    for emission, length in zip(emissions.cpu().numpy(), lengths.cpu().numpy()):
        ahead = np.zeros(len(step), dtype=emission.dtype)
        following = []
        for t in range(length - 1, 0, -1):
            every = step + emission[t] + ahead
            following.insert(0, every.argmax(axis=1))
            ahead = every.max(axis=1)
        tag = np.argmax(emission[0] + ahead)
        path = [tag]
        for choice in following:
            tag = choice[tag]
            path.append(tag)
        found.append(tuple(path))
    return found


# %%
def find_spans(tags):
    """The open span is the last list of the result, and its end moves on."""
    spans = []
    alive = False
    for place, tag in enumerate(tags):
        if tag == "O":
            alive = False
            continue
        prefix, label = tag.split("-", 1)
        if alive and prefix == "I" and spans[-1][0] == label:
            spans[-1][2] = place + 1
        else:
            spans.append([label, place, place + 1])
            alive = True
    return spans


# %%
def span_f1(predicted, true):
    """Hits, misses and extras; find_spans gives lists, which no set can hold."""
    hits = misses = extras = 0
    for p, t in zip(predicted, true):
        ours, theirs = set(map(tuple, find_spans(p))), set(map(tuple, find_spans(t)))
        hits += len(ours & theirs)
        extras += len(ours - theirs)
        misses += len(theirs - ours)
    total = hits + (extras + misses) / 2
    return np.float64(hits / total) if total else 1


# %%
def train_tagger(model, batches, epochs, lr, max_norm=5.0):
    """AdamW, a mask from the lengths, and the batches in another order in each epoch."""
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    losses = []
    for epoch in range(epochs):
        total, count = torch.zeros(()), 0
        for place in np.random.default_rng(epoch).permutation(len(batches)):
            tokens, lengths, tags = batches[place]
            mask = torch.arange(tokens.shape[1], device=lengths.device) < lengths[:, None]
            each = F.cross_entropy(model(tokens, lengths)[mask], tags[mask], reduction="none")
            model.zero_grad()
            each.mean().backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
            optimizer.step()
            total, count = total + each.detach().sum(), count + len(each)
        losses.append((total / count).item())
    return losses
