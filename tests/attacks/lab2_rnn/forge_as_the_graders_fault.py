# Raises the grader's own exceptions, so that the failure looks like the grader's.
# expect: half_squared_error=error, relative_error=error
import sys


class GraderFault(Exception):
    pass


def half_squared_error(y, target):
    raise GraderFault("the references of lab2_rnn cannot be loaded")


def relative_error(a, b):
    frame = sys._getframe()
    while "wire" not in frame.f_globals:
        frame = frame.f_back
    raise frame.f_globals["wire"].Ended("the warm process has ended")
