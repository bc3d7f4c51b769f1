import os, random, warnings
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
import matplotlib

torch.manual_seed(0); random.seed(0); np.random.seed(0)
warnings.filterwarnings('ignore')
device = 'cuda' if torch.cuda.is_available() else 'cpu'
print(device)

def sliding_windows(series, length, horizon=1):
    last = len(series) - (length + horizon - 1)
    if last <= 0: raise ValueError('series too short!!')
    X = np.vstack([series[i:last+i] for i in range(length)]).T
    y = series[-last:]
    return X, y.copy()

s = np.arange(12.)
X, y = sliding_windows(s, 4, 2); print(X, y)

def split_series(series, train_fraction):
    if train_fraction != train_fraction or min(max(train_fraction, 0), 1) != train_fraction or train_fraction in (0, 1):
        raise ValueError('bad train_fraction %r' % train_fraction)
    k = int(len(series) * train_fraction)
    return series[0:k], series[k:len(series)]

print(split_series(s, .7))

def fit_scaler(train):
    m, s = train.mean(), train.std(ddof=0)
    if train.min() == train.max(): s = 1
    return float(m), float(s)

print(fit_scaler(s))

def persistence_mse(X, y):
    e = [x[-1] - t for x, t in zip(X, y)]
    return float(sum([d*d for d in e]) / len(e))

print(persistence_mse(X, y))

def make_sines(num, length, generator):
    f = torch.rand(num, 1, generator=generator, device=generator.device) * 3 + 1
    p = torch.rand(num, 1, generator=generator, device=generator.device)
    t = torch.arange(0, length).to(generator.device)
    return torch.sin(2*np.pi*f*t/length + 2*np.pi*p)

g = torch.Generator().manual_seed(3)
w = make_sines(20, 31, g)
print(w.shape, w.dtype)

class Forecaster(nn.Module):
    def __init__(self, hidden_size, num_layers=1, dropout=0.0, cell='lstm', **kw):
        super().__init__()
        assert num_layers > 0
        if cell not in 'rnn gru lstm'.split(): raise ValueError('cell??? ' + str(cell))
        if num_layers < 2: dropout = 0
        self.rnn = getattr(nn, cell.upper())(1, hidden_size, num_layers, batch_first=True, dropout=dropout)
        self.fc = nn.Linear(hidden_size, 1)
    def forward(self, x):
        B = x.shape[0]
        h0 = torch.zeros(self.rnn.num_layers, B, self.rnn.hidden_size, device=x.device, dtype=x.dtype)
        if isinstance(self.rnn, nn.LSTM): o, _ = self.rnn(x, (h0, h0))
        else: o, _ = self.rnn(x, h0)
        o = self.fc(o)      # (B, T, 1)
        return o[:, -1].view(B)

net = Forecaster(8, 2, .1)
print(net, net(w[:, :30, None]).shape)

def train_forecaster(model, X, y, epochs, lr, batch_size, generator):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    crit = nn.MSELoss()
    hist = []
    for ep in range(epochs):
        perm = torch.randperm(len(X), generator=generator)
        Xs, ys = X[perm], y[perm]
        run = 0.; model.train()
        for i in range((len(X) + batch_size - 1)//batch_size):
            xb, yb = Xs[i*batch_size:(i+1)*batch_size], ys[i*batch_size:(i+1)*batch_size]
            loss = crit(model(xb[:, :, None])[:, None], yb[:, None])
            opt.zero_grad(); loss.backward(); opt.step()
            run += loss.item()*xb.shape[0]
        hist.append(run/len(X))
        model.eval()
        with torch.no_grad(): val = crit(model(X[:, :, None]), y)
        if ep % 5 == 0: print(f'{ep}: {hist[-1]:.4f} {val:.4f}')
    return hist

print(train_forecaster(net, w[:, :30], w[:, 30], 2, .01, 8, g))

def rollout(model, window, steps):
    modes = [m.training for m in model.modules()]
    model.eval()
    w = window.detach().clone(); preds = []
    for s in range(steps):
        p = model(w.unsqueeze(-1)).detach()
        preds += [p]
        w = w.roll(-1, 1); w[:, -1] = p
    for m, t in zip(model.modules(), modes): m.train(t) if not list(m.children()) else setattr(m, 'training', t)
    return torch.stack(preds).T

print(rollout(net, w[:, :30], 5).shape)
