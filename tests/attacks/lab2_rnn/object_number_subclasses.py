# Returns subclasses of float, int, str, bool-like and exact numbers that compare as they like.
# expect: half_squared_error=wrong, relative_error=wrong, audit_trace=wrong
from decimal import Decimal
from fractions import Fraction


class Real(float):
    __eq__ = lambda self, other: True
    __abs__ = __sub__ = __rsub__ = lambda self, *a: Real(0)
    __hash__ = float.__hash__


class Whole(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__


def half_squared_error(y, target):
    return Real(3), Fraction(1, 3)


def relative_error(a, b):
    return Decimal("0.5")


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    return [(Whole(0), Whole(0))] * 5
