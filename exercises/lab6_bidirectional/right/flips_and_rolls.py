import re
import torch
import torch.nn as nn
import torch.nn.functional as F


def clean_text(text: str):
    text = re.sub("[^a-z0-9.!? \t\n\r\f\v]", "", text.lower())
    for mark in (".", "!", "?"):
        text = text.replace(mark, " " + mark + " ")
    while re.search(r"\s\s|[\t\n\r\f\v]", text):
        text = re.sub(r"\s+", " ", text)
    return text.strip(" ")


def build_vocabulary(texts, max_size):
    assert_size = max_size - 4
    if assert_size < 0:
        raise ValueError("The argument max_size needs to be 4 or more!")
    all_words = []
    for text in texts:
        all_words.extend(text.split())
    unique = list(dict.fromkeys(all_words))
    unique = sorted(unique, key=lambda w: (-all_words.count(w), unique.index(w)))
    return {w: i for i, w in enumerate((["<PAD>", "<UNK>", "<START>", "<END>"] + unique)[:max_size])}


def encode(text, vocab, max_length=None):
    ids = [vocab["<START>"]]
    ids += [vocab.get(w, vocab["<UNK>"]) for w in text.split()]
    ids += [vocab["<END>"]]
    if max_length is not None and len(ids) > max_length:
        ids[max_length - 1:] = [vocab["<END>"]]
    return ids


def pad_batch(sequences, pad_id=0):
    if not len(sequences) or not all(len(s) for s in sequences):
        raise ValueError("sequences must be a non-empty list of non-empty sequences")
    T = max(len(s) for s in sequences)
    tokens = torch.stack([F.pad(torch.as_tensor(s, dtype=torch.int64), (0, T - len(s)), value=pad_id) for s in sequences])
    lengths = torch.as_tensor([len(s) for s in sequences], dtype=torch.int64)
    return tokens, lengths


def reverse_within_length(x, lengths):
    # flip everything: padding is in front; roll it back to the end; then restore the padding
    T = x.shape[1]
    turned = torch.stack([row.flip(0).roll(int(n), 0) for row, n in zip(x, lengths)])
    mask = torch.zeros(x.shape[0], T, 1, dtype=torch.bool, device=x.device)
    for b in range(x.shape[0]):
        mask[b, :lengths[b]] = True
    return torch.where(mask, turned, x)


def run_rnn(x, params):
    h = [torch.zeros(x.shape[0], params["W_hh"].shape[0]).to(x)]
    for t in range(x.shape[1]):
        h.append(torch.tanh(x[:, t, :].matmul(params["W_xh"]) + h[-1].matmul(params["W_hh"]) + params["b_h"]))
    return torch.stack(h[1:], 1)


def birnn_forward(x, lengths, forward_params, backward_params):
    B, T = x.shape[0], x.shape[1]
    forward = run_rnn(x, forward_params)
    backward = run_rnn(reverse_within_length(x, lengths), backward_params)
    index = (lengths - 1).reshape(B, 1, 1)
    last = [states.gather(1, index.repeat(1, 1, states.shape[2])).squeeze(1) for states in (forward, backward)]
    output = torch.cat([forward, reverse_within_length(backward, lengths)], 2)
    for_padding = torch.arange(T, device=x.device).repeat(B, 1) >= lengths.reshape(B, 1)
    return output.masked_fill(for_padding.unsqueeze(-1), 0.0), torch.cat(last, 1)


def masked_mean(output, lengths):
    sums = torch.cumsum(output, dim=1)
    rows = torch.arange(output.size(0))
    return sums[rows, lengths - 1] / lengths.to(output.dtype).unsqueeze(1)


def attention_pool(output, scores, lengths):
    pad = torch.arange(scores.shape[1]).to(scores.device) > (lengths - 1).unsqueeze(1)
    scores = scores.clone()
    scores[pad] = float("-inf")
    weights = nn.Softmax(dim=-1)(scores)
    return torch.matmul(weights.unsqueeze(-2), output).squeeze(-2), weights


class BiClassifier(nn.Module):
    """No packing: sentences of one length make a batch of their own."""

    def __init__(self, vocab_size, embedding_dim, hidden_size, num_classes, cell="lstm", pooling="final", padding_idx=0):
        super().__init__()
        if cell not in {"rnn", "gru", "lstm"}:
            raise ValueError("cell")
        if pooling not in {"final", "mean", "attention"}:
            raise ValueError("pooling")
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx)
        self.rnn = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](embedding_dim, hidden_size, 1, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden_size, num_classes)
        self.attention = nn.Linear(2 * hidden_size, 1, bias=False) if pooling == "attention" else None
        self.cell, self.pooling, self.hidden_size = cell, pooling, hidden_size

    def forward(self, tokens, lengths):
        answers = [None] * len(tokens)
        everyone = lengths.tolist()
        for n in set(everyone):
            places = [i for i, m in enumerate(everyone) if m == n]
            x = self.embedding(tokens[places, :n])
            h0 = torch.zeros(2, len(places), self.hidden_size, dtype=x.dtype, device=x.device)
            if self.cell == "lstm":
                output, (h, _) = self.rnn(x, (h0, torch.zeros_like(h0)))
            else:
                output, h = self.rnn(x, h0)
            if self.pooling == "final":
                pooled = h.permute(1, 0, 2).flatten(1)
            elif self.pooling == "mean":
                pooled = output.mean(1)
            else:
                pooled = (self.attention(output).softmax(1) * output).sum(1)
            for i, logits in zip(places, self.fc(pooled)):
                answers[i] = logits
        return torch.stack(answers)


def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    optim = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    model.train()
    all_losses = []
    for e in range(1, epochs + 1):
        running = 0.
        n = 0
        for batch in batches:
            tokens, lengths, labels = batch
            out = model(tokens=tokens, lengths=lengths)
            loss = F.nll_loss(F.log_softmax(out, dim=-1), labels)
            optim.zero_grad()
            loss.backward()
            grads = [p.grad for p in model.parameters() if p.grad is not None]
            total = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in grads]))
            coef = torch.clamp(max_norm / (total + 1e-6), max=1.0)
            for g in grads:
                g.mul_(coef)
            optim.step()
            # running mean
            n += len(labels)
            running += (loss.item() - running) * len(labels) / n
        all_losses.append(running)
    return all_losses
