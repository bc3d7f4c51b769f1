# Swaps the descriptors of the protocol for each other and for pipes of its own.
# expect: half_squared_error=crash
import os


def half_squared_error(y, target):
    here, there = os.pipe()
    os.dup2(3, 60)
    os.dup2(there, 4)
    os.dup2(here, 3)
    os.write(there, b'{"op": "result"}')
    return 0.0, y
