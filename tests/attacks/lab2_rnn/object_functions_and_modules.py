# Returns functions, classes, modules, files and coroutines.
# expect: half_squared_error=wrong, relative_error=wrong, audit_trace=wrong, output_layer=wrong
import os
import sys


def half_squared_error(y, target):
    return half_squared_error, os


async def relative_error(a, b):
    return 0.0


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    return [sys.stdout, int, (n for n in ())]


def output_layer(h, W_hy, b_y):
    return memoryview(b"12345678")
