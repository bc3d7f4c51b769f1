"""What the programs for the accelerator's tests share: tensors, two lists, small models.

Each program is called with the tensors of `draw`, all on one device, and gives there what it gives
on the CPU, if it is right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

Program = Callable[..., Any]

B, T, D, H, C, V = 4, 5, 3, 6, 4, 9
DT = torch.float64

MISTAKES: dict[str, Program] = {}
RIGHT: dict[str, Program] = {}


def draw() -> dict[str, Any]:
    """Sequences, weights, lengths, ids, labels, an embedding and a linear layer, on the CPU."""
    g = torch.Generator().manual_seed(1)

    def normal(*shape: int) -> Any:
        return torch.randn(*shape, dtype=DT, generator=g)

    return {
        "x": normal(B, T, D),
        "W": normal(H, D),
        "U": normal(H, H),
        "lengths": torch.tensor([5, 2, 3, 1]),
        "ids": torch.randint(V, (B, T), generator=g),
        "y": torch.randint(C, (B,), generator=g),
        "emb": normal(V, D),
        "fc": normal(C, H),
    }


def mistake(program: Program) -> Program:
    MISTAKES[program.__name__] = program
    return program


def right(program: Program) -> Program:
    RIGHT[program.__name__] = program
    return program


def rnn(x, W, U, h):
    out = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + h @ U.T)
        out.append(h)
    return torch.stack(out, 1)


def mean(x, mask):
    return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(D, H, batch_first=True)
        self.fc = nn.Linear(H, C)

    def forward(self, x, lengths):
        return self.fc(self.lstm(x)[0][:, -1])


def module(kind):
    def program(x, lengths, y, **_):
        torch.manual_seed(4)
        model = kind().to(x.dtype).to(x.device)
        loss = F.cross_entropy(model(x, lengths), y)
        loss.backward()
        return {n: p.grad for n, p in model.named_parameters() if p.grad is not None}

    program.__name__ = kind.__name__
    return program


def mistaken_module(kind):
    MISTAKES[kind.__name__] = module(kind)
    return kind


def right_module(kind):
    RIGHT[kind.__name__] = module(kind)
    return kind
