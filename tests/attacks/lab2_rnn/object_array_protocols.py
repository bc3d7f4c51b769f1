# Returns an object that plays an array by every protocol that NumPy asks for.
# expect: half_squared_error=wrong, output_layer=wrong
import numpy as np


class Plays:
    shape, dtype, ndim, size = (3, 5, 6), np.dtype(float), 3, 90

    def __array__(self, *a, **k):
        raise SystemExit(0)

    def __array_ufunc__(self, *a, **k):
        return True

    def __array_function__(self, *a, **k):
        return True

    @property
    def __array_interface__(self):
        return {"shape": (2**40,), "typestr": "<f8", "data": (8, False), "version": 3}

    @property
    def __array_struct__(self):
        raise KeyboardInterrupt


def half_squared_error(y, target):
    return 0.0, Plays()


def output_layer(h, W_hy, b_y):
    return Plays()
