"""Everything with loops over sequences, steps and classes; no function calls another one."""
import torch
from torch import nn


def make_tagging_data(kind, num_sequences, seq_len, num_tags, generator):
    tokens = torch.zeros(num_sequences, seq_len, dtype=torch.long)
    tags = torch.zeros(num_sequences, seq_len, dtype=torch.long)
    for n in range(num_sequences):
        running = 0
        for t in range(seq_len):
            token = torch.randint(1, 10, (1,), generator=generator).item()
            running += token
            if kind == "element":
                tag = token
            elif kind == "pair":
                tag = token
                if t > 0:
                    tag += tokens[n, t - 1].item()
            elif kind == "running":
                tag = running
            else:
                raise ValueError("bad kind: " + str(kind))
            tokens[n, t] = token
            tags[n, t] = tag % num_tags
    return tokens, tags


class Tagger(nn.Module):
    def __init__(self, vocab_size, num_tags, embedding_dim, hidden_size, cell='lstm', bidirectional=False, padding_idx=0):
        super(Tagger, self).__init__()
        if cell == 'lstm':
            self.rnn = nn.LSTM(embedding_dim, hidden_size, batch_first=True, bidirectional=bidirectional)
        elif cell == 'gru':
            self.rnn = nn.GRU(embedding_dim, hidden_size, batch_first=True, bidirectional=bidirectional)
        else:
            self.rnn = nn.RNN(embedding_dim, hidden_size, batch_first=True, bidirectional=bidirectional)
        self.num_tags = num_tags
        self.fc = nn.Linear(hidden_size * (2 if bidirectional else 1), num_tags)
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx)

    def forward(self, tokens, lengths=None):
        if lengths is None:
            return self.fc(self.rnn(self.embedding(tokens))[0])
        B, T = tokens.shape
        rows = []
        for b in range(B):
            n = lengths[b].item()
            x = self.embedding(tokens[b:b + 1, :n])
            h, _ = self.rnn(x)
            y = self.fc(h)
            pad = torch.zeros(1, T - n, self.num_tags, dtype=y.dtype, device=y.device)
            rows.append(torch.cat((y, pad), dim=1))
        return torch.cat(rows, dim=0)


def tagging_loss(logits, tags, ignore_index=-100):
    B, T, C = logits.shape
    loss = 0 * logits.sum()
    n = 0
    for b in range(B):
        for t in range(T):
            if tags[b, t] != ignore_index:
                z = logits[b, t]
                m = z.max().detach()
                loss = loss + m + torch.log(torch.exp(z - m).sum()) - z[tags[b, t]]
                n += 1
    if n == 0:
        return loss
    return loss / n


def token_accuracy(logits, tags, ignore_index=-100):
    right = 0
    n = 0
    for b in range(len(tags)):
        for t in range(len(tags[b])):
            if tags[b][t] == ignore_index:
                continue
            n += 1
            if torch.argmax(logits[b][t]) == tags[b][t]:
                right += 1
    return right / n if n > 0 else 0.0


def sequence_accuracy(logits, tags, ignore_index=-100):
    right = 0
    n = 0
    for b in range(len(tags)):
        seen = False
        good = True
        for t in range(len(tags[b])):
            if tags[b][t] == ignore_index:
                continue
            seen = True
            if torch.argmax(logits[b][t]) != tags[b][t]:
                good = False
        if seen:
            n += 1
            if good:
                right += 1
    if n == 0:
        return 0.0
    return right / n


def confusion_matrix(predictions, tags, num_tags, ignore_index=-100):
    m = [[0] * num_tags for _ in range(num_tags)]
    for b in range(tags.size(0)):
        for t in range(tags.size(1)):
            if tags[b, t].item() != ignore_index:
                m[tags[b, t].item()][predictions[b, t].item()] += 1
    return torch.tensor(m, dtype=torch.int64, device=tags.device)


def viterbi_decode(emissions, transitions, lengths):
    result = []
    C = transitions.shape[0]
    trans = transitions.tolist()
    for b, n in enumerate(lengths.tolist()):
        e = emissions[b].tolist()
        score = [[0.0] * C for _ in range(n)]
        prev = [[0] * C for _ in range(n)]
        for j in range(C):
            score[0][j] = e[0][j]
        for t in range(1, n):
            for j in range(C):
                best = float('-inf')
                for i in range(C):
                    s = score[t - 1][i] + trans[i][j]
                    if s > best:
                        best = s
                        prev[t][j] = i
                score[t][j] = best + e[t][j]
        k = 0
        for j in range(C):
            if score[n - 1][j] > score[n - 1][k]:
                k = j
        path = [k]
        for t in range(n - 1, 0, -1):
            k = prev[t][k]
            path.insert(0, k)
        result.append(path)
    return result


def find_spans(tags):
    spans = []
    i = 0
    while i < len(tags):
        if tags[i] == 'O':
            i += 1
            continue
        label = tags[i].split('-', 1)[1]
        j = i + 1
        while j < len(tags) and tags[j] == 'I-' + label:
            j += 1
        spans.append((label, i, j))
        i = j
    return spans


def span_f1(predicted, true):
    tp = fp = fn = 0
    for p, t in zip(predicted, true):
        ps, ts = [], []
        for tags, out in ((p, ps), (t, ts)):
            i = 0
            while i < len(tags):
                if tags[i] == 'O':
                    i += 1
                    continue
                label = tags[i].split('-', 1)[1]
                j = i + 1
                while j < len(tags) and tags[j] == 'I-' + label:
                    j += 1
                out.append((label, i, j))
                i = j
        for s in ps:
            if s in ts:
                tp += 1
            else:
                fp += 1
        for s in ts:
            if s not in ps:
                fn += 1
    if tp + fp + fn == 0:
        return 1.0
    if tp == 0:
        return 0.0
    precision = tp / (tp + fp)
    recall = tp / (tp + fn)
    return 2 * precision * recall / (precision + recall)


def train_tagger(model, batches, epochs, lr, max_norm=5.0):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    loss_fn = nn.CrossEntropyLoss(ignore_index=-100, reduction='sum')
    losses = []
    for epoch in range(epochs):
        epoch_loss = 0
        epoch_tokens = 0
        for tokens, lengths, tags in batches:
            out = model(tokens, lengths)
            n = int(lengths.sum())
            s = loss_fn(out.reshape(-1, out.shape[-1]), tags.reshape(-1))
            opt.zero_grad()
            (s / n).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            opt.step()
            epoch_loss += s.item()
            epoch_tokens += n
        losses.append(epoch_loss / epoch_tokens)
    return losses
