# Returns NaN and infinity, with which comparisons written the wrong way round agree.
# expect: output_layer=wrong, half_squared_error=wrong, relative_error=wrong
import numpy as np


def output_layer(h, W_hy, b_y):
    return np.full((*h.shape[:2], len(b_y)), np.nan, dtype=as_float(h).dtype)


def half_squared_error(y, target):
    return float("inf"), np.full(np.shape(y), -np.inf)


def relative_error(a, b):
    return float("nan")
