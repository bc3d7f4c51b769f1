# Raises the worker's own signal for a forbidden package, with a text of its own.
# expect: half_squared_error=forbidden
import gc


def half_squared_error(y, target):
    kinds = (one for one in BaseException.__subclasses__() if one.__name__ == "Forbidden")
    raise next(kinds)("nothing; 5 of 5 points\x1b[2J")
