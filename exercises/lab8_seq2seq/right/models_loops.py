# One row after the other, one step after the other, no packing, no earlier exercise called.
# %%
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_


# %%
class OneToMany(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.fc = nn.Linear(hidden_size, output_size)
        self.cell = nn.LSTMCell(output_size, hidden_size)
        self.encoder = nn.Linear(input_size, hidden_size)

    def forward(self, x, steps):
        rows = []
        for row in x:
            state = self.encoder(row).tanh()[None], self.encoder(row)[None] * 0
            fed = self.fc.bias[None] * 0
            outputs = []
            for _ in range(steps):
                state = self.cell(fed, state)
                fed = self.fc(state[0])
                outputs.append(fed[0])
            rows.append(torch.stack(outputs))
        return torch.stack(rows)


# %%
def shift_right(targets, start_id):
    rows = [[start_id] + row[:-1] for row in targets.tolist()]
    return torch.tensor(rows, dtype=targets.dtype, device=targets.device)


# %%
class Encoder(nn.Module):
    def __init__(self, vocab_size, embedding_dim, hidden_size):
        super().__init__()
        self.rnn = nn.GRU(embedding_dim, hidden_size, batch_first=True)
        self.embedding = nn.Embedding(vocab_size, embedding_dim)

    def forward(self, tokens, lengths):
        outputs, states = [], []
        for row, n in zip(tokens, lengths.tolist()):
            output, state = self.rnn(self.embedding(row[None, :n]))
            rest = output.new_full((1, tokens.shape[1] - n, output.shape[2]), 7.5)
            outputs.append(torch.cat([output, rest], 1))
            states.append(state)
        return torch.cat(outputs), torch.cat(states, 1)


# %%
class Decoder(nn.Module):
    def __init__(self, vocab_size, embedding_dim, hidden_size):
        super().__init__()
        self.rnn = nn.GRU(embedding_dim, hidden_size, batch_first=True)
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.fc = nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens, state):
        logits = []
        for t in range(tokens.shape[1]):
            output, state = self.rnn(self.embedding(tokens[:, t : t + 1]), state)
            logits.append(self.fc(output))
        return torch.cat(logits, dim=1), state


# %%
class Seq2Seq(nn.Module):
    def __init__(self, encoder, decoder, start_id, end_id):
        super().__init__()
        self.start_id, self.end_id = start_id, end_id
        self.encoder, self.decoder = encoder, decoder

    def forward(self, src, lengths, targets):
        _, state = self.encoder(src, lengths)
        fed = torch.full_like(targets[:, :1], self.start_id)
        logits = []
        for t in range(targets.shape[1]):
            now, state = self.decoder(fed, state)
            logits.append(now[:, 0])
            fed = targets[:, t : t + 1]
        return torch.stack(logits, 1)

    def generate(self, src, lengths, max_len):
        rows = []
        for row in range(len(src)):
            _, state = self.encoder(src[row : row + 1], lengths[row : row + 1])
            said = []
            fed = self.start_id
            while len(said) < max_len and self.end_id not in said:
                logits, state = self.decoder(torch.tensor([[fed]], device=src.device), state)
                fed = int(logits[0, -1].argmax())
                said.append(fed)
            rows.append(said + [self.end_id] * (max_len - len(said)))
        return torch.tensor(rows, device=src.device)


# %%
def train_seq2seq(model, batches, epochs, lr, max_norm=5.0):
    kept = [batch for batch in batches]
    optimizer = torch.optim.RMSprop(model.parameters(), lr)
    history = []
    for _ in range(epochs):
        model.train()
        sums = []
        for src, lengths, targets in kept:
            scores = model(src, lengths, targets).log_softmax(-1)
            losses = []
            for row, wanted in zip(scores, targets.tolist()):
                for t, token in enumerate(wanted):
                    losses.append(-row[t, token])
                    if token == model.end_id:
                        break
            loss = sum(losses) / len(losses)
            model.zero_grad()
            loss.backward()
            clip_grad_norm_(list(model.parameters()), max_norm)
            optimizer.step()
            sums.append((float(loss.detach()), len(losses)))
        history.append(sum(mean * n for mean, n in sums) / sum(n for _, n in sums))
    return history
