# Raises an exception whose text never ends.
# expect: half_squared_error=timeout; slow
class Endless(Exception):
    def __str__(self):
        while True:
            pass


def half_squared_error(y, target):
    raise Endless
