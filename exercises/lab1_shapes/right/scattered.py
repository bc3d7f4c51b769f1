# %%
import torch


# %%
def to_batch_first(x):
    return x.movedim(1, 0).clone()


# %%
def last_valid_step(output, lengths):
    return torch.take_along_dim(output, lengths[:, None, None] - 1, dim=1)[:, 0]


# %%
def one_hot(ids, num_classes):
    if ids.numel() > 0 and (ids.min() < 0 or ids.max() > num_classes - 1):
        raise ValueError(f"ids must be in [0, {num_classes})")
    shape = (*ids.shape, num_classes)
    result = torch.zeros(shape, dtype=torch.float32, device=ids.device)
    return result.scatter(-1, ids[..., None], 1.0)
