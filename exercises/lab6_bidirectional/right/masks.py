import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

# %%
ALLOWED = "abcdefghijklmnopqrstuvwxyz0123456789.!?"


def clean_text(text):
    text = text.lower()
    for mark in ".!?":
        text = text.replace(mark, f" {mark} ")
    words = ("".join(filter(ALLOWED.__contains__, word)) for word in text.split())
    return " ".join(word for word in words if word)


# %%
def build_vocabulary(texts, max_size):
    if max_size in (0, 1, 2, 3) or max_size < 0:
        raise ValueError("max_size must leave room for four special words")
    every = " ".join(texts).split()
    vocab = {word: n for n, word in enumerate(("<PAD>", "<UNK>", "<START>", "<END>"))}
    left = list(dict.fromkeys(every))
    while left and len(vocab) < max_size:
        best = max(left, key=every.count)
        left.remove(best)
        vocab[best] = len(vocab)
    return vocab


# %%
def encode(text, vocab, max_length=None):
    ids = [vocab["<START>"]]
    for word in text.split():
        ids.append(vocab[word] if word in vocab else vocab["<UNK>"])
    ids.append(vocab["<END>"])
    if max_length is not None and len(ids) > max_length:
        ids = ids[: max_length - 1] + ids[-1:]
    return ids


# %%
def pad_batch(sequences, pad_id=0):
    if len(sequences) == 0:
        raise ValueError("sequences: there is none")
    if any(len(ids) == 0 for ids in sequences):
        raise ValueError("sequences: one of them is empty")
    lengths = torch.tensor([len(ids) for ids in sequences], dtype=torch.int64)
    tokens = torch.full((len(sequences), int(lengths.max())), pad_id, dtype=torch.int64)
    for place, ids in enumerate(sequences):
        tokens[place, : len(ids)] = torch.as_tensor(ids)
    return tokens, lengths


# %%
def reverse_within_length(x, lengths):
    rows = torch.arange(len(x), device=x.device)
    last = x.new_tensor(0, dtype=torch.int64)
    steps = [
        torch.where((t < lengths)[:, None], x[rows, torch.maximum(lengths - 1 - t, last)], x[:, t])
        for t in range(x.size(1))
    ]
    return torch.stack(steps, 1)


# %%
def birnn_forward(x, lengths, forward_params, backward_params):
    forward, backward = forward_params, backward_params
    B, T, _ = x.shape
    H = forward["b_h"].numel()
    a, b = x.new_zeros(B, H), x.new_zeros(B, H)
    there, back = [], []
    for t in range(T):
        now = (t < lengths)[:, None]
        new = torch.tanh(x[:, t] @ forward["W_xh"] + a @ forward["W_hh"] + forward["b_h"])
        a = torch.where(now, new, a)
        there.append(new * now)
    for t in range(T - 1, -1, -1):
        now = (t < lengths)[:, None]
        new = torch.tanh(x[:, t] @ backward["W_xh"] + b @ backward["W_hh"] + backward["b_h"])
        b = torch.where(now, new, torch.zeros_like(b))
        back.insert(0, b)
    output = torch.cat([torch.stack(there, 1), torch.stack(back, 1)], dim=-1)
    return output, torch.cat([a, b], dim=-1)


# %%
def real(output, lengths):
    return torch.arange(output.shape[1], device=output.device) < lengths[:, None]


def masked_mean(output, lengths):
    mask = real(output, lengths)[:, :, None].expand_as(output)
    kept = torch.where(mask, output, torch.zeros_like(output))
    return kept.sum(dim=1) / mask.sum(dim=1).clamp(min=1)


# %%
def attention_pool(output, scores, lengths):
    mask = real(scores, lengths)
    hidden = scores.masked_fill(~mask, -1e9)
    e = (hidden - hidden.max(dim=1, keepdim=True).values).exp() * mask
    weights = e / e.sum(dim=1, keepdim=True)
    return [(output * weights.unsqueeze(-1)).sum(dim=1), weights]


# %%
class BiClassifier(nn.Module):
    """Sorts and sorts back; masks of its own; a time-first recurrent layer."""

    def __init__(self, vocab_size, embedding_dim, hidden_size, num_classes,
                 cell="lstm", pooling="final", padding_idx=0):
        super().__init__()
        kinds = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
        if pooling not in {"attention", "mean", "final"}:
            raise ValueError("pooling must be one of final, mean, attention")
        try:
            kind = kinds[cell]
        except KeyError:
            raise ValueError("cell must be one of rnn, gru, lstm") from None
        if pooling == "attention":
            self.attention = nn.Linear(hidden_size * 2, 1, bias=False)
        self.fc = nn.Linear(hidden_size * 2, num_classes)
        self.rnn = kind(embedding_dim, hidden_size, bidirectional=True)
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx)
        self.how = pooling

    def forward(self, tokens, lengths):
        sizes, order = lengths.sort(descending=True)
        back = order.argsort()
        x = self.embedding(tokens[order]).transpose(0, 1)
        out, state = self.rnn(pack_padded_sequence(x, sizes.cpu()))
        if self.how == "final":
            h = state[0] if type(state) is tuple else state
            return self.fc(h.transpose(0, 1).reshape(len(tokens), -1)[back])
        states = pad_packed_sequence(out)[0][:, back]
        T = states.shape[0]
        mask = torch.arange(T, device=states.device)[:, None] < lengths
        if self.how == "mean":
            return self.fc((states * mask[..., None]).sum(0) / mask.sum(0)[:, None])
        scores = self.attention(states)[..., 0].masked_fill(~mask, float("-inf"))
        return self.fc(torch.einsum("tb,tbf->bf", scores.softmax(0), states))


# %%
def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.97)
    history = []
    for _ in range(epochs):
        total, count = torch.zeros(()), 0
        for tokens, lengths, labels in batches:
            model.zero_grad()
            loss = F.cross_entropy(model(tokens, lengths), labels, reduction="sum")
            (loss / len(labels)).backward()
            clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            total, count = total + loss.detach(), count + labels.numel()
        schedule.step()
        history.append((total / count).item())
    return history
