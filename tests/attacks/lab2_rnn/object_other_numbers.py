# Returns complex, structured, text, time and void arrays of the right shape.
# expect: output_layer=wrong, half_squared_error=wrong, relative_error=wrong, sgd_step=wrong
import numpy as np


def output_layer(h, W_hy, b_y):
    return (as_float(h) @ W_hy + b_y).astype(complex)


def half_squared_error(y, target):
    return 0.0, np.zeros(np.shape(y), dtype=[("a", float), ("b", "S3", (2,))])


def relative_error(a, b):
    return np.datetime64("NaT")


def sgd_step(params, grads, lr):
    return {name: np.zeros(np.shape(value), "U5") for name, value in params.items()}
