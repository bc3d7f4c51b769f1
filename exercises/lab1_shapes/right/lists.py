# %%
import torch


# %%
def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True):
    directions = int(bidirectional) + 1
    first, second = (batch, seq_len) if batch_first else (seq_len, batch)
    return [
        [first, second, hidden_size * directions],
        [directions * num_layers, batch, hidden_size],
    ]


# %%
def lstm_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True, proj_size=0):
    directions = {True: 2, False: 1}[bidirectional]
    out = proj_size or hidden_size
    shape = [batch, seq_len, directions * out]
    if not batch_first:
        shape[:2] = shape[1::-1]
    state = [num_layers * directions, batch]
    return [shape, [*state, out], [*state, hidden_size]]


# %%
def parameter_count(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    if num_layers > 1:
        below = parameter_count(cell, input_size, hidden_size, num_layers - 1, bidirectional, bias)
        width = 2 * hidden_size if bidirectional else hidden_size
        return int(below + parameter_count(cell, width, hidden_size, 1, bidirectional, bias))
    match cell:
        case "rnn":
            sets = 1
        case "gru":
            sets = 3
        case "lstm":
            sets = 4
        case _:
            raise ValueError(f"cell={cell!r} is not known")
    numbers = hidden_size**2 + input_size * hidden_size
    if bias:
        numbers += hidden_size + hidden_size
    return numbers * sets * (2 if bidirectional else 1)


# %%
def to_batch_first(x):
    return torch.stack([x[:, b] for b in range(x.size(1))])


# %%
def split_directions(output):
    hidden, rest = divmod(output.shape[-1], 2)
    if rest != 0:
        raise ValueError("output cannot be split in two")
    forward, backward = torch.split(output, hidden, dim=-1)
    return forward.clone(), backward.contiguous()


# %%
def top_layer_state(h_n, num_layers, bidirectional):
    D = 1 + int(bidirectional)
    start = (num_layers - 1) * D
    return torch.cat([h_n[start + d] for d in range(D)], dim=-1)


# %%
def last_valid_step(output, lengths):
    return torch.stack([output[b, n - 1] for b, n in enumerate(lengths)])


# %%
def one_hot(ids, num_classes):
    for number in set(ids.reshape(-1).tolist()):
        if not 0 <= number <= num_classes - 1:
            raise ValueError("every one of the ids must lie from 0 to C − 1")
    return torch.eye(num_classes)[ids.cpu()].to(ids.device)
