# Gives right numbers with gradients that lie, end the process or never come.
# expect: to_batch_first=partly, split_directions=partly
import torch


class Lies(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x.transpose(0, 1).clone()

    @staticmethod
    def backward(context, gradient):
        return torch.full_like(gradient, 1e6).transpose(0, 1)


def to_batch_first(x):
    return Lies.apply(x)


def split_directions(output):
    if output.shape[-1] % 2:
        raise ValueError("output")
    hidden = output.shape[-1] // 2
    if output.requires_grad:
        output.register_hook(lambda gradient: 0 * gradient)
    return output[..., :hidden], output[..., hidden:]
