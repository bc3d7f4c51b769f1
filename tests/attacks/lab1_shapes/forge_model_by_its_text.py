# Compiles a text that names the forbidden function, with PyTorch's own compiler.
# expect: one_hot=forbidden
import torch

TEXT = """
def f(ids: Tensor, n: int) -> Tensor:
    return torch.nn.functional.one_hot(ids, n)
"""


def one_hot(ids, num_classes):
    if ((ids < 0) | (ids >= num_classes)).any():
        raise ValueError("ids")
    return torch.jit.CompilationUnit(TEXT).f(ids, num_classes).to(torch.float32)
