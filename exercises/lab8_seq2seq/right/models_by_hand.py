# The gates written out, masks in place of packing, the optimizer by hand; terse.
import torch
import torch.nn.functional as F
from torch import nn


class OneToMany(nn.Module):
    def __init__(s, input_size, hidden_size, output_size):
        super().__init__()
        s.encoder, s.fc = nn.Linear(input_size, hidden_size), nn.Linear(hidden_size, output_size)
        s.cell = nn.LSTMCell(output_size, hidden_size)

    def forward(s, x, steps):
        k, h = s.cell, s.encoder(x).tanh()
        c, y, ys = h * 0, F.linear(h, s.fc.weight) * 0, x.new_empty(len(x), 0, s.fc.out_features)
        for _ in range(steps):
            z = y @ k.weight_ih.T + k.bias_ih + h @ k.weight_hh.T + k.bias_hh
            i, f, g, o = z.chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            y = s.fc(h)
            ys = torch.cat([ys, y[:, None]], 1)
        return ys


def shift_right(targets, start_id):
    return torch.cat([targets.new_full((len(targets), 1), start_id), targets[:, :-1]], 1)


def gru(rnn, x, h):
    xr, xz, xn = F.linear(x, rnn.weight_ih_l0, rnn.bias_ih_l0).chunk(3, -1)
    hr, hz, hn = F.linear(h, rnn.weight_hh_l0, rnn.bias_hh_l0).chunk(3, -1)
    r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
    return torch.lerp(torch.tanh(xn + r * hn), h, z)


class Encoder(nn.Module):
    def __init__(s, vocab_size, embedding_dim, hidden_size):
        super().__init__()
        s.embedding = nn.Embedding(vocab_size, embedding_dim)
        s.rnn = nn.GRU(embedding_dim, hidden_size)

    def forward(s, tokens, lengths):
        x = s.embedding(tokens)
        h, hs = x.new_zeros(len(x), s.rnn.hidden_size), []
        for t in range(tokens.shape[1]):
            h = torch.where((t < lengths)[:, None], gru(s.rnn, x[:, t], h), h)
            hs.append(h)
        return torch.stack(hs, 1), h[None]


class Decoder(nn.Module):
    def __init__(s, vocab_size, embedding_dim, hidden_size):
        super().__init__()
        s.embedding = nn.Embedding(vocab_size, embedding_dim)
        s.rnn = nn.GRU(embedding_dim, hidden_size)
        s.fc = nn.Linear(hidden_size, vocab_size)

    def forward(s, tokens, state):
        h, hs = state[0], []
        for x in s.embedding(tokens).unbind(1):
            h = gru(s.rnn, x, h)
            hs += [h]
        return torch.einsum("tbh,vh->btv", torch.stack(hs), s.fc.weight) + s.fc.bias, h[None]


class Seq2Seq(nn.Module):
    def __init__(s, encoder, decoder, start_id, end_id):
        super().__init__()
        s.__dict__.update(start_id=start_id, end_id=end_id)
        s.encoder, s.decoder = encoder, decoder

    def forward(s, src, lengths, targets):
        return s.decoder(shift_right(targets, s.start_id), s.encoder(src, lengths)[1])[0]

    def generate(s, src, lengths, max_len):
        # asks the decoder again from the start, with all that was said, at every step
        state = s.encoder(src, lengths)[1]
        said = src.new_full((len(src), 1), s.start_id)
        for _ in range(max_len):
            new = s.decoder(said, state)[0][:, -1].argmax(-1)
            over = (said[:, 1:] == s.end_id).any(1)
            said = torch.cat([said, new.where(~over, s.end_id)[:, None]], 1)
            if (said[:, 1:] == s.end_id).any(1).all():
                break
        return said[:, 1:]


def train_seq2seq(model, batches, epochs, lr, max_norm=5.0):
    batches, params, losses = [*batches], [*model.parameters()], []
    m, v, k = [0 * p.detach() for p in params], [0 * p.detach() for p in params], 0
    model.train()
    for _ in range(epochs):
        total = count = 0
        for src, lengths, targets in batches:
            place = torch.arange(targets.shape[1], device=targets.device)
            end = (targets == model.end_id).long().argmax(1)
            end = torch.where((targets == model.end_id).any(1), end, targets.shape[1])
            real = place <= end[:, None]
            loss = F.cross_entropy(model(src, lengths, targets)[real], targets[real], reduction="sum")
            n = int(real.sum())
            grads = torch.autograd.grad(loss / n, params)
            norm = torch.cat([g.flatten() for g in grads]).norm()
            k += 1
            with torch.no_grad():
                for i, (p, g) in enumerate(zip(params, grads)):
                    g = g * (max_norm / (norm + 1e-6)).clamp(max=1)
                    m[i] = 0.9 * m[i] + 0.1 * g
                    v[i] = 0.999 * v[i] + 0.001 * g * g
                    p -= lr * (m[i] / (1 - 0.9**k)) / ((v[i] / (1 - 0.999**k)).sqrt() + 1e-8)
            total, count = total + loss.item(), count + n
        losses.append(total / count)
    return losses
