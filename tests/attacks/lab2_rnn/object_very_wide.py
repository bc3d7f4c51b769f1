# Returns containers with a million parts.
# expect: audit_trace=wrong, sgd_step=wrong
_calls = []


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    _calls.append(1)
    return [(0, 0)] * (1_000_000 if len(_calls) == 1 else 1)


def sgd_step(params, grads, lr):
    _calls.append(1)
    return {f"W{n}": n for n in range(300_000 if len(_calls) == 1 else 1)}
