# Lowers the limit of recursion so far that the worker's own code cannot run.
# expect: half_squared_error=crash|error|wrong
import sys


def half_squared_error(y, target):
    frame, depth = sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(depth + 3)
    return 0.0, y
