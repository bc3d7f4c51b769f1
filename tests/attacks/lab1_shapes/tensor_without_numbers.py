# Returns tensors on the meta device, which have a shape and no numbers.
# expect: to_batch_first=wrong, top_layer_state=error|wrong, one_hot=wrong|partly
import torch


def to_batch_first(x):
    return torch.empty(x.shape[1], x.shape[0], x.shape[2], dtype=x.dtype, device="meta")


def top_layer_state(h_n, num_layers, bidirectional):
    return torch.empty(2**31, 2**31, device="meta")


def one_hot(ids, num_classes):
    return torch.empty(*ids.shape, num_classes, device="meta")
