# As short as it gets.
# %%
import torch
from torch import nn
from torch.nn import functional as F


# %%
class ManualRNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.i2h, self.h2o = nn.Linear(input_size + hidden_size, hidden_size), nn.Linear(hidden_size, output_size)

    def forward(self, x, hidden):
        hidden = self.i2h(torch.cat([x, hidden], -1)).tanh()
        return F.linear(hidden, *self.h2o.parameters()), hidden

    def init_hidden(self, n):
        return torch.zeros_like(self.i2h.weight[:, 0]).detach().repeat(n, 1)


# %%
def run_steps(cell, x, hidden):
    ys = [(y := cell(x_t, hidden), hidden := y[1])[0][0] for x_t in x.transpose(0, 1)]
    return torch.stack(ys).transpose(0, 1), hidden


# %%
class SequenceClassifier(nn.Module):
    def __init__(self, cell, input_size, hidden_size, num_classes, num_layers=1, dropout=0.0, bidirectional=False):
        super().__init__()
        if cell not in ("rnn", "gru", "lstm"):
            raise ValueError(f"cell={cell!r}")
        self.rnn = getattr(nn, cell.upper())(
            input_size, hidden_size, num_layers, batch_first=True, dropout=dropout * (num_layers > 1), bidirectional=bidirectional
        )
        self.fc = nn.Linear(hidden_size << bidirectional, num_classes)

    def forward(self, x, state=None):
        state = self.rnn(x, state)[1]
        h = state[0] if type(state) is tuple else state
        return self.fc(torch.cat([*h[-1 - self.rnn.bidirectional :]], 1)), state


# %%
def count_parameters(model, trainable_only=False):
    return sum(p.nelement() * (p.requires_grad or not trainable_only) for p in model.parameters())


# %%
def parameter_table(model):
    seen = set()
    return {
        name: sum(seen.add(p) or p.numel() for p in m.parameters(False) if p not in seen)
        for name, m in model.named_modules()
        if len([*m.parameters(False)])
    }


# %%
def init_recurrent_(model, forget_bias=1.0):
    for m in model.modules():
        if isinstance(m, (nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell, nn.LSTMCell)):
            for k, p in m.named_parameters():
                for j, b in enumerate(p.data.chunk(len(p) // m.hidden_size)):
                    nn.init.xavier_uniform_(b) if k[:9] == "weight_ih" else nn.init.orthogonal_(b) if k[0] == "w" else b.fill_(
                        forget_bias * (j == 1 and k[5:7] == "hh" and "LSTM" in type(m).__name__)
                    )
    return model
