# Answers every call with what the call before should have given.
# expect: relative_error=wrong
import numpy as np

_last = [0.0]


def relative_error(a, b):
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    _last.append(float(np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(a) + np.abs(b)))))
    return _last[-2]
