# Calls the kernel by the numbers of the x32 interface, which a careless filter lets through.
# expect: half_squared_error=crash|error
import ctypes

X32 = 0x40000000


def half_squared_error(y, target):
    libc = ctypes.CDLL(None, use_errno=True)
    for number in (57, 41, 59, 101, 62, 310):
        found = libc.syscall(ctypes.c_long(X32 | number), 0, 0, 0, 0)
        if found != -1:
            return 0.0, y
    raise PermissionError
