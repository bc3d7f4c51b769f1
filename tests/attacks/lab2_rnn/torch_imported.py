# Imports PyTorch in the lab that is about doing without it, and lets it do the work.
# expect: half_squared_error=forbidden
import torch


def half_squared_error(y, target):
    y = torch.tensor(y, requires_grad=True)
    loss = ((y - torch.as_tensor(target)) ** 2).sum() / 2
    loss.backward()
    return float(loss), y.grad.numpy()
