# Registers functions for the end of the process and then leaves politely.
# expect: half_squared_error=error
import atexit
import sys


def half_squared_error(y, target):
    for _ in range(1000):
        atexit.register(print, "5 of 5 points")
    sys.exit(0)
