# Sets an alarm that ends the process in the middle of a later call.
# expect: half_squared_error=crash
import signal
import time


def half_squared_error(y, target):
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(1)
