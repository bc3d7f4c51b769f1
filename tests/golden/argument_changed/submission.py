# exercise: output_layer
import numpy as np


def output_layer(h, W_hy, b_y):
    h *= 2
    return h @ W_hy / 2 + b_y
