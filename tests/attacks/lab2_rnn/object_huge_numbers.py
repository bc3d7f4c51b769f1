# Returns integers with thousands of digits, and some just too large for 64 bits.
# expect: half_squared_error=wrong, relative_error=wrong, audit_trace=wrong
HUGE = 10**5000


def half_squared_error(y, target):
    return HUGE, y


def relative_error(a, b):
    return 2**64


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    return [(2**63, -(2**63))]
