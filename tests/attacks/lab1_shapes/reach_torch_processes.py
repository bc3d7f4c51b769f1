# Starts processes by PyTorch's own means: loaders, its multiprocessing, its compilers.
# expect: all right
import torch
import torch.multiprocessing
from torch.utils.data import DataLoader

_done = []


def compiled():
    return torch.compile(lambda x: x + 1)(torch.ones(3))


def attack():
    if _done:
        return
    _done.append(1)
    refused(lambda: list(DataLoader([1, 2], num_workers=2)), errors=(OSError, RuntimeError))
    refused(torch.multiprocessing.spawn, print, nprocs=2, errors=(OSError, RuntimeError))
    refused(compiled, errors=(Exception,))
