# Returns subclasses of Tensor that say they are equal to everything.
# expect: to_batch_first=wrong, top_layer_state=wrong, split_directions=wrong
import torch


class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True

    __eq__ = lambda self, other: True
    __hash__ = None


class Wrapped(torch.Tensor):
    @staticmethod
    def __new__(cls, shape):
        return torch.Tensor._make_wrapper_subclass(cls, shape, dtype=torch.float64)

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise SystemExit(0)


def to_batch_first(x):
    return x.transpose(0, 1).as_subclass(Yes)


def top_layer_state(h_n, num_layers, bidirectional):
    return Wrapped((3, 4))


def split_directions(output):
    return torch.nn.Buffer(output), torch.nn.UninitializedParameter()
