import re

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


# %%
def clean_text(text):
    text = text.lower()
    text = re.sub(r"[^a-z0-9\s.!?]", "", text)
    text = re.sub(r"([.!?])", r" \1 ", text)
    text = re.sub(r"\s+", " ", text)
    return text.strip()


# %%
def build_vocabulary(texts, max_size):
    if max_size < 4:
        raise ValueError("max_size must be at least 4, got " + str(max_size))
    counts = {}
    for text in texts:
        for word in text.split():
            counts[word] = counts.get(word, 0) + 1
    words = sorted(counts, key=counts.get, reverse=True)
    vocab = {"<PAD>": 0, "<UNK>": 1, "<START>": 2, "<END>": 3}
    for word in words[:max_size - 4]:
        vocab[word] = len(vocab)
    return vocab


# %%
def encode(text, vocab, max_length=None):
    ids = [vocab.get(word, vocab["<UNK>"]) for word in text.split()]
    if max_length is not None:
        ids = ids[:max_length - 2]
    return [vocab["<START>"]] + ids + [vocab["<END>"]]


# %%
def pad_batch(sequences, pad_id=0):
    if len(sequences) == 0:
        raise ValueError("sequences is an empty batch")
    lengths = [len(s) for s in sequences]
    if min(lengths) == 0:
        raise ValueError("sequences has an empty sequence in it")
    tokens = torch.full((len(sequences), max(lengths)), pad_id, dtype=torch.long)
    for i, s in enumerate(sequences):
        tokens[i, :len(s)] = torch.tensor(s, dtype=torch.long)
    return tokens, torch.tensor(lengths, dtype=torch.long)


# %%
def reverse_within_length(x, lengths):
    t = torch.arange(x.shape[1], device=x.device).unsqueeze(0)
    n = lengths.unsqueeze(1)
    index = torch.where(t < n, n - 1 - t, t)
    index = index.unsqueeze(2).expand(-1, -1, x.shape[2])
    return torch.gather(x, 1, index)


# %%
def birnn_forward(x, lengths, forward_params, backward_params):
    B, T, _ = x.shape
    H = forward_params["W_hh"].shape[0]
    mask = torch.arange(T, device=x.device)[None, :] < lengths[:, None]

    def run(inputs, params):
        h = torch.zeros(B, H, device=x.device, dtype=x.dtype)
        states = []
        for t in range(T):
            new = torch.tanh(inputs[:, t] @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
            h = torch.where(mask[:, t, None], new, h)
            states.append(h)
        return torch.stack(states, dim=1), h

    forward, last_forward = run(x, forward_params)
    backward, last_backward = run(reverse_within_length(x, lengths), backward_params)
    backward = reverse_within_length(backward, lengths)
    output = torch.cat([forward, backward], dim=2)
    output = output * mask.unsqueeze(2)
    final = torch.cat([last_forward, last_backward], dim=1)
    return output, final


# %%
def masked_mean(output, lengths):
    mask = torch.arange(output.shape[1], device=output.device)[None, :] < lengths[:, None]
    total = (output * mask.unsqueeze(2)).sum(dim=1)
    return total / lengths.unsqueeze(1)


# %%
def attention_pool(output, scores, lengths):
    mask = torch.arange(output.shape[1], device=output.device)[None, :] < lengths[:, None]
    scores = scores.masked_fill(~mask, float("-inf"))
    weights = F.softmax(scores, dim=1)
    context = (weights.unsqueeze(2) * output).sum(dim=1)
    return context, weights


# %%
class BiClassifier(nn.Module):
    def __init__(self, vocab_size, embedding_dim, hidden_size, num_classes, cell="lstm", pooling="final", padding_idx=0):
        super().__init__()
        if cell not in ("rnn", "gru", "lstm"):
            raise ValueError(f"cell must be rnn, gru or lstm, got {cell}")
        if pooling not in ("final", "mean", "attention"):
            raise ValueError(f"pooling must be final, mean or attention, got {pooling}")
        self.pooling = pooling
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        rnn_class = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell]
        self.rnn = rnn_class(embedding_dim, hidden_size, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden_size, num_classes)
        if pooling == "attention":
            self.attention = nn.Linear(2 * hidden_size, 1, bias=False)

    def forward(self, tokens, lengths):
        x = self.embedding(tokens)
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        output, state = self.rnn(packed)
        output, _ = pad_packed_sequence(output, batch_first=True, total_length=tokens.shape[1])
        if isinstance(state, tuple):
            state = state[0]
        if self.pooling == "final":
            pooled = torch.cat([state[0], state[1]], dim=1)
        elif self.pooling == "mean":
            pooled = masked_mean(output, lengths)
        else:
            scores = self.attention(output).squeeze(2)
            pooled, _ = attention_pool(output, scores, lengths)
        return self.fc(pooled)


# %%
def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    model.train()
    losses = []
    for epoch in range(epochs):
        total, count = 0.0, 0
        for tokens, lengths, labels in batches:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(tokens, lengths), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            total += loss.item() * len(labels)
            count += len(labels)
        losses.append(total / count)
    return losses
