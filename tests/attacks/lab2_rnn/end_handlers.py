# Installs handlers for all signals and functions for the end, so that it cannot be ended.
# expect: half_squared_error=crash
import atexit
import os
import signal
import time


def half_squared_error(y, target):
    for number in range(1, 65):
        try:
            signal.signal(number, lambda *a: time.sleep(100))
        except (OSError, ValueError):
            continue
    atexit.register(time.sleep, 100)
    os._exit(3)
