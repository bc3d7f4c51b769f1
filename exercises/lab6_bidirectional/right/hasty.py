# lab 6 - late night version, with everything I tried
from torch.nn import *
from torch.nn.functional import cross_entropy as ce
import torch, time
import torch.nn as tnn
import torch.nn.utils.rnn as R
torch.manual_seed(1)
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
print("using", DEVICE)
start = time.time()

def clean_text(s):
    s = s.lower()
    r = ''
    for c in s:
        if c in 'abcdefghijklmnopqrstuvwxyz0123456789': r += c
        if c in '.!?': r += ' ' + c + ' '
        if c.isspace(): r += ' '
    return ' '.join(r.split())
print(clean_text("Hello, World!! It's ME..."))
assert clean_text("don't") == "dont"

def build_vocabulary(t, n):
    if n < 4: raise ValueError('max_size too small')
    d = {}
    for x in t:
        for w in x.split():
            if w in d: d[w] += 1
            else: d[w] = 1
    v = {'<PAD>': 0, '<UNK>': 1, '<START>': 2, '<END>': 3}
    i = 4
    while i < n and d:
        m = max(d, key=d.get)
        v[m] = i
        d.pop(m)
        i = i + 1
    return v
texts = [clean_text(t) for t in ["The film was GOOD!", "the film was not good.", "what a bad bad film"]]
VOCAB = build_vocabulary(texts, 20)
print(VOCAB)

def encode(t, v, max_length=None):
    L = []
    for w in t.split():
        if w in v.keys(): L.append(v[w])
        else: L.append(v['<UNK>'])
    if max_length != None:
        while len(L) > max_length - 2: L.pop()
    return [v['<START>']] + L + [v['<END>']]
IDS = [encode(t, VOCAB) for t in texts]
print(IDS)

def pad_batch(S, pad_id=0):
    if len(S) == 0: raise ValueError('sequences is empty!!')
    n = []
    for s in S:
        if len(s) == 0: raise ValueError('one of the sequences is empty!!')
        n.append(len(s))
    T = max(n)
    out = []
    for s in S:
        s = list(s)
        while len(s) < T: s.append(pad_id)
        out.append(s)
    return torch.tensor(out), torch.tensor(n)
X, N = pad_batch(IDS)
print(X.shape, N)

def reverse_within_length(x, lengths):
    y = x + 0
    for i, n in enumerate(lengths):
        y[i][:n] = torch.flip(x[i][:n], dims=(0,))
    return y

def birnn_forward(x, lengths, fp, bp):
    B, T = x.shape[0], x.shape[1]
    f, b, fin = [], [], []
    for i in range(B):
        n = lengths[i]
        h = x.new_zeros(fp['W_hh'].shape[1])
        a = []
        for t in range(T):
            if t < n:
                h = (x[i, t] @ fp['W_xh'] + h @ fp['W_hh'] + fp['b_h']).tanh()
                a.append(h)
            else:
                a.append(0 * h)
        g = x.new_zeros(bp['W_hh'].shape[1])
        c = []
        for t in range(T - 1, -1, -1):
            if t < n:
                g = (x[i, t] @ bp['W_xh'] + g @ bp['W_hh'] + bp['b_h']).tanh()
                c = [g] + c
            else:
                c = [0 * g] + c
        f.append(torch.stack(a)); b.append(torch.stack(c)); fin.append(torch.cat([h, g]))
    return torch.cat([torch.stack(f), torch.stack(b)], 2), torch.stack(fin)

def masked_mean(o, n):
    return torch.stack([o[i, :n[i]].sum(0) / n[i] for i in range(len(n))])

def attention_pool(o, s, n):
    w = torch.zeros_like(s)
    for i in range(len(n)):
        w[i, :n[i]] = torch.softmax(s[i, :n[i]], 0)
    c = (o * w.unsqueeze(-1)).sum(-2)
    return c, w

class BiClassifier(Module):
    def __init__(self, V, E, H, C, cell='lstm', pooling='final', padding_idx=0):
        super().__init__()
        self.embedding = Embedding(V, E, padding_idx=padding_idx)
        if cell == 'lstm': self.rnn = LSTM(E, H, bidirectional=True)
        elif cell == 'gru': self.rnn = GRU(E, H, bidirectional=True)
        elif cell == 'rnn': self.rnn = RNN(E, H, bidirectional=True)
        else: raise ValueError('bad cell')
        self.fc = Linear(H*2, C)
        if pooling not in ('final', 'mean', 'attention'): raise ValueError('bad pooling')
        if pooling == 'attention': self.attention = Linear(H*2, 1, bias=False)
        self.pooling = pooling
    def forward(self, x, n):
        x = self.embedding(x).permute(1, 0, 2)
        p = R.pack_padded_sequence(x, n.cpu(), enforce_sorted=False)
        o, h = self.rnn(p)
        if type(h) == tuple: h = h[0]
        o, _ = R.pad_packed_sequence(o)
        o = o.permute(1, 0, 2)
        if self.pooling == 'final': z = torch.cat([h[0], h[1]], 1)
        if self.pooling == 'mean': z = masked_mean(o, n)
        if self.pooling == 'attention': z = attention_pool(o, self.attention(o).squeeze(2), n)[0]
        return self.fc(z)

def train_sentiment(m, data, epochs, lr, max_norm=5.0):
    o = torch.optim.Adam(m.parameters(), lr=lr)
    hist = []
    for e in range(epochs):
        m.train()
        s = 0; k = 0
        for (x, n, y) in data:
            o.zero_grad()
            l = ce(m(x, n), y)
            l.backward()
            tnn.utils.clip_grad_norm_(m.parameters(), max_norm)
            o.step()
            s = s + l.item() * len(x); k = k + len(x)
        hist.append(s / k)
        print('epoch', e, 'loss', s / k)
    return hist

m = BiClassifier(20, 4, 5, 2, pooling='attention').to(DEVICE)
print(train_sentiment(m, [(X.to(DEVICE), N.to(DEVICE), torch.tensor([1, 0, 0]).to(DEVICE))], 3, 0.01))
print('took', time.time() - start, 's')
m.eval()
with torch.no_grad(): print(m(X, N).softmax(1))
