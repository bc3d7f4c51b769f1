# Returns objects that say they are tensors, and tensors that say they are something else.
# expect: to_batch_first=wrong|error|crash, top_layer_state=wrong|error|crash
import torch


class Liar:
    __class__ = property(lambda self: torch.Tensor)
    layout, is_quantized, dtype = torch.strided, False, torch.float64
    device = torch.device("cpu")
    numel = lambda self: -(2**40)
    detach = to = resolve_neg = resolve_conj = lambda self, *a: self
    numpy = lambda self: [[0.0]]


def to_batch_first(x):
    return Liar()


def top_layer_state(h_n, num_layers, bidirectional):
    found = torch.zeros(3, 4)
    found.__class__ = type("Other", (torch.Tensor,), {"dtype": torch.float64, "shape": (3, 8)})
    return found
