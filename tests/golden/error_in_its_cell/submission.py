# exercise: rnn_step
import numpy as np


# %%
def rnn_step(x, h_prev, W_xh, W_hh, b_h, slope=slope(0.5)):
    return np.tanh(x @ W_xh + h_prev @ W_hh + b_h)
