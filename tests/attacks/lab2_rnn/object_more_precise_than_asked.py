# Returns longdouble and half precision in place of what is asked.
# expect: output_layer=wrong, half_squared_error=wrong
import numpy as np


def output_layer(h, W_hy, b_y):
    return (as_float(h) @ W_hy + b_y).astype(np.longdouble)


def half_squared_error(y, target):
    dy = as_float(y) - as_float(target)
    return 0.5 * float(np.sum(dy**2)), dy.astype(np.float16)
