# Returns arrays of objects, which compare as the objects like.
# expect: output_layer=wrong, half_squared_error=wrong
import numpy as np


class Right:
    __eq__ = lambda self, other: True
    __reduce__ = lambda self: (exit, (0,))


def output_layer(h, W_hy, b_y):
    return np.full((*h.shape[:2], len(b_y)), Right(), dtype=object)


def half_squared_error(y, target):
    return 0.0, np.array([y, Right()], dtype=object)
