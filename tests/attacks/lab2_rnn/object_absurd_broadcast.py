# Returns a broadcast view that has more numbers than any machine has memory for.
# expect: audit_trace=wrong, relative_error=wrong
import numpy as np


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    return np.broadcast_to(np.int8(0), (2**20, 2**20, 2**20))


def relative_error(a, b):
    return np.broadcast_to(np.int8(0), 2**62)
