# Uses what the exercise is about without ever naming it in the source.
# expect: one_hot=forbidden
import operator

import torch

ONE = operator.attrgetter("nn.functional.one_" + "hot")


def one_hot(ids, num_classes):
    if ((ids < 0) | (ids >= num_classes)).any():
        raise ValueError("ids")
    return ONE(torch)(ids, num_classes).float()
