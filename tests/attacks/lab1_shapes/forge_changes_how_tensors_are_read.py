# Replaces the methods by which the worker reads a tensor.
# expect: to_batch_first=wrong|error|crash; others right|wrong|error|crash|partly
import torch


def to_batch_first(x):
    torch.Tensor.detach = torch.Tensor.numpy = lambda self: "right"
    torch.Tensor.to = torch.Tensor.resolve_neg = lambda self, *a: self
    torch.Tensor.shape = property(lambda self: (3, 5, 4))
    return x
