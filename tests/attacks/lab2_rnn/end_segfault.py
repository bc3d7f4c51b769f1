# Reads the address zero.
# expect: half_squared_error=crash
import ctypes


def half_squared_error(y, target):
    ctypes.string_at(0)
