# Closes, replaces and breaks its own streams.
# expect: all right
import contextlib
import os
import sys


class Stream:
    def __getattr__(self, name):
        raise SystemExit(0)


def attack():
    sys.stdout = sys.stderr = sys.stdin = sys.__stdout__ = sys.__stderr__ = Stream()
    for number in (0, 1, 2):
        with contextlib.suppress(OSError):
            os.close(number)
