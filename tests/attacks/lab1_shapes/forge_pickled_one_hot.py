# Loads the forbidden function from a pickle, where no source names it.
# expect: one_hot=forbidden
import pickle

import torch

ONE = pickle.loads(b"ctorch.nn.functional\n" + b"one_" + b"hot\n.")


def one_hot(ids, num_classes):
    if ((ids < 0) | (ids >= num_classes)).any():
        raise ValueError("ids")
    return ONE(ids, num_classes).to(torch.float32)
