# Closes every descriptor, so that no answer can be given.
# expect: half_squared_error=crash
import os


def half_squared_error(y, target):
    os.closerange(0, 256)
    return 0.0, y
