# Leaves signs that another submission could read: locks, times, modes, extended attributes.
# expect: all right
import fcntl
import os
import time


def attack():
    with open("/proc/cpuinfo") as shared, open("sign", "w") as own:
        for file in (shared, own):
            refused(fcntl.flock, file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            refused(fcntl.lockf, own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        refused(os.utime, "sign", (0, 0))
        refused(os.chmod, "sign", 0o777)
        refused(os.setxattr, "sign", "user.sign", b"1")
        refused(time.clock_settime, time.CLOCK_REALTIME, 0)
