# Sorted by hand, two optimizers, batches in another order, trimmed padding.
import copy
import random

import torch
from torch import nn


class OneToMany(nn.Module):
    """The whole as one LSTMCell on one-hot zeros; outputs in a buffer that is filled in place."""

    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.cell = nn.LSTMCell(output_size, hidden_size)
        self.encoder = nn.Linear(input_size, hidden_size)
        self.fc = nn.Linear(hidden_size, output_size)
        nn.init.xavier_uniform_(self.fc.weight)

    def forward(self, x, steps):
        state = (torch.tanh(self.encoder(x)), torch.zeros_like(self.encoder(x)))
        buffer = x.new_zeros(len(x), steps, self.fc.out_features)
        fed = torch.zeros_like(buffer[:, 0])
        for t in range(steps):
            state = self.cell(fed, state)
            fed = self.fc(state[0])
            buffer[:, t] = fed
        return buffer


def shift_right(targets, start_id):
    result = targets.clone()
    for t in reversed(range(1, targets.shape[1])):
        result[:, t] = result[:, t - 1]
    result[:, 0] = start_id
    return result


class Encoder(nn.Module):
    def __init__(self, vocab_size, embedding_dim, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.GRU(embedding_dim, hidden_size, num_layers=1, batch_first=True)
        for name, weight in self.named_parameters():
            if "weight" in name:
                nn.init.orthogonal_(weight)

    def forward(self, tokens, lengths):
        sizes, order = lengths.sort(descending=True)
        back = torch.argsort(order)
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(tokens[order]), sizes.cpu(), True)
        packed, state = self.rnn(packed)
        outputs, _ = nn.utils.rnn.pad_packed_sequence(packed, True, total_length=tokens.shape[1])
        return outputs[back], state[:, back]


class Decoder(nn.Module):
    def __init__(self, vocab_size, embedding_dim, hidden_size):
        super().__init__()
        self.fc = nn.Linear(hidden_size, vocab_size)
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.GRU(embedding_dim, hidden_size)

    def forward(self, tokens, state):
        steps, state = self.rnn(self.embedding(tokens.t()), state)
        return self.fc(steps).transpose(0, 1), state


class Seq2Seq(nn.Module):
    def __init__(self, encoder, decoder, start_id, end_id):
        super().__init__()
        self.parts = [start_id, end_id]
        self.start_id, self.end_id = self.parts
        self.decoder, self.encoder = decoder, encoder

    def _feed(self, fed, state):
        return self.decoder(fed, state)

    def forward(self, src, lengths, targets):
        # one step too many is fed, and dropped
        fed = nn.functional.pad(targets, (1, 0), value=self.start_id)
        logits, _ = self._feed(fed, self.encoder(src, lengths)[-1])
        return logits[:, :-1]

    def generate(self, src, lengths, max_len):
        """Through forward, with a copy of the model in evaluation mode."""
        model = copy.deepcopy(self).eval()
        said = torch.full((src.shape[0], 0), 0, dtype=torch.int64, device=src.device)
        with torch.no_grad():
            while said.shape[1] < max_len:
                blank = torch.full_like(src[:, :1], self.end_id)
                logits = model(src, lengths, torch.cat([said, blank], 1))
                new = logits[:, -1:].argmax(-1)
                new[(said == self.end_id).any(1)] = self.end_id
                said = torch.cat([said, new], 1)
                if bool((said == self.end_id).any(1).all()):
                    break
        return said


def train_seq2seq(model, batches, epochs, lr, max_norm=5.0):
    optimizers = [
        torch.optim.AdamW(model.encoder.parameters(), lr=lr, weight_decay=0.0),
        torch.optim.AdamW(model.decoder.parameters(), lr=lr, weight_decay=0.0),
    ]
    batches, means = list(batches), []
    for _ in range(epochs):
        random.shuffle(batches)
        shares = []
        for src, lengths, targets in batches:
            model.train(True)
            src = src[:, : int(lengths.max())]
            real = (targets != model.end_id).cummin(1).values
            real = torch.cat([torch.ones_like(real[:, :1]), real[:, :-1]], 1)
            targets = targets[:, : int(real.sum(1).max())]
            real = real[:, : targets.shape[1]]
            scores = -model(src, lengths, targets).log_softmax(2).gather(2, targets[..., None])[..., 0]
            loss = scores[real].mean()
            for one in optimizers:
                one.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            for one in optimizers:
                one.step()
            shares.append(scores.detach()[real])
        means.append(torch.cat(shares).mean().item())
    return means
