# The table is made of count_parameters, each module less what is inside it; cells know their own loop.
# %%
import math
import warnings

import torch
from torch import nn


# %%
class ManualRNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.i2h = nn.Linear(hidden_size + input_size, hidden_size, bias=True)
        self.h2o = nn.Linear(hidden_size, output_size)

    def step(self, x, hidden):
        combined = x.new_empty(x.shape[0], x.shape[1] + hidden.shape[1])
        combined[:, : x.shape[1]] = x
        combined[:, x.shape[1] :] = hidden
        return nn.functional.tanh(self.i2h(combined))

    def forward(self, x, hidden):
        h = self.step(x, hidden)
        return self.h2o(h), h

    def init_hidden(self, batch_size):
        p = next(self.parameters())
        return torch.full((batch_size, self.h2o.weight.size(-1)), 0.0).to(p.detach())


# %%
def run_steps(cell, x, hidden):
    if x.shape[1] == 1:
        output, hidden = cell(x[:, 0], hidden)
        return output[:, None], hidden
    before, hidden = run_steps(cell, x[:, :-1], hidden)
    output, hidden = cell(x[:, -1], hidden)
    return torch.cat([before, output[:, None]], dim=1), hidden


# %%
class SequenceClassifier(nn.Module):
    def __init__(self, cell, input_size, hidden_size, num_classes, num_layers=1, dropout=0.0, bidirectional=False):
        super().__init__()
        match cell:
            case "rnn":
                make = nn.RNN
            case "gru":
                make = nn.GRU
            case "lstm":
                make = nn.LSTM
            case _:
                raise ValueError(f"{cell!r} is no cell that I know")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.rnn = make(input_size, hidden_size, num_layers, dropout=dropout, bidirectional=bidirectional, batch_first=True)
        self.cell_name = cell
        self.fc = nn.Linear(hidden_size * (1 + bidirectional), num_classes)

    def last(self, state):
        h = state[0] if self.cell_name == "lstm" else state
        D = 1 + self.rnn.bidirectional
        return h[-D:].transpose(0, 1).reshape(h.shape[1], -1)

    def forward(self, x, state=None):
        _, state = self.rnn(x) if state is None else self.rnn(x, state)
        return self.fc(self.last(state)), state


# %%
def count_parameters(model, trainable_only=False):
    found = {}
    for module in model.modules():
        for p in module.parameters(recurse=False):
            found[id(p)] = p
    return sum(math.prod(p.size()) for p in found.values() if p.requires_grad >= trainable_only)


# %%
def parameter_table(model):
    table, before = {}, nn.ParameterList()
    for name, module in model.named_modules():
        own = nn.ParameterList(module.parameters(recurse=False))
        so_far = nn.ParameterList([*before, *own])
        new = count_parameters(so_far) - count_parameters(before)
        before = so_far
        if new:
            table[name] = new
    return table


# %%
def init_recurrent_(model, forget_bias=1.0):
    """Draws into new tensors first, then copies."""
    layers = [m for m in model.modules() if isinstance(m, (nn.RNNBase, nn.RNNCellBase))]
    for layer in layers:
        H = layer.hidden_size
        new = {}
        for name, p in layer.named_parameters():
            blocks = []
            for _ in range(p.shape[0] // H):
                block = torch.empty(H, *p.shape[1:], dtype=torch.float64)
                if p.dim() == 1:
                    block.zero_()
                elif "_ih" in name:
                    bound = (6 / sum(block.shape)) ** 0.5
                    block.uniform_(-bound, bound)
                else:
                    block = torch.linalg.qr(torch.randn(H, H, dtype=torch.float64))[0]
                blocks.append(block)
            if p.dim() == 1 and p.shape[0] == 4 * H:
                blocks[1] += forget_bias if "_ih" in name else 0
            new[name] = torch.cat(blocks)
        with torch.no_grad():
            for name, p in layer.named_parameters():
                p.copy_(new[name].to(p.device))
    return model
