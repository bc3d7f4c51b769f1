# exercise: audit_trace
import numpy as np


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    before = np.vstack([h0, published[:-1]])
    off = np.abs(np.tanh(x @ W_xh + before @ W_hh + b_h) - published)
    return [(int(t), int(unit)) for t, unit in np.argwhere(off >= 0)]
