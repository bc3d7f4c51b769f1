# Returns objects whose __class__ says array, number, dict and tuple.
# expect: half_squared_error=error, audit_trace=wrong, relative_error=crash, sgd_step=error
import numpy as np


def liar(kind):
    class Liar:
        __class__ = property(lambda self: kind)
        dtype, size, shape = np.dtype(float), 1, ()

        def __array__(self, *a, **k):
            return np.zeros(3)

    return Liar()


def half_squared_error(y, target):
    return liar(tuple)


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    return liar(np.ndarray)


def relative_error(a, b):
    return liar(np.float64)


def sgd_step(params, grads, lr):
    return liar(dict)
