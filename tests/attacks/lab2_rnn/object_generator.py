# Returns generators and iterators that never end, in place of lists.
# expect: audit_trace=wrong, half_squared_error=wrong
import itertools


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    yield from itertools.count()


def half_squared_error(y, target):
    return map(iter, itertools.repeat([]))
