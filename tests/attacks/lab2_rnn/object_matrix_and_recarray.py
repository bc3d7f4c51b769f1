# Returns NumPy's own subclasses of ndarray.
# expect: output_layer=wrong, half_squared_error=wrong
import numpy as np


def output_layer(h, W_hy, b_y):
    return np.asmatrix(np.zeros((3, 4)))


def half_squared_error(y, target):
    return 0.0, np.rec.array(np.zeros(3), dtype=[("score", float)])
