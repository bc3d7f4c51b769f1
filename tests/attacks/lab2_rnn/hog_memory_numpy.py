# Takes more memory in one array than it may have.
# expect: half_squared_error=memory
import numpy as np


def half_squared_error(y, target):
    return float(np.ones(10 * 2**27).sum()), y
