import torch


# %%
def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True):
    D = 2 if bidirectional else 1
    first, second = (batch, seq_len) if batch_first else (seq_len, batch)
    output = (first, second, D * hidden_size)
    h_n = (num_layers * D, batch, hidden_size)
    return output, h_n


# %%
def lstm_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True, proj_size=0):
    D = 2 if bidirectional else 1
    out = proj_size if proj_size > 0 else hidden_size
    first, second = (batch, seq_len) if batch_first else (seq_len, batch)
    output = (first, second, D * out)
    h_n = (num_layers * D, batch, out)
    c_n = (num_layers * D, batch, hidden_size)
    return output, h_n, c_n


# %%
def parameter_count(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    sets = {"rnn": 1, "gru": 3, "lstm": 4}
    if cell not in sets:
        raise ValueError(f"cell must be 'rnn', 'gru' or 'lstm', not {cell!r}")
    D = 2 if bidirectional else 1
    total = 0
    for layer in range(num_layers):
        reads = input_size if layer == 0 else D * hidden_size
        per_set = hidden_size * reads + hidden_size * hidden_size
        if bias:
            per_set += 2 * hidden_size
        total += D * sets[cell] * per_set
    return total


# %%
def to_batch_first(x):
    return x.transpose(0, 1)


# %%
def split_directions(output):
    size = output.shape[-1]
    if size % 2 == 1:
        raise ValueError(f"output has an odd last axis: {size}")
    half = size // 2
    forward = output[..., :half]
    backward = output[..., half:]
    return forward, backward


# %%
def top_layer_state(h_n, num_layers, bidirectional):
    if bidirectional:
        return torch.cat([h_n[-2], h_n[-1]], dim=-1)
    return h_n[-1]


# %%
def last_valid_step(output, lengths):
    rows = torch.arange(output.shape[0], device=output.device)
    return output[rows, lengths - 1]


# %%
def one_hot(ids, num_classes):
    if ids.numel() > 0 and (ids.min() < 0 or ids.max() >= num_classes):
        raise ValueError("ids must be between 0 and num_classes - 1")
    result = torch.zeros(*ids.shape, num_classes, dtype=torch.float32, device=ids.device)
    result.scatter_(-1, ids.unsqueeze(-1), 1.0)
    return result
