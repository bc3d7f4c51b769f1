# %%
import torch


# %%
def to_batch_first(x):
    return torch.stack(list(x), dim=1)


# %%
def top_layer_state(h_n, num_layers, bidirectional):
    directions = 2 if bidirectional else 1
    last = h_n.view(num_layers, directions, h_n.size(1), h_n.size(2))[-1]
    return last.transpose(0, 1).reshape(h_n.size(1), -1)


# %%
def last_valid_step(output, lengths):
    B, T, H = output.shape
    starts = T * torch.arange(B, device=output.device)
    return output.reshape(B * T, H).index_select(0, starts + lengths - 1)


# %%
def one_hot(ids, num_classes):
    flat_ids = ids.flatten()
    if len(flat_ids[(flat_ids < 0) | (flat_ids >= num_classes)]) > 0:
        raise ValueError("ids: found some that belong to no class")
    result = torch.zeros(len(flat_ids), num_classes, device=ids.device)
    result[torch.arange(len(flat_ids)), flat_ids] = 1
    return result.view(*ids.shape, num_classes)
