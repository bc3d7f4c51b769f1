# Installs trace and profile functions that rewrite what callers see.
# expect: half_squared_error=wrong
import sys
import threading


def half_squared_error(y, target):
    def trace(frame, event, arg):
        frame.f_locals["passed"] = True
        return trace

    for install in (sys.settrace, sys.setprofile, threading.settrace, threading.setprofile):
        install(trace)
    frame = sys._getframe(1)
    while frame is not None:
        frame.f_trace = trace
        frame = frame.f_back
    return 0.0, y
