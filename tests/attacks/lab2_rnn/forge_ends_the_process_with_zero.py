# Ends the process itself with exit status 0, without cleaning up.
# expect: half_squared_error=crash
import os


def half_squared_error(y, target):
    os._exit(0)
