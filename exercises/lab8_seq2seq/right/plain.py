import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


# %%
class OneToMany(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.output_size = output_size
        self.encoder = nn.Linear(input_size, hidden_size)
        self.cell = nn.LSTMCell(output_size, hidden_size)
        self.fc = nn.Linear(hidden_size, output_size)

    def forward(self, x, steps):
        h = torch.tanh(self.encoder(x))
        c = torch.zeros_like(h)
        out = torch.zeros(x.shape[0], self.output_size, dtype=x.dtype, device=x.device)
        outs = []
        for t in range(steps):
            h, c = self.cell(out, (h, c))
            out = self.fc(h)
            outs.append(out)
        return torch.stack(outs, dim=1)


# %%
def shift_right(targets, start_id):
    inputs = torch.zeros_like(targets)
    inputs[:, 1:] = targets[:, :-1]
    inputs[:, 0] = start_id
    return inputs


# %%
class Encoder(nn.Module):
    def __init__(self, vocab_size, embedding_dim, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.GRU(embedding_dim, hidden_size, batch_first=True)

    def forward(self, tokens, lengths):
        x = self.embedding(tokens)
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        packed_output, state = self.rnn(packed)
        output, _ = pad_packed_sequence(packed_output, batch_first=True, total_length=tokens.shape[1])
        return output, state


# %%
class Decoder(nn.Module):
    def __init__(self, vocab_size, embedding_dim, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.GRU(embedding_dim, hidden_size, batch_first=True)
        self.fc = nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens, state):
        x = self.embedding(tokens)
        output, state = self.rnn(x, state)
        logits = self.fc(output)
        return logits, state


# %%
def greedy_decode(step, state, start_id, end_id, max_len):
    first = state[0] if isinstance(state, tuple) else state
    batch = first.shape[-2]
    tokens = torch.full((batch,), start_id, dtype=torch.long, device=first.device)
    ended = torch.zeros(batch, dtype=torch.bool, device=first.device)
    result = []
    for t in range(max_len):
        logits, state = step(tokens, state)
        tokens = logits.argmax(dim=1)
        tokens[ended] = end_id
        result.append(tokens)
        ended = ended | (tokens == end_id)
        if ended.all():
            break
    return torch.stack(result, dim=1)


# %%
class Seq2Seq(nn.Module):
    def __init__(self, encoder, decoder, start_id, end_id):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.start_id = start_id
        self.end_id = end_id

    def forward(self, src, lengths, targets):
        output, state = self.encoder(src, lengths)
        inputs = shift_right(targets, self.start_id)
        logits, state = self.decoder(inputs, state)
        return logits

    def generate(self, src, lengths, max_len):
        def step(tokens, state):
            logits, state = self.decoder(tokens.unsqueeze(1), state)
            return logits.squeeze(1), state

        with torch.no_grad():
            output, state = self.encoder(src, lengths)
            tokens = greedy_decode(step, state, self.start_id, self.end_id, max_len)
        return tokens


# %%
def train_seq2seq(model, batches, epochs, lr, max_norm=5.0):
    batches = list(batches)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    model.train()
    for epoch in range(epochs):
        total = 0.0
        count = 0
        for src, lengths, targets in batches:
            is_end = targets == model.end_id
            ends_before = torch.cumsum(is_end.int(), dim=1) - is_end.int()
            mask = ends_before == 0
            optimizer.zero_grad()
            logits = model(src, lengths, targets)
            each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
            loss = (each * mask).sum() / mask.sum()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            total += loss.item() * mask.sum().item()
            count += mask.sum().item()
        losses.append(total / count)
    return losses


# %%
def dot_attention(query, keys, values, mask):
    scores = torch.bmm(keys, query.unsqueeze(2)).squeeze(2)
    scores = scores / math.sqrt(query.shape[1])
    scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=1)
    context = torch.bmm(weights.unsqueeze(1), values).squeeze(1)
    return context, weights


# %%
def beam_search(step, state, start_id, end_id, max_len, beam):
    first = state[0] if isinstance(state, tuple) else state
    device = first.device
    alive = [([], 0.0)]
    finished = []
    for t in range(max_len):
        last = [words[-1] if words else start_id for words, score in alive]
        logits, state = step(torch.tensor(last, device=device), state)
        log_probs = torch.log_softmax(logits, dim=1)
        candidates = []
        for row, (words, score) in enumerate(alive):
            for token, log_prob in enumerate(log_probs[row].tolist()):
                candidates.append((words + [token], score + log_prob, row))
        candidates.sort(key=lambda one: one[1], reverse=True)
        alive = []
        rows = []
        for words, score, row in candidates[:beam]:
            if words[-1] == end_id:
                finished.append((words, score))
            else:
                alive.append((words, score))
                rows.append(row)
        if not alive:
            break
        rows = torch.tensor(rows, device=device)
        if isinstance(state, tuple):
            state = tuple(part[..., rows, :] for part in state)
        else:
            state = state[..., rows, :]
    best = max(finished or alive, key=lambda one: one[1])
    return best[0], best[1]
