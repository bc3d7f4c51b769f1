# Returns a view that reaches far beyond the memory of its array.
# expect: output_layer=crash|wrong|error
import numpy as np


def output_layer(h, W_hy, b_y):
    shape = (*h.shape[:2], len(b_y))
    return np.lib.stride_tricks.as_strided(h, shape, (2**40, 2**36, 8))
