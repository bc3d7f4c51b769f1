"""Small helpers, type hints, dataclasses; nothing is called that an earlier exercise made."""

# %%
from __future__ import annotations

import itertools
from typing import Any, Callable, Dict, Iterator, Optional, Tuple, Union

import torch
from torch import Tensor, nn

CELLS: Dict[str, type] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


# %%
class ManualRNN(nn.Module):
    """i2h and h2o, with a buffer that knows where the module is."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.h2o = nn.Linear(hidden_size, output_size)
        self.squash = nn.Tanh()
        self.register_buffer("zero", torch.zeros(1, hidden_size), persistent=False)

    def forward(self, x: Tensor, hidden: Tensor) -> Tuple[Tensor, Tensor]:
        new = self.squash(self.i2h(torch.hstack([x, hidden])))
        return self.h2o(new), new

    def init_hidden(self, batch_size: int) -> Tensor:
        return self.zero.repeat(batch_size, 1)


# %%
def run_steps(cell: Callable[..., Any], x: Tensor, hidden: Any) -> Tuple[Tensor, Any]:
    last: Any = hidden

    def outputs() -> Iterator[Tensor]:
        nonlocal last
        for step in torch.split(x, 1, dim=1):
            output, last = cell(step.squeeze(1), last)
            yield output.unsqueeze(1)

    together = torch.cat(list(outputs()), dim=1)
    return together, last


# %%
def check_cell(cell: str) -> type:
    if cell not in CELLS:
        raise ValueError("cell: expected one of %s, got %s" % (", ".join(CELLS), cell))
    return CELLS[cell]


class SequenceClassifier(nn.Module):
    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        num_classes: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.rnn = check_cell(cell)(
            input_size=input_size,
            hidden_size=hidden_size,
            num_layers=num_layers,
            bidirectional=bidirectional,
        )
        if num_layers > 1:
            self.rnn.dropout = dropout
        self.dropout = nn.Dropout(dropout)
        self.num_directions = 2 if bidirectional else 1
        self.fc = nn.Linear(self.num_directions * hidden_size, num_classes)

    def forward(self, x: Tensor, state: Optional[Union[Tensor, Tuple[Tensor, Tensor]]] = None):
        _, state = self.rnn(x.transpose(0, 1), state)
        h_n = state if torch.is_tensor(state) else state[0]
        layers = h_n.view(self.rnn.num_layers, self.num_directions, x.size(0), self.rnn.hidden_size)
        final = layers[-1].permute(1, 0, 2).flatten(1)
        return self.fc(self.dropout(final)), state


# %%
def count_parameters(model: nn.Module, trainable_only: bool = False) -> int:
    def wanted(p: nn.Parameter) -> bool:
        return p.requires_grad if trainable_only else True

    return sum(map(Tensor.numel, filter(wanted, set(model.parameters()))))


# %%
def parameter_table(model: nn.Module) -> Dict[str, int]:
    owners: Dict[int, str] = {}
    numbers: Dict[str, int] = {}
    for name, module in model.named_modules(remove_duplicate=False):
        numbers.setdefault(name, 0)
        for p in module._parameters.values():
            if p is not None and owners.setdefault(id(p), name) == name and not hasattr(p, "_seen"):
                numbers[name] += p.numel()
                p._seen = True
    for p in model.parameters():
        del p._seen
    return numbers


# %%
@torch.no_grad()
def fill_(layer: nn.Module, forget_bias: float) -> None:
    H = layer.hidden_size
    for name, p in layer.named_parameters():
        for gate, block in enumerate(p.view(-1, H, *p.shape[1:])):
            if name.startswith("weight_ih"):
                nn.init.xavier_uniform_(block)
            elif name.startswith("weight_hh"):
                nn.init.orthogonal_(block)
            else:
                forget = type(layer).__name__.startswith("LSTM") and gate == 1 and "ih" in name
                block.fill_(forget_bias if forget else 0)


def init_recurrent_(model: nn.Module, forget_bias: float = 1.0) -> nn.Module:
    cells = (nn.RNNCell, nn.GRUCell, nn.LSTMCell)
    for layer in model.modules():
        if isinstance(layer, (nn.RNN, nn.GRU, nn.LSTM)) or isinstance(layer, cells):
            fill_(layer, forget_bias)
    return model
