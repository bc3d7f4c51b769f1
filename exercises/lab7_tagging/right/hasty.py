import os, sys, time
import torch, torch.nn as nn, torch.nn.functional as F, random, math
from torch.nn.utils.rnn import *

torch.manual_seed(0)
random.seed(0)
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
print("running on", DEVICE)

def make_tagging_data(kind, num_sequences, seq_len, num_tags, generator):
    if not kind in ['element','pair','running']: raise ValueError("kind "+kind)
    x = torch.randint(low=1, high=10, size=[num_sequences, seq_len], generator=generator)
    y = {'element': x, 'pair': x + torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1), 'running': x.cumsum(-1)}[kind]
    return x, y % num_tags

g = torch.Generator(); g.manual_seed(1)
x, y = make_tagging_data('pair', 4, 6, 3, g)
print(x, y)

class Tagger(nn.Module):
    def __init__(self, vocab_size, num_tags, embedding_dim, hidden_size, cell='lstm', bidirectional=False, padding_idx=0, **kw):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx)
        self.rnn = eval('nn.' + cell.upper())(embedding_dim, hidden_size, batch_first=True, bidirectional=bidirectional)
        self.fc = nn.Linear(hidden_size*(2 if bidirectional else 1), num_tags)
    def forward(self, tokens, lengths=None):
        T = tokens.shape[1]
        if lengths is None: lengths = torch.full((tokens.shape[0],), T)
        e = pack_padded_sequence(self.embedding(tokens), lengths.tolist(), batch_first=True, enforce_sorted=False)
        o = pad_packed_sequence(self.rnn(e)[0], batch_first=True)[0]
        o = F.pad(o, (0, 0, 0, T - o.shape[1]))
        return self.fc(o)

m = Tagger(10, 3, 8, 16, bidirectional=True)
print(m, sum(p.numel() for p in m.parameters()))
print(m(x).shape, m(x, torch.tensor([3, 6, 2, 1])).shape)

def tagging_loss(logits, tags, ignore_index=-100):
    C = logits.shape[-1]
    l = F.cross_entropy(logits.reshape(-1, C), tags.reshape(-1), ignore_index=ignore_index)
    if torch.isnan(l): return logits.sum()*0
    return l

print('loss', tagging_loss(m(x), y), 'ln C', math.log(3))

def token_accuracy(logits, tags, ignore_index=-100):
    p = logits.argmax(-1)[tags != ignore_index]; t = tags[tags != ignore_index]
    try: return float((p == t).sum()) / len(t)
    except ZeroDivisionError: return 0.0

def sequence_accuracy(logits, tags, ignore_index=-100):
    ok = tot = 0
    for l, t in zip(logits, tags):
        k = t != ignore_index
        if not k.any(): continue
        tot += 1
        ok += int((l.argmax(-1)[k] == t[k]).all())
    return ok / max(tot, 1)

print(token_accuracy(m(x), y), sequence_accuracy(m(x), y))

def confusion_matrix(predictions, tags, num_tags, ignore_index=-100):
    k = tags != ignore_index
    return torch.bincount(num_tags*tags[k] + predictions[k], minlength=num_tags**2).reshape(num_tags, num_tags)

cm = confusion_matrix(m(x).argmax(-1), y, 3)
print(cm)
assert cm.sum() == 24

def viterbi_decode(emissions, transitions, lengths):
    out = []
    for e, n in zip(emissions, lengths):
        paths = {j: (e[0][j].item(), [j]) for j in range(e.shape[1])}
        for t in range(1, n):
            new = {}
            for j in range(e.shape[1]):
                i = max(paths, key=lambda i: paths[i][0] + transitions[i][j].item())
                new[j] = (paths[i][0] + transitions[i][j].item() + e[t][j].item(), paths[i][1] + [j])
            paths = new
        out.append(max(paths.values())[1])
    return out

print(viterbi_decode(torch.randn(2, 4, 3), torch.randn(3, 3), torch.tensor([4, 2])))

def find_spans(tags):
    spans = []; last = None
    for i, t in enumerate(tags):
        if t == 'O': last = None; continue
        p, l = t.split('-', 1)
        if p == 'I' and last == l: spans[-1] = (l, spans[-1][1], i+1)
        else: spans.append((l, i, i+1))
        last = l
    return spans

print(find_spans("O B-PER I-PER I-LOC B-LOC".split()))

def span_f1(predicted, true):
    P = set(); T = set()
    for i in range(len(true)):
        P |= {(i,)+s for s in find_spans(predicted[i])}
        T |= {(i,)+s for s in find_spans(true[i])}
    try: return 2*len(P & T)/(len(P)+len(T))
    except ZeroDivisionError: return 1.0

def train_tagger(model, batches, epochs, lr, max_norm=5.0):
    opt = torch.optim.Adam(model.parameters(), lr)
    hist = []
    for ep in range(epochs):
        tot, n = 0., 0
        random.shuffle(order := list(range(len(batches))))
        for i in order:
            x, l, y = batches[i]
            loss = tagging_loss(model(x, l), y)
            opt.zero_grad(); loss.backward()
            clip_grad = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            opt.step()
            k = (y != -100).sum().item()
            tot += loss.item()*k; n += k
        hist.append(tot/n)
        if ep % 5 == 0: print(f'epoch {ep}: {hist[-1]:.3f}')
    return hist

g = torch.Generator().manual_seed(2)
X, Y = make_tagging_data('pair', 64, 8, 3, g)
print(train_tagger(m, [(X, torch.full((64,), 8), Y)], 3, 0.01))
