import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


# %%
def sliding_windows(series, length, horizon=1):
    n = len(series) - length - horizon + 1
    if n < 1:
        raise ValueError("series is too short")
    X = []
    y = []
    for i in range(n):
        X.append(series[i : i + length])
        y.append(series[i + length + horizon - 1])
    return np.array(X), np.array(y)


# %%
def split_series(series, train_fraction):
    if not (train_fraction > 0 and train_fraction < 1):
        raise ValueError(f"train_fraction must be between 0 and 1, got {train_fraction}")
    n_train = int(len(series) * train_fraction)
    train = series[:n_train]
    test = series[n_train:]
    return train, test


# %%
def fit_scaler(train):
    mean = float(np.mean(train))
    std = float(np.std(train))
    if np.max(train) == np.min(train):
        std = 1.0
    return mean, std


# %%
def persistence_mse(X, y):
    prediction = X[:, -1]
    return float(((prediction - y) ** 2).mean())


# %%
def make_sines(num, length, generator):
    kind = {"dtype": torch.float32, "device": generator.device}
    freq = 1 + 3 * torch.rand(num, generator=generator, **kind)
    phase = torch.rand(num, generator=generator, **kind)
    t = torch.arange(length, **kind)
    angle = freq.unsqueeze(1) * t.unsqueeze(0) / length + phase.unsqueeze(1)
    return torch.sin(2 * math.pi * angle)


# %%
class Forecaster(nn.Module):
    def __init__(self, hidden_size, num_layers=1, dropout=0.0, cell="lstm"):
        super().__init__()
        kinds = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
        if cell not in kinds:
            raise ValueError(f"unknown cell {cell!r}")
        if num_layers == 1:
            dropout = 0.0
        self.rnn = kinds[cell](1, hidden_size, num_layers, batch_first=True, dropout=dropout)
        self.fc = nn.Linear(hidden_size, 1)

    def forward(self, x):
        out, _ = self.rnn(x)
        last = out[:, -1, :]
        return self.fc(last).squeeze(-1)


# %%
def train_forecaster(model, X, y, epochs, lr, batch_size, generator):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    criterion = nn.MSELoss()
    n = len(X)
    losses = []
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(n, generator=generator)
        total = 0.0
        for start in range(0, n, batch_size):
            idx = order[start : start + batch_size]
            xb = X[idx].unsqueeze(-1)
            yb = y[idx]
            optimizer.zero_grad()
            pred = model(xb)
            loss = criterion(pred, yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(idx)
        losses.append(total / n)
    return losses


# %%
def rollout(model, window, steps):
    modes = {name: module.training for name, module in model.named_modules()}
    model.eval()
    current = window.clone()
    outputs = []
    with torch.no_grad():
        for step in range(steps):
            prediction = model(current.unsqueeze(-1))
            outputs.append(prediction)
            current = torch.cat([current[:, 1:], prediction.unsqueeze(1)], dim=1)
    for name, module in model.named_modules():
        module.training = modes[name]
    return torch.stack(outputs, dim=1)
