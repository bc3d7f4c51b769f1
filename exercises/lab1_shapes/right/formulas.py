# %%
import torch


# %%
def parameter_count(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    try:
        gates = ("rnn", "", "gru", "lstm").index(cell or "?") + 1
    except ValueError:
        raise ValueError(f"the argument cell must be one of {['gru', 'lstm', 'rnn']}") from None
    d, h = 1 + bidirectional, hidden_size
    first = h * (input_size + h + 2 * bias)
    other = h * (d * h + h + 2 * bias)
    return d * gates * (first + (num_layers - 1) * other)


# %%
def to_batch_first(x):
    return x.permute(1, 0, 2).contiguous()


# %%
def split_directions(output):
    features = output.shape[-1]
    if features // 2 * 2 != features:
        raise ValueError("Output: an even number of features is needed")
    places = torch.arange(features, device=output.device)
    middle = features // 2
    return output.index_select(-1, places[:middle]), output.index_select(-1, places[middle:])


# %%
def top_layer_state(h_n, num_layers, bidirectional):
    if bidirectional:
        return torch.cat((h_n[-2], h_n[-1]), dim=1)
    return h_n[-1]


# %%
def last_valid_step(output, lengths):
    steps = torch.arange(1, output.shape[1] + 1, device=lengths.device)
    mask = (steps[None, :] == lengths[:, None]).to(output.dtype)
    return torch.bmm(mask[:, None, :], output).squeeze(1)


# %%
def one_hot(ids, num_classes):
    low, high = (ids < 0).sum().item(), (ids >= num_classes).sum().item()
    if low + high:
        raise ValueError(f"{low + high} ids are not between 0 and {num_classes - 1}")
    places = torch.arange(num_classes, dtype=ids.dtype, device=ids.device)
    zeros = ids.new_zeros((), dtype=torch.float32)
    return torch.where(places == ids.unsqueeze(-1), zeros + 1, zeros)
