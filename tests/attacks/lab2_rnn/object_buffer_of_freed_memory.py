# Returns an array over memory that it has given back.
# expect: output_layer=crash|wrong
import ctypes

import numpy as np


def output_layer(h, W_hy, b_y):
    size = h.shape[0] * h.shape[1] * len(b_y) * 8
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    place = libc.malloc(ctypes.c_size_t(size + 2**22))
    memory = (ctypes.c_char * size).from_address(place)
    libc.free(ctypes.c_void_p(place))
    return np.frombuffer(memory, dtype=np.float64).reshape(*h.shape[:2], len(b_y))
