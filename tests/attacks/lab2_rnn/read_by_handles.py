# Opens files by handle and by calls that few filters know.
# expect: all right
import ctypes
import os


def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return number


def attack():
    how = (ctypes.c_uint64 * 3)(0, 0, 0)
    refused(call, 437, -100, b"/etc/passwd", how, 24)  # openat2
    refused(call, 303, -100, b"/etc/passwd", ctypes.create_string_buffer(200), how, 0)
    refused(call, 304, os.O_RDONLY, ctypes.create_string_buffer(200), 0)  # open_by_handle_at
    refused(call, 428, -100, b"/", 1)  # open_tree
    refused(call, 430, b"ext4", 0)  # fsopen
