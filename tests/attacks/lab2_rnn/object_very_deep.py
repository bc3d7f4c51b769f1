# Returns containers nested a hundred thousand deep.
# expect: audit_trace=wrong, half_squared_error=wrong, sgd_step=wrong
def nested(make, depth=100_000):
    found = None
    for _ in range(depth):
        found = make(found)
    return found


LISTS = nested(lambda inner: [inner])
TUPLES = nested(lambda inner: (inner,))
DICTS = nested(lambda inner: {"W": inner})


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    return LISTS


def half_squared_error(y, target):
    return TUPLES


def sgd_step(params, grads, lr):
    return DICTS
