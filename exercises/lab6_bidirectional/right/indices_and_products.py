import re
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import clip_grad_norm_


# %%
def clean_text(text):
    kept = re.sub(r"[^a-z0-9.!?\s]+", "", text.lower())
    return " ".join(re.findall(r"[.!?]|[^\s.!?]+", kept))


# %%
def build_vocabulary(texts, max_size):
    if max_size < 4:
        raise ValueError(f"max_size must be at least 4, not {max_size}")
    vocab = {"<PAD>": 0, "<UNK>": 1, "<START>": 2, "<END>": 3}
    counts = Counter()
    for text in texts:
        counts.update(text.split())
    for word, _ in counts.most_common(max_size - 4):
        vocab[word] = len(vocab)
    return vocab


# %%
def encode(text, vocab, max_length=None):
    words = ["<START>", *text.split(), "<END>"]
    if max_length and len(words) > max_length:
        del words[max_length - 1 : -1]
    return tuple(vocab.get(word, 1) for word in words)


# %%
def pad_batch(sequences, pad_id=0):
    if len(sequences) == 0:
        raise ValueError("sequences: there is none")
    if any(len(ids) == 0 for ids in sequences):
        raise ValueError("sequences: one of them is empty")
    lengths = np.array([len(ids) for ids in sequences])
    tokens = np.full((len(sequences), lengths.max()), pad_id)
    tokens[np.arange(lengths.max()) < lengths[:, None]] = np.concatenate(sequences)
    return [torch.from_numpy(tokens), torch.from_numpy(lengths)]


# %%
def reverse_within_length(x, lengths):
    t = torch.arange(x.shape[1], device=x.device)[None]
    inside = t < lengths[:, None]
    source = inside * (lengths[:, None] - 1 - t) + ~inside * t
    return x[torch.arange(x.shape[0], device=x.device)[:, None], source]


# %%
def birnn_forward(x, lengths, forward_params, backward_params):
    t = torch.arange(x.shape[1], device=x.device)
    source = (lengths[:, None] - 1 - t) % x.shape[1]
    turned = torch.take_along_dim(x, source[:, :, None], 1)

    def run(inputs, p):
        drive = torch.einsum("btf,fh->bth", inputs, p["W_xh"]) + p["b_h"]
        found = [drive[:, 0].tanh()]
        for now in drive.unbind(1)[1:]:
            found.append((now + torch.einsum("bj,jh->bh", found[-1], p["W_hh"])).tanh())
        return torch.stack(found, 1)

    there, mirrored = run(x, forward_params), run(turned, backward_params)
    back = torch.take_along_dim(mirrored, source[:, :, None], 1)
    last = (lengths - 1)[:, None, None].expand(-1, 1, there.shape[2])
    final = torch.cat([there.gather(1, last), mirrored.gather(1, last)], 2).squeeze(1)
    output = torch.cat([there, back], 2).masked_fill((t >= lengths[:, None])[..., None], 0)
    return [output, final]


# %%
def real(output, lengths):
    return torch.arange(output.shape[1], device=output.device) < lengths[:, None]


def masked_mean(output, lengths):
    weights = real(output, lengths)[:, :, None].to(output) / lengths.to(output)[:, None, None]
    return torch.einsum("btf,bto->bf", output, weights)


# %%
def attention_pool(output, scores, lengths):
    lowest = torch.finfo(scores.dtype).min
    hidden = torch.where(real(scores, lengths), scores, scores.new_tensor(lowest))
    weights = torch.softmax(hidden, dim=-1)
    return torch.bmm(weights.unsqueeze(1), output).squeeze(1), weights


# %%
class BiClassifier(nn.Module):
    """No packing: the forward half from rows that begin at the left, the backward from the right."""

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

    def states(self, tokens, lengths):
        T, H = tokens.shape[1], self.rnn.hidden_size
        t = torch.arange(T, device=tokens.device)
        shift = (t + lengths[:, None]) % T
        there = self.rnn(self.embedding(tokens))[0][..., :H]
        back = self.rnn(self.embedding(tokens.gather(1, shift)))[0][..., H:]
        home = (t - lengths[:, None]) % T
        back = back.gather(1, home[:, :, None].expand_as(back))
        return torch.cat([there, back], -1) * (t < lengths[:, None])[:, :, None]

    def forward(self, tokens, lengths):
        output, H = self.states(tokens, lengths), self.rnn.hidden_size
        if self.pooling == "final":
            rows = torch.arange(len(output), device=output.device)
            summary = torch.cat([output[rows, lengths - 1, :H], output[:, 0, H:]], 1)
        elif self.pooling == "mean":
            summary = masked_mean(output, lengths)
        else:
            summary = attention_pool(output, self.attention(output).squeeze(-1), lengths)[0]
        return self.fc(summary)


# %%
def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
    generator = torch.Generator().manual_seed(1)
    history = []
    for _ in range(epochs):
        model.train()
        losses = []
        for place in torch.randperm(len(batches), generator=generator).tolist():
            tokens, lengths, labels = batches[place]
            loss = F.cross_entropy(model(tokens, lengths), labels, reduction="none")
            loss.mean().backward()
            clip_grad_norm_(list(model.parameters()), max_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
            losses += loss.tolist()
        history.append(sum(losses) / len(losses))
    return history
