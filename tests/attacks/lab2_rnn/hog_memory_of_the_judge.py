# Asks the judge for an earlier exercise with inputs that blow up inside the reference.
# expect: rnn_step=wrong, rnn_forward=memory|error|crash|wrong
import numpy as np


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    return x @ W_xh


def rnn_forward(x, h0, W_xh, W_hh, b_h):
    tall, flat = np.ones((2**19, 1)), np.ones((1, 2**19))
    return rnn_step(tall, tall, flat, flat, 0.0)
