# Computes in C, where Python does not look at signals.
# expect: half_squared_error=timeout, output_layer=timeout; slow
import re


def half_squared_error(y, target):
    return float(len(str(7 ** (10**9)))), y


def output_layer(h, W_hy, b_y):
    return re.match("(a+)+$", "a" * 60 + "b")
