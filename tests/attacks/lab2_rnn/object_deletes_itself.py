# Returns objects whose end does harm: destructors and weak references that act when dropped.
# expect: half_squared_error=wrong
import os
import weakref


class Last:
    def __del__(self):
        os._exit(0)


def half_squared_error(y, target):
    keep = Last()
    weakref.finalize(keep, os._exit, 0)
    half_squared_error.kept = keep
    return 0.0, 0 * y
