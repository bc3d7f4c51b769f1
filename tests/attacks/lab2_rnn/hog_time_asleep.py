# Sleeps for a day with all signals blocked.
# expect: half_squared_error=timeout; slow
import signal
import time


def half_squared_error(y, target):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    time.sleep(86_400)
