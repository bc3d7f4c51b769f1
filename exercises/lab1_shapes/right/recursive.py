# %%
import torch
from functools import lru_cache, reduce
import operator, math

# %%
@lru_cache(maxsize=None)
def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True):
    if not batch_first:
        (b, t, h), state = rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers, bidirectional)
        return (t, b, h), state
    if bidirectional:
        (b, t, h), (l, _, _) = rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers)
        return (b, t, 2 * h), (2 * l, b, h)
    return (batch, seq_len, hidden_size), (num_layers, batch, hidden_size)

# %%
def lstm_shapes(*args, proj_size=0):
    if len(args) == 8:
        *args, proj_size = args
    output, state = rnn_shapes(*args)
    if not proj_size:
        return output, state, state
    hidden = args[3]
    return (*output[:-1], output[-1] // hidden * proj_size), (*state[:-1], proj_size), state

# %%
@lru_cache
def _one(gates, reads, hidden, layers, ways, bias):
    if layers == 0:
        return 0
    here = ways * gates * hidden * (reads + hidden + (2 if bias else 0))
    return here + _one(gates, ways * hidden, hidden, layers - 1, ways, bias)

def parameter_count(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    try:
        gates = (1, 3, 4)[("rnn", "gru", "lstm").index(cell)]
    except ValueError as error:
        raise ValueError(f"cell: {error}") from error
    return _one(gates, input_size, hidden_size, num_layers, 2 if bidirectional else 1, bias)

# %%
def to_batch_first(x):
    if x.shape[0] == 1:
        return x.swapdims(0, 1)
    half = x.shape[0] // 2
    return torch.cat((to_batch_first(x[:half]), to_batch_first(x[half:])), dim=1)

# %%
def split_directions(output):
    if output.shape[-1] % 2 == 1:
        raise ValueError(f"the last axis of `output` has {output.shape[-1]} numbers, an odd number")
    if output.shape[-1] == 2:
        return output[..., :1], output[..., 1:]
    half = output.shape[-1] // 2
    return torch.tensor_split(output, [half], dim=-1)

# %%
def top_layer_state(h_n, num_layers, bidirectional):
    if num_layers > 1:
        return top_layer_state(h_n[2 if bidirectional else 1:], num_layers - 1, bidirectional)
    return reduce(lambda a, b: torch.cat((a, b), 1), h_n.unbind(0))

# %%
def last_valid_step(output, lengths):
    if output.shape[0] == 1:
        return output[:, int(lengths) - 1]
    half = output.shape[0] // 2
    return torch.cat([last_valid_step(output[:half], lengths[:half]), last_valid_step(output[half:], lengths[half:])])

# %%
def one_hot(ids, num_classes):
    if ids.ndim:
        if len(ids) == 0:
            return torch.zeros(*ids.shape, num_classes, device=ids.device)
        return torch.stack([one_hot(row, num_classes) for row in ids])
    if not 0 <= ids < num_classes:
        raise ValueError(f"id {int(ids)} in ids is outside 0 ... {num_classes - 1}")
    row = torch.zeros(num_classes, device=ids.device)
    row[ids] = 1.0
    return row
