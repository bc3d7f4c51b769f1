import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence


# %%
def pad_batch(sequences, pad_id=0):
    if len(sequences) == 0:
        raise ValueError("sequences: there is none")
    if any(len(ids) == 0 for ids in sequences):
        raise ValueError("sequences: one of them is empty")
    rows = [torch.tensor(ids, dtype=torch.long) for ids in sequences]
    padded = pad_sequence(rows, batch_first=True, padding_value=pad_id)
    return padded, torch.tensor([row.numel() for row in rows])


# %%
def mirror(t, n):
    return torch.where(t < n, n - 1 - t, t)


def reverse_within_length(x, lengths):
    t = torch.arange(x.shape[1], device=x.device).expand(x.shape[0], -1)
    source = mirror(t, lengths[:, None]).clamp(0, x.shape[1] - 1)
    return x.gather(1, source[:, :, None].expand_as(x))


# %%
def states_of(x, params):
    h = x.new_zeros(x.shape[0], params["W_hh"].shape[0])
    found = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
        found.append(h)
    return torch.stack(found, 1)


def real(x, lengths):
    return (torch.arange(x.shape[1], device=x.device) < lengths[:, None])[:, :, None]


def at(states, step):
    return states[torch.arange(len(states), device=states.device), step]


def birnn_forward(x, lengths, forward_params, backward_params):
    there = states_of(x, forward_params)
    back = states_of(reverse_within_length(x, lengths), backward_params)
    back = reverse_within_length(back, lengths)
    output = torch.cat([there, back], -1) * real(x, lengths)
    return output, torch.cat([at(there, lengths - 1), back[:, 0]], -1)


# %%
def masked_mean(output, lengths):
    return output.masked_fill(~real(output, lengths), torch.nan).nanmean(dim=1)


# %%
def masked(scores, lengths):
    return scores.masked_fill(~real(scores, lengths)[:, :, 0], -torch.inf)


def attention_pool(output, scores, lengths):
    weights = masked(scores, lengths).softmax(1)
    return (weights[:, :, None] * output).sum(1), weights


# %%
class BiClassifier(nn.Module):
    """Its steps are methods."""

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

    def run(self, tokens, lengths):
        packed = pack_padded_sequence(
            self.embedding(tokens), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        output, state = self.rnn(packed)
        return output, state[0] if isinstance(state, tuple) else state

    def unpacked(self, tokens, lengths):
        output, _ = self.run(tokens, lengths)
        return pad_packed_sequence(output, batch_first=True, total_length=tokens.shape[1])[0]

    def final(self, tokens, lengths):
        _, h_n = self.run(tokens, lengths)
        return torch.cat([h_n[0], h_n[1]], 1)

    def mean(self, tokens, lengths):
        return masked_mean(self.unpacked(tokens, lengths), lengths)

    def attend(self, tokens, lengths):
        output = self.unpacked(tokens, lengths)
        return attention_pool(output, self.attention(output).squeeze(-1), lengths)[0]

    def forward(self, tokens, lengths):
        pool = {"final": self.final, "mean": self.mean, "attention": self.attend}[self.pooling]
        return self.fc(pool(tokens, lengths))


# %%
def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    model.train()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        seen = []
        for tokens, lengths, labels in batches:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(tokens, lengths), labels)
            loss.backward()
            clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            seen.append((loss.item(), len(labels)))
        losses.append(sum(loss * n for loss, n in seen) / sum(n for _, n in seen))
    return losses
