# Opens all the descriptors it may have and keeps them.
# expect: half_squared_error=error
import os

kept = []


def half_squared_error(y, target):
    while True:
        kept.append(os.open("/dev/null", os.O_RDONLY))
