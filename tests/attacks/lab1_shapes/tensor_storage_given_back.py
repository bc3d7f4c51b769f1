# Returns a tensor whose memory was given back after its shape was fixed.
# expect: to_batch_first=wrong|error|crash, top_layer_state=wrong|error|crash
import torch


def to_batch_first(x):
    found = x.transpose(0, 1).contiguous()
    found.untyped_storage().resize_(0)
    return found


def top_layer_state(h_n, num_layers, bidirectional):
    found = torch.zeros(1)
    found.set_(found.untyped_storage(), 0, (2**20, 2**10), (0, 0))
    return torch.as_strided(found, (2**40,), (0,))
