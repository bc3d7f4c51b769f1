# exercise: half_squared_error
import numpy as np


def half_squared_error(y, target):
    dy = y - target
    return 0.25 * float((dy**2).sum()), dy
