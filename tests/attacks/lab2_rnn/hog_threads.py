# Starts threads until no more can be started, and keeps them.
# expect: half_squared_error=right|error|memory|crash; others right|error|memory|crash
import threading

_error = half_squared_error


def half_squared_error(y, target):
    never = threading.Event()
    try:
        for _ in range(5000):
            threading.Thread(target=never.wait, daemon=True).start()
    except (RuntimeError, MemoryError):
        pass
    return _error(y, target)
