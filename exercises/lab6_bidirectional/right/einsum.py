import re
from collections import Counter
from itertools import chain, islice, zip_longest

import torch
from torch import einsum
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

SPECIAL = ["<PAD>", "<UNK>", "<START>", "<END>"]


def steps(like, lengths):
    """(B, T) float mask"""
    ones = torch.ones_like(like)
    return (ones.cumsum(1) <= lengths[:, None]).to(like.dtype)


# %%
def clean_text(text):
    return " ".join(re.findall(r"[a-z0-9]+|[.!?]", "".join(re.findall(r"[a-z0-9.!?\s]", text.lower()))))


# %%
def build_vocabulary(texts, max_size):
    if max_size < len(SPECIAL):
        raise ValueError(f"max_size {max_size} < {len(SPECIAL)}")
    counter = Counter(chain.from_iterable(map(str.split, texts)))
    return dict(zip(islice(chain(SPECIAL, (w for w, _ in counter.most_common())), max_size), range(max_size)))


# %%
def encode(text, vocab, max_length=None):
    words = text.split()[:None if max_length is None else max_length - 2]
    return [vocab.get(w, vocab["<UNK>"]) for w in ["<START>", *words, "<END>"]]


# %%
def pad_batch(sequences, pad_id=0):
    lengths = torch.tensor(list(map(len, sequences)), dtype=torch.int64)
    if lengths.numel() == 0 or (lengths == 0).any():
        raise ValueError("sequences must hold at least one sequence and no empty ones")
    return torch.tensor(list(zip(*zip_longest(*sequences, fillvalue=pad_id)))), lengths


# %%
def reverse_within_length(x, lengths):
    T = x.shape[1]
    t = torch.arange(T, device=x.device)
    # permutation matrices (B, T, T)
    source = torch.where(t < lengths[:, None], lengths[:, None] - 1 - t, t)
    P = (source[:, :, None] == t).to(x.dtype)
    return einsum("bts,bsf->btf", P, x)


# %%
def birnn_forward(x, lengths, forward_params, backward_params):
    # both directions at once: d = 2
    both = torch.stack([x, reverse_within_length(x, lengths)])
    W_xh, W_hh, b_h = (torch.stack([forward_params[k], backward_params[k]]) for k in ("W_xh", "W_hh", "b_h"))
    drive = einsum("dbti,dih->dbth", both, W_xh) + b_h[:, None, None]
    m = steps(x[:, :, 0], lengths)
    h = torch.zeros_like(drive[:, :, 0])
    hs = []
    for t in range(x.shape[1]):
        new = (drive[:, :, t] + einsum("dbj,djh->dbh", h, W_hh)).tanh()
        h = m[None, :, t, None] * new + (1 - m[None, :, t, None]) * h
        hs += [h]
    forward, backward = torch.stack(hs, 2).unbind(0)
    output = torch.cat((forward, reverse_within_length(backward, lengths)), -1)
    return einsum("bth,bt->bth", output, m), torch.cat(h.unbind(0), -1)


# %%
def masked_mean(output, lengths):
    m = steps(output[..., 0], lengths)
    return einsum("btf,bt->bf", output, m / m.sum(1, keepdim=True))


# %%
def attention_pool(output, scores, lengths):
    m = steps(scores, lengths).bool()
    e = torch.where(m, scores, torch.finfo(scores.dtype).min)
    e = torch.exp(e - e.amax(dim=1, keepdim=True))
    e = e * m
    a = e / einsum("bt->b", e)[:, None]
    return einsum("bt,btf->bf", a, output), a


# %%
class BiClassifier(nn.Module):
    def __init__(self, vocab_size, embedding_dim, hidden_size, num_classes, cell="lstm", pooling="final", padding_idx=0):
        if cell.lower() not in ["rnn", "gru", "lstm"]:
            raise ValueError("cell must be one of rnn, gru, lstm but is " + cell)
        if pooling not in ["final", "mean", "attention"]:
            raise ValueError("pooling must be one of final, mean, attention but is " + pooling)
        super(BiClassifier, self).__init__()
        self.embedding = nn.Embedding(num_embeddings=vocab_size, embedding_dim=embedding_dim, padding_idx=padding_idx)
        self.rnn = getattr(nn, cell.upper())(input_size=embedding_dim, hidden_size=hidden_size, num_layers=1, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(in_features=hidden_size * 2, out_features=num_classes)
        if pooling == "attention":
            self.attention = nn.Linear(hidden_size * 2, 1, bias=False)
        self.pooling = pooling

    def forward(self, tokens, lengths):
        e = self.embedding(tokens)
        out, h = self.rnn(pack_padded_sequence(e, lengths.to("cpu"), batch_first=True, enforce_sorted=False))
        out = pad_packed_sequence(out, batch_first=True, total_length=tokens.size(1))[0]
        if self.pooling == "final":
            h = h[0] if isinstance(self.rnn, nn.LSTM) else h
            return einsum("dbh,cdh->bc", h, self.fc.weight.view(-1, 2, h.size(2))) + self.fc.bias
        if self.pooling == "mean":
            return self.fc(masked_mean(out, lengths))
        scores = einsum("bth,h->bt", out, self.attention.weight[0])
        return self.fc(attention_pool(out, scores, lengths)[0])


# %%
def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    opt = torch.optim.RMSprop(model.parameters(), lr=lr)
    weights = torch.tensor([float(len(y)) for _, _, y in batches], dtype=torch.float64)
    history = []
    model.train()
    for _ in range(epochs):
        losses = torch.zeros_like(weights)
        for i, (tokens, lengths, y) in enumerate(batches):
            logp = model(tokens, lengths).log_softmax(1)
            loss = -einsum("bc,bc->", logp, nn.functional.one_hot(y, logp.size(1)).to(logp)) / len(y)
            opt.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
            opt.step()
            losses[i] = loss.detach()
        history.append(float((losses * weights).sum() / weights.sum()))
    return history
