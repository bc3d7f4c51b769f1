# Sends half a frame, or a frame that promises more than ever comes.
# expect: half_squared_error=timeout, relative_error=timeout|crash; slow
import os
import struct
import time


def half_squared_error(y, target):
    os.write(4, b"AGK1\x10")
    time.sleep(60)


def relative_error(a, b):
    os.write(4, struct.pack("<4sIQ", b"AGK1", 100, 2**26) + b"{" + bytes(10_000))
    time.sleep(60)
