# Returns right numbers in lazy views, with gradients, hooks and names hanging on them.
# expect: to_batch_first=right|partly
import torch


def to_batch_first(x):
    found = torch.complex(torch.zeros_like(x), -x).conj().imag.transpose(0, 1)
    return found
