# Puts tensors into memory that other processes could see.
# expect: all right
import torch


def attack():
    refused(torch.ones(10).share_memory_, errors=(RuntimeError, OSError))
    torch.multiprocessing.set_sharing_strategy("file_system")
    refused(torch.ones(10).share_memory_, errors=(RuntimeError, OSError))
