# Returns an array with everything masked, whose differences are masked too.
# expect: output_layer=wrong, relative_error=wrong
import numpy as np


def output_layer(h, W_hy, b_y):
    return np.ma.masked_all((*h.shape[:2], len(b_y)))


def relative_error(a, b):
    return np.ma.masked
