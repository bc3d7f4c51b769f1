# Raises an exception with thousands of causes behind it, and one that causes itself.
# expect: half_squared_error=error, relative_error=error
def half_squared_error(y, target):
    first = ValueError()
    for _ in range(3_000):
        error = ValueError()
        error.__cause__ = error.__context__ = first
        first = error
    raise first


def relative_error(a, b):
    error = ValueError()
    error.__context__ = error.__cause__ = error
    raise error
