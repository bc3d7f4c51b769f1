# %%
import torch
from torch import Tensor

def directions(bidirectional): return 2 if bidirectional else 1

# %%
def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True):
    x = torch.zeros(seq_len, batch, input_size)
    out = x.new_zeros(seq_len, batch, directions(bidirectional) * hidden_size)
    h = x.new_zeros(num_layers, directions(bidirectional), batch, hidden_size).flatten(0, 1)
    if batch_first:
        out = out.permute(1, 0, 2)
    return tuple(out.shape), tuple(h.shape)

# %%
def lstm_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True, proj_size=0):
    D = directions(bidirectional)
    if proj_size == 0:
        proj_size = hidden_size
    shapes = dict(output=(batch, seq_len, D * proj_size))
    shapes |= {"h_n": (D * num_layers, batch, proj_size)} | {"c_n": (D * num_layers, batch, hidden_size)}
    if not batch_first:
        shapes["output"] = (seq_len, batch, D * proj_size)
    return tuple(shapes.values())

# %%
def parameter_count(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    names = ["rnn", None, "gru", "lstm"]
    if cell is None or cell not in names:
        raise ValueError("wrong cell")
    D = directions(bidirectional)
    H, G = hidden_size, names.index(cell) + 1
    first = D * G * (H * input_size + H * H)
    later = D * G * (H * D * H + H * H)
    biases = 2 * H * G * D if bias else 0
    return first + biases + (num_layers - 1) * (later + biases)

# %%
def to_batch_first(x: Tensor) -> Tensor:
    T, B, I = x.shape
    t = torch.arange(T, device=x.device)
    b = torch.arange(B, device=x.device)
    return x[t[None, :], b[:, None]]

# %%
def split_directions(output: Tensor) -> tuple[Tensor, Tensor]:
    half, odd = output.shape[-1] // 2, output.shape[-1] % 2
    if odd:
        raise ValueError(f"output of width {output.shape[-1]}: odd")
    first = [k < half for k in range(2 * half)]
    mask = torch.tensor(first)
    return output[..., torch.nonzero(mask).flatten().to(output.device)], output[..., torch.nonzero(~mask).flatten().to(output.device)]

# %%
def top_layer_state(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    wide = h_n.permute(1, 0, 2).flatten(1)
    H = h_n.shape[2]
    return wide[:, -directions(bidirectional) * H:]

# %%
def last_valid_step(output: Tensor, lengths: Tensor) -> Tensor:
    steps = torch.arange(1, output.shape[1] + 1, device=output.device).expand(output.shape[:2])
    return output[steps == lengths.unsqueeze(1)]

# %%
def one_hot(ids: Tensor, num_classes: int) -> Tensor:
    if (ids < 0).any() or (ids > num_classes - 1).any():
        raise ValueError("ids must be from 0 to num_classes - 1")
    mask = ids[..., None] == torch.arange(num_classes, device=ids.device)
    return torch.zeros(mask.shape, device=ids.device).masked_fill(mask, 1.0)
