# Waits for a lock that it holds, for a thread that waits for it, and for its own request.
# expect: half_squared_error=timeout, relative_error=timeout; slow
import os
import threading


def half_squared_error(y, target):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def relative_error(a, b):
    return os.read(3, 1)
