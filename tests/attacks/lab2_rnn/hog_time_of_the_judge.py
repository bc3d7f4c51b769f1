# Asks the judge for an earlier exercise with inputs so large that the answers take for ever.
# expect: rnn_step=wrong, rnn_forward=timeout|error|memory|crash; others right|timeout; slow
import numpy as np


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    return x @ W_xh


def rnn_forward(x, h0, W_xh, W_hh, b_h):
    big = np.ones((1600, 1600))
    for _ in range(10_000):
        rnn_step(big, big, big, big, big[0])
    return x
