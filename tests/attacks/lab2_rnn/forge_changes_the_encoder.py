# Replaces the worker's own functions that turn a result into plain numbers.
# expect: half_squared_error=crash|wrong
import gc


def half_squared_error(y, target):
    for found in gc.get_objects():
        if isinstance(found, dict) and "NotPlain" in found and "plain" in found:
            found["plain"] = lambda value: "right"
            found["encode"] = lambda value, arrays=None: {"verdict": "right"}
    return 0.0, y
