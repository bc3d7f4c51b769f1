# One sequence after the other, one step after the other.
# %%
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
import numpy as np


# %%
def make_tagging_data(kind, num_sequences, seq_len, num_tags, generator):
    if kind not in {"element", "pair", "running"}:
        raise ValueError(f"unknown kind: {kind}")
    tokens = torch.empty(num_sequences, seq_len, dtype=torch.long).random_(
        1, 10, generator=generator
    )
    tags = torch.empty_like(tokens)
    for row in range(num_sequences):
        total = 0
        for t in range(seq_len):
            token = int(tokens[row, t])
            total += token
            before = int(tokens[row, t - 1]) if t else 0
            sums = {"element": token, "pair": token + before, "running": total}
            tags[row, t] = sums[kind] % num_tags
    return tokens, tags


# %%
class Tagger(nn.Module):
    """Every sequence alone, without its padding; nan stands in the padding of the logits."""

    def __init__(self, vocab_size, num_tags, embedding_dim, hidden_size, cell="lstm",
                 bidirectional=False, padding_idx=0):
        super().__init__()
        self.fc = nn.Linear(hidden_size * (1 + bidirectional), num_tags)
        self.rnn = getattr(nn, cell.upper())(
            embedding_dim, hidden_size, bidirectional=bidirectional, batch_first=True
        )
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx)

    def forward(self, tokens, lengths=None):
        T = tokens.shape[1]
        sizes = [T] * len(tokens) if lengths is None else [int(length) for length in lengths]
        rows = [
            self.fc(self.rnn(self.embedding(row[:size])[None])[0])[0]
            for row, size in zip(tokens, sizes)
        ]
        logits = pad_sequence(rows, batch_first=True, padding_value=float("nan"))
        rest = logits.new_zeros(len(tokens), T - logits.shape[1], logits.shape[2])
        return torch.cat([logits, rest], dim=1)


# %%
def tagging_loss(logits, tags, ignore_index=-100):
    total, count = logits.sum() * 0, 0
    for row, wanted in zip(logits, tags):
        for scores, tag in zip(row, wanted.tolist()):
            if tag != ignore_index:
                total = total - scores.log_softmax(0)[tag]
                count += 1
    return total / max(1, count)


# %%
def token_accuracy(logits, tags, ignore_index=-100):
    right = count = 0
    for scores, wanted in zip(logits.tolist(), tags.tolist()):
        for row, tag in zip(scores, wanted):
            if tag != ignore_index:
                count += 1
                right += row.index(max(row)) == tag
    return right / count if count else 0.0


# %%
def sequence_accuracy(logits, tags, ignore_index=-100):
    outcomes = []
    for scores, wanted in zip(logits, tags):
        keep = wanted != ignore_index
        if keep.any():
            outcomes.append(torch.equal(scores[keep].argmax(-1), wanted[keep]))
    return sum(outcomes) / len(outcomes) if outcomes else 0.0


# %%
def confusion_matrix(predictions, tags, num_tags, ignore_index=-100):
    matrix = torch.zeros((num_tags, num_tags), dtype=torch.long, device=tags.device)
    for guess, tag in zip(predictions.flatten().tolist(), tags.flatten().tolist()):
        if tag != ignore_index:
            matrix[tag, guess] += 1
    return matrix


# %%
def all_scores(emission, transitions):
    """(C, …, C), one axis per step: the score of every path."""
    scores = emission[0]
    for row in emission[1:]:
        scores = scores[..., None] + transitions + row
    return scores


def whole_paths(emission, transitions):
    """The best path kept whole for each tag."""
    kept = [(float(score), [tag]) for tag, score in enumerate(emission[0])]
    for row in emission[1:].tolist():
        kept = [
            max(
                (score + float(transitions[path[-1], tag]) + own, [*path, tag])
                for score, path in kept
            )
            for tag, own in enumerate(row)
        ]
    return max(kept)[1]


def viterbi_decode(emissions, transitions, lengths):
    """All paths where these are few, else the best path kept whole for each tag."""
    paths = []
    for emission, length in zip(emissions.cpu().numpy(), lengths.tolist()):
        if transitions.shape[0] ** length < 300_000:
            scores = all_scores(emission[:length], transitions.cpu().numpy())
            paths.append([int(tag) for tag in np.unravel_index(scores.argmax(), scores.shape)])
        else:
            paths.append(whole_paths(torch.from_numpy(emission[:length]), transitions.cpu()))
    return paths


# %%
def find_spans(tags):
    """First where spans begin, then where each of them ends."""

    def label_of(place):
        return tags[place][2:]

    begins = [
        place
        for place, tag in enumerate(tags)
        if tag[0] == "B"
        or (tag[0] == "I" and (place == 0 or label_of(place - 1) != label_of(place)))
    ]
    found = []
    for begin in begins:
        end = begin + 1
        while end < len(tags) and tags[end] == "I-" + label_of(begin):
            end += 1
        found.append((label_of(begin), begin, end))
    return found


# %%
def span_f1(predicted, true):
    right = found = wanted = 0
    for p, t in zip(predicted, true):
        ours, theirs = find_spans(p), find_spans(t)
        right += sum(span in theirs for span in ours)
        found += len(ours)
        wanted += len(theirs)
    if found == wanted == 0:
        return 1.0
    if right == 0:
        return 0
    precision, recall = right / found, right / wanted
    return 2 / (1 / precision + 1 / recall)


# %%
def train_tagger(model, batches, epochs, lr, max_norm=5.0):
    """RMSprop; gradients cleared after the step; NumPy's mean with weights; a schedule."""
    optimizer = torch.optim.RMSprop(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.3, total_iters=max(1, epochs))
    losses = []
    for _ in range(epochs):
        found, sizes = [], []
        for tokens, lengths, tags in batches:
            loss = tagging_loss(model(tokens, lengths), tags)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            optimizer.zero_grad()
            found.append(loss.item())
            sizes.append(int(lengths.sum()))
        schedule.step()
        losses.append(np.average(found, weights=sizes))
    return losses
