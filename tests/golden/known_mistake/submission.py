# exercise: rnn_forward
import numpy as np


def rnn_forward(x, h0, W_xh, W_hh, b_h):
    states = []
    for t in range(x.shape[1]):
        states.append(np.tanh(x[:, t] @ W_xh + h0 @ W_hh + b_h))
    return np.stack(states, axis=1)
