# Takes more memory than it may, in one tensor and in a graph that keeps everything.
# expect: to_batch_first=memory, top_layer_state=memory|error
import torch

_calls = []


def to_batch_first(x):
    return torch.ones(2**33)


def top_layer_state(h_n, num_layers, bidirectional):
    kept = []
    while not _calls:
        try:
            kept.append(torch.empty(2**26))
        except RuntimeError:
            _calls.append(1)
            raise
    raise ValueError
