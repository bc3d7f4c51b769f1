"""Plain loops, numbers one by one, nothing clever."""
import math

import numpy as np
import torch
from torch import nn


# %%
def sliding_windows(series, length, horizon=1):
    how_many = 0
    while how_many + length + horizon <= series.shape[0]:
        how_many += 1
    if how_many == 0:
        raise ValueError("the series has too few values")
    X = np.empty((how_many, length), dtype=series.dtype)
    y = np.empty(how_many, dtype=series.dtype)
    for i in range(how_many):
        for j in range(length):
            X[i, j] = series[i + j]
        y[i] = series[i + length - 1 + horizon]
    return X, y


# %%
def split_series(series, train_fraction):
    if math.isnan(train_fraction):
        raise ValueError("train_fraction is nan")
    if train_fraction <= 0:
        raise ValueError("train_fraction is too small")
    if train_fraction >= 1:
        raise ValueError("train_fraction is too large")
    cut = int(train_fraction * len(series))
    train = np.array([series[i] for i in range(cut)], dtype=series.dtype)
    test = np.array([series[i] for i in range(cut, len(series))], dtype=series.dtype)
    return train, test


# %%
def fit_scaler(train):
    total, first, same = 0.0, train[0], True
    for value in train:
        total += float(value)
        if value != first:
            same = False
    mean = total / len(train)
    if same:
        return mean, 1.0
    squares = 0.0
    for value in train:
        squares += (float(value) - mean) ** 2
    return mean, math.sqrt(squares / len(train))


# %%
def persistence_mse(X, y):
    total = 0.0
    for i in range(len(y)):
        total += (float(X[i][-1]) - float(y[i])) ** 2
    return total / len(y)


# %%
def make_sines(num, length, generator):
    where = generator.device
    draws = torch.rand(num, generator=generator, device=where).tolist()
    phases = torch.rand(num, generator=generator, device=where).tolist()
    sines = torch.empty(num, length, device=where)
    for i in range(num):
        f = 1 + 3 * draws[i]
        for t in range(length):
            sines[i, t] = math.sin(2 * math.pi * (f * t / length + phases[i]))
    return sines


# %%
class Forecaster(nn.Module):
    def __init__(self, hidden_size, num_layers=1, dropout=0.0, cell="lstm"):
        super(Forecaster, self).__init__()
        options = {"input_size": 1, "hidden_size": hidden_size, "num_layers": num_layers, "batch_first": True}
        if num_layers > 1:
            options["dropout"] = dropout
        if cell == "rnn":
            self.rnn = nn.RNN(**options)
        elif cell == "gru":
            self.rnn = nn.GRU(**options)
        elif cell == "lstm":
            self.rnn = nn.LSTM(**options)
        else:
            raise ValueError("cell must be one of rnn, gru, lstm")
        self.fc = nn.Linear(hidden_size, 1)

    def forward(self, x):
        state = self.rnn(x)[1]
        if isinstance(state, tuple):
            state = state[0]
        return self.fc(state[-1]).reshape(x.shape[0])


# %%
def train_forecaster(model, X, y, epochs, lr, batch_size, generator):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        model.train()
        errors = []
        order = torch.randperm(X.shape[0], generator=generator).tolist()
        while order:
            chosen, order = order[:batch_size], order[batch_size:]
            x = torch.stack([X[i] for i in chosen]).reshape(len(chosen), -1, 1)
            target = torch.stack([y[i] for i in chosen])
            forecast = model(x)
            each = (forecast - target) ** 2
            errors.extend(each.detach().tolist())
            for p in model.parameters():
                p.grad = None
            each.mean().backward()
            optimizer.step()
        losses.append(sum(errors) / len(errors))
    return losses


# %%
def rollout(model, window, steps):
    parts = list(model.modules())
    modes = [part.training for part in parts]
    for part in parts:
        part.training = False
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    seen = window.clone()
    result = window.new_zeros(window.shape[0], steps)
    for s in range(steps):
        result[:, s] = model(seen.reshape(*seen.shape, 1))
        for j in range(seen.shape[1] - 1):
            seen[:, j] = seen[:, j + 1]
        seen[:, -1] = result[:, s]
    torch.set_grad_enabled(before)
    for part, mode in zip(parts, modes):
        part.training = mode
    return result
