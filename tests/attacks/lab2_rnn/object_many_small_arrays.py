# Returns as many arrays as there may be parts, so that the answer is larger than any frame.
# expect: audit_trace=wrong
import numpy as np

_calls = []


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    _calls.append(1)
    return [np.zeros(1) for _ in range(150_000 if len(_calls) == 1 else 1)]
