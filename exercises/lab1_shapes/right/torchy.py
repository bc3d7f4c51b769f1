# %%
import torch
import torch.nn.functional as F

# %%
def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True):
    D = 2 if bidirectional else 1
    output = torch.Size([batch, seq_len, D * hidden_size] if batch_first else [seq_len, batch, D * hidden_size])
    h_n = torch.Size([D * num_layers, batch, hidden_size])
    return output, h_n

# %%
def lstm_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True, proj_size=0):
    D = 2 if bidirectional else 1
    out = torch.empty(batch, seq_len, D * (proj_size or hidden_size), device="meta")
    c = torch.empty(D * num_layers, batch, hidden_size, device="meta")
    h = c[..., :proj_size] if proj_size else c
    if not batch_first:
        out = out.transpose(0, 1)
    return out.shape, h.shape, c.shape

# %%
def parameter_count(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    if not isinstance(cell, str) or cell not in {"rnn", "lstm", "gru"}:
        raise ValueError(f"there is no cell {cell!r}")
    G = {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    D = 2 if bidirectional else 1
    weights = []
    for layer in range(num_layers):
        reads = D * hidden_size if layer else input_size
        for _ in range(D):
            weights.append(torch.empty(G * hidden_size, reads))
            weights.append(torch.empty(G * hidden_size, hidden_size))
            if bias:
                weights += [torch.empty(G * hidden_size), torch.empty(G * hidden_size)]
    return sum(w.numel() for w in weights)

# %%
def to_batch_first(x):
    return x.movedim(0, 1).contiguous()

# %%
def split_directions(output):
    if output.size(-1) % 2 != 0:
        raise ValueError("output's last axis must be 2H, an even number")
    return output.chunk(2, dim=-1)

# %%
def top_layer_state(h_n, num_layers, bidirectional):
    D = 1 + bool(bidirectional)
    return h_n.narrow(0, D * (num_layers - 1), D).swapaxes(0, 1).flatten(1)

# %%
def last_valid_step(output, lengths):
    return torch.take_along_dim(output, (lengths - 1)[:, None, None], dim=1)[:, 0]

# %%
def one_hot(ids, num_classes):
    if ((ids < 0) + (ids >= num_classes)).any():
        raise ValueError(f"ids must lie in 0..{num_classes - 1}")
    return F.embedding(ids, torch.eye(num_classes, device=ids.device))
