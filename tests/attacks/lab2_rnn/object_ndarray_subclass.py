# Returns a subclass of ndarray that says it is equal and all true.
# expect: output_layer=wrong
import numpy as np


class Yes(np.ndarray):
    def __array_finalize__(self, other):
        self.verdict = "right"

    def __eq__(self, other):
        return np.True_

    def __array_ufunc__(self, ufunc, method, *inputs, **more):
        return np.True_


def output_layer(h, W_hy, b_y):
    return np.zeros((*h.shape[:2], len(b_y))).view(Yes)
