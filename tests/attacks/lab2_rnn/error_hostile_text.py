# Raises exceptions whose texts cannot be made, or are no texts, or are endless.
# expect: half_squared_error=error, relative_error=error, sgd_step=error, audit_trace=error
class NoText(Exception):
    def __str__(self):
        raise SystemExit(0)

    __repr__ = __format__ = __str__


class Number(Exception):
    def __str__(self):
        return 5


class Loud(Exception):
    def __str__(self):
        return "\x1b[2J\u202e" + "x" * 5_000_000


class Deep(Exception):
    def __str__(self):
        return str(self)


def half_squared_error(y, target):
    raise NoText


def relative_error(a, b):
    raise Number


def sgd_step(params, grads, lr):
    raise Loud


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    raise Deep
