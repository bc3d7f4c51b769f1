# Prints a hundred megabytes to both streams and writes as much past them.
# expect: all right
import contextlib
import os
import sys

_done = []


def attack():
    if _done:
        return
    _done.append(1)
    for _ in range(100):
        print("x" * 2**19)
        print("y" * 2**19, file=sys.stderr)
        with contextlib.suppress(OSError):
            os.write(1, b"z" * 2**20)
            os.write(2, b"z" * 2**20)
