# Puts an object that answers anything in place of its own module.
# expect: half_squared_error=wrong
import gc


class Anything:
    def __getattr__(self, name):
        return lambda *a: True


def half_squared_error(y, target):
    for found in gc.get_objects():
        if isinstance(found, dict) and "submission" in found and "numpy" in found:
            found["submission"] = Anything()
    return 0.0, y
