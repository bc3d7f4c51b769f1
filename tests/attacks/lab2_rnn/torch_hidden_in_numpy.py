# Puts the stand-in's functions in the place of NumPy's, where the source names only NumPy.
# expect: output_layer=forbidden|error
import numpy as np
import torch


class Numpy:
    def __getattr__(self, name):
        return getattr(torch, name)


helper = Numpy()


def output_layer(h, W_hy, b_y):
    return helper.matmul(h, W_hy) + b_y
