# Is right in the first call only, hoping that nobody calls twice.
# expect: half_squared_error=partly
import numpy as np

_calls = []


def half_squared_error(y, target):
    _calls.append(1)
    scale = 0.5 if len(_calls) == 1 else 0.25
    return float(scale * np.sum((y - target) ** 2.0)), (y - target) * 1.0
