# exercise: rnn_step_backward
import numpy as np


def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    dz = dh * (1 - h**2)
    return {
        "dx": dz @ W_xh.T,
        "dh_prev": dz @ W_hh.T,
        "dW_xh": dz.T @ x,
        "dW_hh": h_prev.T @ dz,
        "db_h": dz.sum(axis=0),
    }
