# The way most people would write it.
# %%
import torch
import torch.nn as nn


# %%
class ManualRNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.h2o = nn.Linear(hidden_size, output_size)

    def forward(self, x, hidden):
        combined = torch.cat((x, hidden), 1)
        hidden = torch.tanh(self.i2h(combined))
        output = self.h2o(hidden)
        return output, hidden

    def init_hidden(self, batch_size):
        weight = self.i2h.weight
        return torch.zeros(batch_size, self.hidden_size, device=weight.device, dtype=weight.dtype)


# %%
def run_steps(cell, x, hidden):
    outputs = []
    for t in range(x.shape[1]):
        output, hidden = cell(x[:, t], hidden)
        outputs.append(output)
    return torch.stack(outputs, dim=1), hidden


# %%
class SequenceClassifier(nn.Module):
    def __init__(self, cell, input_size, hidden_size, num_classes, num_layers=1, dropout=0.0, bidirectional=False):
        super().__init__()
        if cell == "rnn":
            layer = nn.RNN
        elif cell == "gru":
            layer = nn.GRU
        elif cell == "lstm":
            layer = nn.LSTM
        else:
            raise ValueError(f"cell must be 'rnn', 'gru' or 'lstm', not {cell!r}")
        self.bidirectional = bidirectional
        self.rnn = layer(
            input_size,
            hidden_size,
            num_layers=num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0,
            bidirectional=bidirectional,
        )
        self.fc = nn.Linear(hidden_size * 2 if bidirectional else hidden_size, num_classes)

    def forward(self, x, state=None):
        output, state = self.rnn(x, state)
        if isinstance(state, tuple):
            h_n = state[0]
        else:
            h_n = state
        if self.bidirectional:
            last = torch.cat((h_n[-2], h_n[-1]), dim=1)
        else:
            last = h_n[-1]
        return self.fc(last), state


# %%
def count_parameters(model, trainable_only=False):
    total = 0
    for p in model.parameters():
        if p.requires_grad or not trainable_only:
            total += p.numel()
    return total


# %%
def parameter_table(model):
    table = {}
    seen = set()
    for name, module in model.named_modules():
        count = 0
        for p in module.parameters(recurse=False):
            if id(p) in seen:
                continue
            seen.add(id(p))
            count += p.numel()
        if count > 0:
            table[name] = count
    return table


# %%
def init_recurrent_(model, forget_bias=1.0):
    recurrent = (nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell, nn.LSTMCell)
    for module in model.modules():
        if not isinstance(module, recurrent):
            continue
        n = module.hidden_size
        for name, p in module.named_parameters():
            if "weight_ih" in name:
                for start in range(0, p.shape[0], n):
                    nn.init.xavier_uniform_(p.data[start : start + n])
            elif "weight_hh" in name:
                for start in range(0, p.shape[0], n):
                    nn.init.orthogonal_(p.data[start : start + n])
            else:
                nn.init.zeros_(p)
                if isinstance(module, (nn.LSTM, nn.LSTMCell)):
                    p.data[n : 2 * n].fill_(forget_bias / 2)
    return model
