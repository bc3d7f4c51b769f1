# Formulas written out: products in place of calls, tables of sizes, a matrix made orthogonal by hand.
# %%
import math
from collections import OrderedDict

import torch
from torch import nn


# %%
class ManualRNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        nn.Module.__init__(self)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.add_module("h2o", nn.Linear(hidden_size, output_size))
        self.add_module("i2h", nn.Linear(input_size + hidden_size, hidden_size))

    def forward(self, x, hidden):
        W, b = self.i2h.weight, self.i2h.bias
        W_x, W_h = W.split((self.input_size, self.hidden_size), dim=1)
        z = x @ W_x.T + hidden @ W_h.T + b
        new = 1 - 2 / (torch.exp(2 * z) + 1)
        return new @ self.h2o.weight.T + self.h2o.bias, new

    def init_hidden(self, batch_size):
        return self.h2o.weight.detach()[:1].expand(batch_size, -1) * 0


# %%
def run_steps(cell, x, hidden):
    B, T, _ = x.size()
    result = None
    for t in range(T):
        output, hidden = cell(x.select(1, t), hidden)
        if result is None:
            result = output.new_empty(B, T, output.size(1))
        result[:, t, :] = output
    return result, hidden


# %%
class SequenceClassifier(nn.Module):
    def __init__(self, cell, input_size, hidden_size, num_classes, num_layers=1, dropout=0.0, bidirectional=False):
        super().__init__()
        try:
            kind = dict(rnn=nn.RNN, gru=nn.GRU, lstm=nn.LSTM)[cell]
        except KeyError:
            raise ValueError("unknown cell: " + repr(cell)) from None
        more = {"dropout": dropout} if num_layers != 1 else {}
        self.rnn = kind(input_size, hidden_size, num_layers, bias=True, batch_first=True, bidirectional=bidirectional, **more)
        self.D = 1 + bool(bidirectional)
        self.fc = nn.Linear(self.D * hidden_size, num_classes)

    def forward(self, x, state=None):
        B, H, D = x.shape[0], self.rnn.hidden_size, self.D
        if state is None:
            zeros = x.new_zeros(self.rnn.num_layers * D, B, H)
            state = (zeros, zeros) if self.rnn.mode == "LSTM" else zeros
        out, state = self.rnn(x, state)
        forward = out[:, -1, :H]
        if D == 2:
            backward = out[:, 0, H:]
            features = torch.cat([forward, backward], -1)
        else:
            features = forward
        return self.fc(features), state


# %%
def count_parameters(model, trainable_only=False):
    sizes = {}
    for p in model.parameters():
        sizes[id(p)] = math.prod(p.shape) if p.requires_grad or trainable_only is False else 0
    return sum(sizes.values())


# %%
def parameter_table(model):
    table = OrderedDict()
    for name, p in model.named_parameters():
        owner = ".".join(name.split(".")[:-1])
        table[owner] = table.get(owner, 0) + math.prod(p.shape)
    return dict(table)


# %%
def gram_schmidt(n, like):
    rows = []
    while len(rows) < n:
        v = torch.randn(n, dtype=torch.float64)
        for _ in range(2):
            for u in rows:
                v = v - (u @ v) * u
        if v.norm() > 1e-3:
            rows.append(v / v.norm())
    return torch.stack(rows).to(like)


def init_recurrent_(model, forget_bias=1.0):
    gates = {nn.RNN: 1, nn.RNNCell: 1, nn.GRU: 3, nn.GRUCell: 3, nn.LSTM: 4, nn.LSTMCell: 4}
    for module in model.modules():
        G = next((g for kind, g in gates.items() if isinstance(module, kind)), None)
        if G is None:
            continue
        H = module.hidden_size
        for name, p in module.named_parameters():
            with torch.no_grad():
                if name.startswith("weight_ih"):
                    a = math.sqrt(6 / (H + p.shape[1]))
                    p.copy_((torch.rand_like(p) * 2 - 1) * a)
                elif name.startswith("weight_hh"):
                    p.copy_(torch.cat([gram_schmidt(H, p) for _ in range(G)]))
                elif name.startswith("bias_hh") and G == 4:
                    p.copy_(torch.tensor([0.0, forget_bias, 0.0, 0.0]).repeat_interleave(H))
                else:
                    p.mul_(0)
    return model
