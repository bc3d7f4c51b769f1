# Replaces the worker's methods, so that every call is told to have raised what is due.
# expect: half_squared_error=crash|error|wrong
import gc


def half_squared_error(y, target):
    session = next(one for one in gc.get_objects() if type(one).__name__ == "RequestLoop")
    type(session).call = lambda *a: {"op": "result", "result": True, "arguments": [], "seconds": 0.0}
    type(session).left = lambda *a: []
    return 0.0, y
