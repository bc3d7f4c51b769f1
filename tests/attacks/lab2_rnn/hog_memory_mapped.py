# Maps memory without touching it, and memory that looks shared.
# expect: half_squared_error=error|memory, audit_trace=memory|error|wrong
import mmap

_calls = []


def half_squared_error(y, target):
    return len(mmap.mmap(-1, 100 * 2**30)), y


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    _calls.append(1)
    kept = []
    for _ in range(1000 if len(_calls) == 1 else 0):
        kept.append(mmap.mmap(-1, 2**27))
        kept[-1][:: 2**12] = bytes(2**15)
    return kept
