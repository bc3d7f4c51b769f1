# Catches everything that the stand-in raises and goes on as if nothing had been.
# expect: half_squared_error=forbidden
import torch


def half_squared_error(y, target):
    dy = as_float(y) - as_float(target)
    try:
        return float(torch.tensor(dy).square().sum()) / 2, dy
    except BaseException:
        return 0.5 * float((dy**2).sum()), dy
