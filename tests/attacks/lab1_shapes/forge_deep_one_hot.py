# Names the forbidden function behind an expression so deep that a reader of the source gives up.
# expect: one_hot=forbidden
import sys

import torch
import torch.nn.functional as F

sys.setrecursionlimit(100_000)


# %%
def one_hot(ids, num_classes):
    if ((ids < 0) | (ids >= num_classes)).any():
        raise ValueError("ids")
    deep = <deep>
    return F.one_hot(ids, num_classes).to(torch.float32) * (deep > 0)
