# Has the kernel send signals for it: as owner of a descriptor, of a timer, of a queue.
# expect: all right
import ctypes
import fcntl
import os


def attack():
    here, _ = os.pipe()
    for command in (fcntl.F_SETOWN, 15, fcntl.F_SETSIG, fcntl.F_NOTIFY, fcntl.F_SETLEASE):
        refused(fcntl.fcntl, here, command, os.getppid())
    refused(fcntl.ioctl, here, 0x8901, b"\0" * 4)  # FIOSETOWN
    libc = ctypes.CDLL(None, use_errno=True)
    event = (ctypes.c_int * 16)(0, 0, 9, 4, os.getppid())
    timer = ctypes.c_void_p()
    if libc.timer_create(1, event, ctypes.byref(timer)) == 0:
        raise Escaped("a timer that signals another process")
