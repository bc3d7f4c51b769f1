# exercise: output_layer
import numpy as np


def output_layer(h, W_hy, b_y):
    return np.squeeze(h @ W_hy + b_y)
