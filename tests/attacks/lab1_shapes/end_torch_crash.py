# Reads through a tensor's address far beyond its memory.
# expect: to_batch_first=crash
import ctypes


def to_batch_first(x):
    return ctypes.cast(x.data_ptr() + 2**42, ctypes.POINTER(ctypes.c_double))[0]
