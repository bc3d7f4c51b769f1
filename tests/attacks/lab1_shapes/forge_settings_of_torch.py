# Changes PyTorch's settings for whatever comes after: threads, devices, dtypes, determinism.
# expect: all right
import torch


def attack():
    torch.set_default_dtype(torch.float16)
    torch.set_default_dtype(torch.float32)
    refused(torch.set_num_interop_threads, 64, errors=(RuntimeError,))
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(0)
    torch._C._set_grad_enabled(True)
