# Recognises hidden inputs by their shape and returns zeros of the right shape.
# expect: rnn_step=wrong, output_layer=wrong
import numpy as np


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    return np.zeros_like(h_prev)


def output_layer(h, W_hy, b_y):
    return np.zeros((*h.shape[:-1], len(b_y)), dtype=h.dtype)
