# Lifts the limit of recursion and fills the stack.
# expect: half_squared_error=crash|error
import sys


def half_squared_error(y, target):
    sys.setrecursionlimit(2**31 - 1)

    class Deep:
        def __getattr__(self, name):
            return getattr(self, name + "x")

    return Deep().x
