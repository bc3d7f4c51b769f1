# Returns views of one number expanded to more than any memory.
# expect: to_batch_first=wrong, top_layer_state=wrong
import torch


def to_batch_first(x):
    return torch.zeros(1, dtype=x.dtype).expand(2**40)


def top_layer_state(h_n, num_layers, bidirectional):
    return torch.zeros(1, 1).expand(2**31, 2**30)
