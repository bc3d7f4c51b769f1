# Raises exceptions that carry the hidden inputs in their text, their name and their notes.
# expect: half_squared_error=error, relative_error=error
import numpy as np


def half_squared_error(y, target):
    raise ValueError(f"HIDDEN {np.asarray(y).tolist()}")


def relative_error(a, b):
    name = "HIDDEN" + "_".join(str(one) for one in np.asarray(a).ravel()[:3].tolist())
    raise type(name, (Exception,), {})
