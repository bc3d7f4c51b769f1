# %%
from __future__ import annotations
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
import torch

class Cell(Enum):
    rnn = 1
    gru = 3
    lstm = 4

@dataclass(frozen=True)
class Net:
    hidden: int
    layers: int = 1
    bi: bool = False
    first: bool = True
    proj: int = 0

    @cached_property
    def D(self):
        return 2 if self.bi else 1

    @property
    def shown(self):
        return self.proj if self.proj else self.hidden

    def output(self, b, t):
        return tuple([b, t][:: 1 if self.first else -1]) + (self.D * self.shown,)

    def h(self, b):
        return self.D * self.layers, b, self.shown

    def c(self, b):
        return self.D * self.layers, b, self.hidden

# %%
def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True):
    net = Net(hidden_size, num_layers, bidirectional, batch_first)
    return net.output(batch, seq_len), net.h(batch)

def lstm_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True, proj_size=0):
    net = Net(hidden_size, num_layers, bidirectional, batch_first, proj_size)
    return net.output(batch, seq_len), net.h(batch), net.c(batch)

# %%
class Layer:
    def __init__(self, reads, hidden, bias):
        self.reads, self.hidden, self.bias = reads, hidden, bias
    def __len__(self):
        return self.hidden * (self.reads + self.hidden + (2 if self.bias else 0))

def parameter_count(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    try:
        gates = Cell[cell].value
    except KeyError:
        raise ValueError(f"bad cell: {cell}") from None
    net = Net(hidden_size, num_layers, bidirectional)
    layers = [Layer(input_size, hidden_size, bias)]
    layers += [Layer(net.D * hidden_size, hidden_size, bias)] * (num_layers - 1)
    return sum(map(len, layers)) * net.D * gates

# %%
class Batched:
    def __init__(self, x): self.x = x
    def swap(self): return self.x.permute(1, 0, 2)

to_batch_first = lambda x: Batched(x).swap()

# %%
class Splitter:
    def __call__(self, output):
        H, rest = divmod(output.shape[-1], 2)
        if rest:
            raise ValueError(f"output must have an even last axis, it has {2 * H + 1}")
        return torch.split(output, H, dim=-1)

split_directions = Splitter()

# %%
class States:
    def __init__(self, h_n, L, bi):
        self.grid = h_n.view(L, 2 if bi else 1, *h_n.shape[1:]) if h_n.is_contiguous() else h_n.reshape(L, -1, *h_n.shape[1:])
    def top(self):
        return torch.cat(tuple(self.grid[-1]), -1)

def top_layer_state(h_n, num_layers, bidirectional):
    return States(h_n, num_layers, bidirectional).top()

# %%
class Picker:
    def pick(self, output, lengths):
        index = (lengths - 1).reshape(-1, 1, 1).expand(-1, 1, output.size(-1))
        return output.gather(1, index).squeeze(1)
last_valid_step = Picker().pick

# %%
class Encoder:
    def __init__(self, n): self.n = n
    def check(self, ids):
        if ids.numel() == 0:
            return
        if ids.min().item() < 0 or ids.max().item() > self.n - 1:
            raise ValueError("`ids` out of range")
    def __call__(self, ids):
        self.check(ids)
        return torch.eye(self.n, device=ids.device)[ids]

def one_hot(ids, num_classes):
    return Encoder(num_classes)(ids)
