"""First states that forecasters of mistakes start from."""

from typing import Any

import torch
from torch import nn


def on_the_cpu(rnn: Any, x: Any) -> Any:
    """A state of zeros that is where torch.zeros makes it."""
    zeros = torch.zeros(rnn.num_layers, len(x), rnn.hidden_size, dtype=x.dtype)
    return (zeros, zeros) if isinstance(rnn, nn.LSTM) else zeros


def from_ones(rnn: Any, x: Any) -> Any:
    ones = x.new_ones(rnn.num_layers, len(x), rnn.hidden_size)
    return (ones, ones) if isinstance(rnn, nn.LSTM) else ones


def going_on(self: Any, x: Any) -> Any:
    """Run from where the last call ended, if that had a batch of this size."""
    kept = getattr(self, "kept", None)
    if kept is not None and kept[0].shape[1] != len(x):
        kept = None
    lstm = isinstance(self.rnn, nn.LSTM)
    output, state = self.rnn(x, kept if kept is None or lstm else kept[0])
    self.kept = tuple(part.detach() for part in (state if lstm else (state,)))
    return output, state
