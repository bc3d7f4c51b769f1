import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


# %%
def make_tagging_data(kind, num_sequences, seq_len, num_tags, generator):
    if kind not in ("element", "pair", "running"):
        raise ValueError(f"kind must be element, pair or running, got {kind!r}")
    tokens = torch.randint(1, 10, (num_sequences, seq_len), generator=generator)
    if kind == "element":
        total = tokens
    elif kind == "pair":
        total = tokens.clone()
        total[:, 1:] += tokens[:, :-1]
    else:
        total = torch.cumsum(tokens, dim=1)
    return tokens, total % num_tags


# %%
class Tagger(nn.Module):
    def __init__(self, vocab_size, num_tags, embedding_dim, hidden_size, cell="lstm", bidirectional=False, padding_idx=0):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        kinds = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
        self.rnn = kinds[cell](embedding_dim, hidden_size, batch_first=True, bidirectional=bidirectional)
        self.fc = nn.Linear(2 * hidden_size if bidirectional else hidden_size, num_tags)

    def forward(self, tokens, lengths=None):
        x = self.embedding(tokens)
        if lengths is None:
            output, _ = self.rnn(x)
        else:
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
            packed_output, _ = self.rnn(packed)
            output, _ = pad_packed_sequence(packed_output, batch_first=True, total_length=tokens.shape[1])
        return self.fc(output)


# %%
def tagging_loss(logits, tags, ignore_index=-100):
    mask = tags != ignore_index
    safe = tags.masked_fill(~mask, 0)
    losses = F.cross_entropy(logits.transpose(1, 2), safe, reduction="none")
    total = (losses * mask).sum()
    count = mask.sum()
    return total / count.clamp(min=1)


# %%
def token_accuracy(logits, tags, ignore_index=-100):
    mask = tags != ignore_index
    count = mask.sum().item()
    if count == 0:
        return 0.0
    predictions = logits.argmax(dim=-1)
    correct = ((predictions == tags) & mask).sum().item()
    return correct / count


# %%
def sequence_accuracy(logits, tags, ignore_index=-100):
    mask = tags != ignore_index
    predictions = logits.argmax(dim=-1)
    fine = (predictions == tags) | ~mask
    nonempty = mask.any(dim=1)
    count = nonempty.sum().item()
    if count == 0:
        return 0.0
    correct = (fine.all(dim=1) & nonempty).sum().item()
    return correct / count


# %%
def confusion_matrix(predictions, tags, num_tags, ignore_index=-100):
    matrix = torch.zeros(num_tags, num_tags, dtype=torch.int64, device=tags.device)
    mask = tags != ignore_index
    true = tags[mask]
    guess = predictions[mask]
    ones = torch.ones_like(true)
    matrix.index_put_((true, guess), ones, accumulate=True)
    return matrix


# %%
def viterbi_decode(emissions, transitions, lengths):
    paths = []
    for b in range(emissions.shape[0]):
        n = int(lengths[b])
        score = emissions[b, 0]
        back = []
        for t in range(1, n):
            candidates = score.unsqueeze(1) + transitions
            best, where = candidates.max(dim=0)
            score = best + emissions[b, t]
            back.append(where)
        tag = int(score.argmax())
        path = [tag]
        for where in reversed(back):
            tag = int(where[tag])
            path.append(tag)
        path.reverse()
        paths.append(path)
    return paths


# %%
def find_spans(tags):
    spans = []
    label = None
    start = None
    for i, tag in enumerate(tags):
        if tag == "O":
            if label is not None:
                spans.append((label, start, i))
            label = None
        else:
            kind, name = tag[0], tag[2:]
            if kind == "B" or name != label:
                if label is not None:
                    spans.append((label, start, i))
                label = name
                start = i
    if label is not None:
        spans.append((label, start, len(tags)))
    return spans


# %%
def span_f1(predicted, true):
    hits = 0
    n_predicted = 0
    n_true = 0
    for p, t in zip(predicted, true):
        a = set(find_spans(p))
        b = set(find_spans(t))
        hits += len(a & b)
        n_predicted += len(a)
        n_true += len(b)
    if n_predicted == 0 and n_true == 0:
        return 1.0
    return 2 * hits / (n_predicted + n_true)


# %%
def train_tagger(model, batches, epochs, lr, max_norm=5.0):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    history = []
    model.train()
    for epoch in range(epochs):
        total = 0.0
        count = 0
        for tokens, lengths, tags in batches:
            optimizer.zero_grad()
            logits = model(tokens, lengths)
            loss = tagging_loss(logits, tags)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            n = (tags != -100).sum().item()
            total += loss.item() * n
            count += n
        history.append(total / count)
    return history
