# Returns objects that are equal to everything, in every order and for every kind of comparison.
# expect: half_squared_error=wrong, relative_error=wrong
class Right:
    def __eq__(self, other):
        return True

    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __le__ = __ge__ = __eq__
    __hash__ = None
    __bool__ = lambda self: True
    __float__ = lambda self: 0.0
    __sub__ = __rsub__ = __abs__ = lambda self, *a: 0.0


def half_squared_error(y, target):
    return Right(), Right()


def relative_error(a, b):
    return Right()
