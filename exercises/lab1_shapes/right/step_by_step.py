# %%
import numpy as np
import torch


# %%
def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True):
    output = [batch, seq_len, hidden_size]
    rows = num_layers
    if bidirectional:
        output[-1] *= 2
        rows += num_layers
    if not batch_first:
        output[0], output[1] = output[1], output[0]
    return tuple(output), (rows, batch, hidden_size)


# %%
def lstm_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True, proj_size=0):
    rows = num_layers * 2 if bidirectional else num_layers
    shown = hidden_size
    if proj_size != 0:
        shown = proj_size
    output = (batch, seq_len) if batch_first else (seq_len, batch)
    width = 2 * shown if bidirectional else shown
    return (*output, width), (rows, batch, shown), (rows, batch, hidden_size)


# %%
def parameter_count(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    if cell == "rnn":
        rows = hidden_size
    elif cell == "gru":
        rows = 3 * hidden_size
    elif cell == "lstm":
        rows = 4 * hidden_size
    else:
        raise ValueError("cell: expected rnn, gru or lstm, got " + cell)
    shapes: list[tuple[int, ...]] = []
    width = input_size
    for _ in range(num_layers):
        for _ in range(2 if bidirectional else 1):
            shapes += [(rows, width), (rows, hidden_size)]
            if bias:
                shapes += [(rows,), (rows,)]
        width = hidden_size * (2 if bidirectional else 1)
    return sum(int(np.prod(shape)) for shape in shapes)


# %%
def to_batch_first(x):
    T, B, I = x.shape
    result = x.new_zeros(B, T, I)
    for t in range(T):
        result[:, t, :] = x[t]
    return result


# %%
def split_directions(output):
    B, T, features = output.shape
    if features & 1:
        raise ValueError(f"expected output of shape (B, T, 2H), got {tuple(output.shape)}")
    both = output.view(B, T, 2, features // 2)
    return [both[:, :, 0], both[:, :, 1]]


# %%
def top_layer_state(h_n, num_layers, bidirectional):
    _, B, H = h_n.shape
    result = torch.zeros(B, H * (2 if bidirectional else 1), dtype=h_n.dtype, device=h_n.device)
    result[:, -H:] = h_n[-1]
    if bidirectional:
        result[:, :H] = h_n[-2]
    return result


# %%
def last_valid_step(output, lengths):
    result = torch.empty(
        output.shape[0], output.shape[2], dtype=output.dtype, device=output.device
    )
    for b in range(len(output)):
        result[b, :] = output[b, int(lengths[b]) - 1, :]
    return result


# %%
def one_hot(ids, num_classes):
    result = torch.zeros(ids.numel(), num_classes, device=ids.device)
    for place, number in enumerate(ids.flatten().tolist()):
        if number < 0 or number >= num_classes:
            raise ValueError(f"bad value in ids: {number}")
        result[place, number] = 1
    return result.reshape(*ids.shape, num_classes)
