# %%
import torch


# %%
def last_valid_step(output, lengths):
    steps = torch.arange(output.shape[1], device=output.device)
    return output[steps == lengths.unsqueeze(1) - 1]
