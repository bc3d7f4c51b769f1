# Returns containers that take for ever to be read.
# expect: audit_trace=wrong|timeout; slow
class Endless(tuple):
    def __iter__(self):
        while True:
            yield (0, 0)

    def __len__(self):
        return 2**60


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    inner = (0, 0)
    for _ in range(20):
        inner = (inner,) * 20
    return Endless([inner])
