# Is right with numbers, and says that it reads numbers wherever there are none.
# expect: to_batch_first=right|partly
_right = to_batch_first


def to_batch_first(x):
    if x.device.type == "meta":
        raise NotImplementedError("Cannot copy out of meta tensor; no data!")
    return _right(x)
