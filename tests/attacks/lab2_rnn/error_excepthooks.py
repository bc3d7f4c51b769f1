# Replaces every hook that is called when something goes wrong, and then goes wrong.
# expect: half_squared_error=error
import os
import sys
import threading
import traceback


def half_squared_error(y, target):
    sys.excepthook = sys.unraisablehook = threading.excepthook = lambda *a: os._exit(0)
    traceback.print_exc = traceback.format_exc = lambda *a, **k: "right"
    raise ValueError
