# Answers with as many numbers as may cross, and then with more.
# expect: half_squared_error=wrong, audit_trace=wrong, relative_error=wrong
import numpy as np

_calls = []


def sized(size):
    _calls.append(1)
    return np.zeros(size if len(_calls) == 1 else 1)


def half_squared_error(y, target):
    return 0.0, sized(2**23)


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    return sized(2**23 + 1)


def relative_error(a, b):
    return [sized(2**20)] * 9
