# Forks by system calls under all of their names and numbers.
# expect: all right
import ctypes
import os

SIGCHLD, CLONE_VM, CLONE_VFORK, CLONE_NEWUSER = 17, 0x100, 0x4000, 0x10000000


def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    found = libc.syscall(number, *(ctypes.c_long(one) for one in arguments))
    if found == 0:
        os._exit(0)
    if found == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return found


def attack():
    refused(call, 57)  # fork
    refused(call, 58)  # vfork
    refused(call, 56, SIGCHLD, 0, 0, 0, 0)  # clone
    refused(call, 56, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0)
    arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, SIGCHLD)
    refused(call, 435, ctypes.addressof(arguments), 88)  # clone3
