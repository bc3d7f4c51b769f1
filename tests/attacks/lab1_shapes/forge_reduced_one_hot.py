# Hands getattr itself on as a value, so that no call of it is to be seen.
# expect: one_hot=forbidden
import functools

import torch

NAMES = ("nn", "functional", "one" + "_hot")


def one_hot(ids, num_classes):
    if ((ids < 0) | (ids >= num_classes)).any():
        raise ValueError("ids")
    return functools.reduce(getattr, NAMES, torch)(ids, num_classes).to(torch.float32)
