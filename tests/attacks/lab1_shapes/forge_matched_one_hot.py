# Takes the forbidden function out of its module with a pattern of a match statement.
# expect: one_hot=forbidden
import torch


def one_hot(ids, num_classes):
    if ((ids < 0) | (ids >= num_classes)).any():
        raise ValueError("ids")
    match torch.nn:
        case object(functional=object(one_hot=found)):
            return found(ids, num_classes).to(torch.float32)
