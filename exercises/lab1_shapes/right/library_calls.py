# %%
import numpy as np
import torch


# %%
def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True):
    directions = np.int64(2 if bidirectional else 1)
    order = [0, 1, 2] if batch_first else [1, 0, 2]
    output = np.array([batch, seq_len, directions * hidden_size])[order]
    return tuple(output), torch.Size([int(num_layers * directions), batch, hidden_size])


# %%
def lstm_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True, proj_size=0):
    directions = 1 + int(bidirectional)
    width = max(proj_size, 0) if proj_size else hidden_size
    output = torch.empty(batch, seq_len, directions * width, device="meta")
    if not batch_first:
        output = output.transpose(0, 1)
    c_n = torch.empty(num_layers, directions, batch, hidden_size, device="meta").flatten(0, 1)
    return output.shape, c_n[..., :width].shape, c_n.shape


# %%
def parameter_count(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    if cell not in ("rnn", "gru", "lstm"):
        raise ValueError(f"Unknown CELL {cell}")
    d = 2 if bidirectional else 1
    reads = np.full(num_layers, d * hidden_size)
    reads[0] = input_size
    biases = 2 if bias else 0
    per_set = hidden_size * (reads + hidden_size + biases)
    return d * {"rnn": 1, "gru": 3, "lstm": 4}[cell] * per_set.sum()


# %%
def to_batch_first(x):
    return torch.einsum("tbi->bti", x)


# %%
def split_directions(output):
    if output.size(2) % 2 == 1:
        raise ValueError("The last axis of output is odd")
    return output.chunk(2, dim=2)


# %%
def top_layer_state(h_n, num_layers, bidirectional):
    per_layer = h_n.chunk(num_layers)[num_layers - 1]
    return per_layer.permute(1, 0, 2).flatten(start_dim=1)


# %%
def last_valid_step(output, lengths):
    index = (lengths - 1).view(-1, 1, 1).expand(-1, 1, output.size(2))
    return output.gather(1, index).squeeze(1)


# %%
def one_hot(ids, num_classes):
    given = ids.cpu().numpy()
    if np.any(given < 0) or np.any(given >= num_classes):
        raise ValueError("ids out of range")
    rows = np.eye(num_classes, dtype=np.float32)[given]
    return torch.from_numpy(rows).to(ids.device)
