# Returns quantised tensors, whose numbers are not what they hold.
# expect: to_batch_first=wrong|error
import torch


def to_batch_first(x):
    return torch.quantize_per_tensor(x.transpose(0, 1).float(), 0.1, 0, torch.quint8)
