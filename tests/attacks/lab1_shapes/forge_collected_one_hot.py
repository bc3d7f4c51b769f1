# Finds the forbidden function among all objects of the process.
# expect: one_hot=forbidden|error
import gc
import types

import torch

FOUND = [one for one in gc.get_objects()
         if isinstance(one, types.BuiltinFunctionType) and one.__name__ == "one" + "_hot"]


def one_hot(ids, num_classes):
    if ((ids < 0) | (ids >= num_classes)).any():
        raise ValueError("ids")
    return FOUND[0](ids, num_classes).to(torch.float32)
