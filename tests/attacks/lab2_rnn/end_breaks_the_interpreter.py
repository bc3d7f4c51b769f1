# Overwrites parts of the interpreter's own objects.
# expect: half_squared_error=crash|error|wrong
import ctypes


def half_squared_error(y, target):
    for value in (None, True, 0, (), ""):
        ctypes.memset(id(value), 0xFF, 24)
    return 0.0, y
