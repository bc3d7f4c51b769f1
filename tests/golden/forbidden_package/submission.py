# exercise: rnn_step
import numpy as np


import torch


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    return torch.tanh(torch.as_tensor(x @ W_xh + h_prev @ W_hh + b_h)).numpy()
