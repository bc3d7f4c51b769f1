# Raises from a signal handler at a moment of its choice, inside the worker's own code.
# expect: half_squared_error=crash|error|wrong; others right|crash|error|wrong|partly
import signal


class Stop(BaseException):
    pass


def stop(*_):
    raise Stop


def half_squared_error(y, target):
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    return 0.0, y
