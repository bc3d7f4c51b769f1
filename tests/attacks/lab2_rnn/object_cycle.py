# Returns containers that contain themselves.
# expect: audit_trace=wrong, sgd_step=wrong, half_squared_error=wrong
def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    found = []
    found.append(found)
    return found


def sgd_step(params, grads, lr):
    found = {}
    found["W"] = [found, (found,)]
    return found


def half_squared_error(y, target):
    found = []
    found.append((found, [found]))
    return (found, found)
