# exercise: rnn_step
import numpy as np


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    t = 0
    while t < len(x):
        h = np.tanh(x @ W_xh + h_prev @ W_hh + b_h)
    return h
