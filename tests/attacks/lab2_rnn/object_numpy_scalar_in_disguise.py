# Returns an object that passes for a NumPy number and hands out another size than it has.
# expect: relative_error=crash|error|wrong
import numpy as np


class Number:
    __class__ = property(lambda self: np.float64)
    dtype = np.dtype(float)
    size = -(2**62)

    def __array__(self, *a, **k):
        return np.zeros((1000, 1000))


def relative_error(a, b):
    return Number()
