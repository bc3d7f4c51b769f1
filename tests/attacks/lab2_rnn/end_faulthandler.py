# Has the fault handler end the process from a thread of its own.
# expect: half_squared_error=crash
import faulthandler
import time


def half_squared_error(y, target):
    faulthandler.enable(open("trace.txt", "w"))
    faulthandler.dump_traceback_later(0.01, exit=True)
    time.sleep(5)
