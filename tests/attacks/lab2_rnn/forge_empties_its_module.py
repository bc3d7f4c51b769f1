# Clears its own module in the middle of a call, so that nothing in it is found afterwards.
# expect: half_squared_error=missing|error|partly|wrong; others right|missing
import gc


def half_squared_error(y, target):
    for found in gc.get_objects():
        if isinstance(found, dict) and found.get("__name__") == "submission":
            found.clear()
    return 0.0, y
