"""As short as it gets."""
import numpy as np, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

def sliding_windows(series, length, horizon=1):
    if len(series) < length + horizon: raise ValueError(f'series: {len(series)} < {length} + {horizon}')
    return np.lib.stride_tricks.sliding_window_view(series[:-horizon], length), series[length + horizon - 1:]

def split_series(series, train_fraction):
    if 0 < train_fraction < 1: return tuple(np.split(series, [int(series.size * train_fraction)]))
    raise ValueError('train_fraction')

fit_scaler = lambda train: (float(np.average(train)), float(np.ptp(train) and train.std() or 1))
persistence_mse = lambda X, y: np.square(X.T[-1] - y).mean().item()

def make_sines(num, length, generator):
    f, phi = torch.rand(2, num, 1, generator=generator, device=generator.device)
    return ((1 + 3*f) * torch.linspace(0, 1, length + 1, device=generator.device)[:-1] + phi).mul(2*torch.pi).sin()

class Forecaster(nn.Module):
    def __init__(self, hidden_size, num_layers=1, dropout=0.0, cell='lstm'):
        super().__init__()
        try: make = dict(rnn=nn.RNN, gru=nn.GRU, lstm=nn.LSTM)[cell]
        except KeyError: raise ValueError(f'cell: {cell}')
        self.rnn, self.fc = make(1, hidden_size, num_layers, batch_first=True, dropout=dropout * (num_layers > 1)), nn.Linear(hidden_size, 1)
    forward = lambda self, x: self.fc(self.rnn(x)[0])[:, -1, 0]

def train_forecaster(model, X, y, epochs, lr, batch_size, generator):
    opt, losses = torch.optim.AdamW(model.train().parameters(), lr), []
    for _ in range(epochs):
        sums = []
        for x, t in DataLoader(TensorDataset(X[..., None], y), batch_size, True, generator=generator):
            loss = (model(x) - t).square().mean()
            opt.zero_grad(); loss.backward(); opt.step()
            sums += [loss.item() * len(t)]
        losses += [sum(sums) / len(y)]
    return losses

@torch.no_grad()
def rollout(model, window, steps):
    was = [(m, m.training) for m in model.modules()]
    L, _ = window.size(1), model.eval()
    for _ in range(steps): window = torch.hstack([window, model(window[:, -L:, None])[:, None]])
    for m, mode in was: m.training = mode
    return window[:, L:]
