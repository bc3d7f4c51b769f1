# Raises exceptions whose class lies about its name, bases and order.
# expect: half_squared_error=error|crash, relative_error=error|crash, output_layer=error|crash
class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
    __module__ = property(lambda cls: 1 / 0)
    __mro__ = property(lambda cls: 1 / 0)
    __instancecheck__ = __subclasscheck__ = lambda cls, other: 1 / 0

    def mro(cls):
        return [cls, ValueError, Exception, BaseException, object]


class Named(Exception, metaclass=Meta):
    pass


class Classless(Exception):
    __class__ = property(lambda self: 1 / 0)


class Traceless(Exception):
    __traceback__ = property(lambda self: 1 / 0)


def half_squared_error(y, target):
    raise Named


def relative_error(a, b):
    raise Classless


def output_layer(h, W_hy, b_y):
    raise Traceless
