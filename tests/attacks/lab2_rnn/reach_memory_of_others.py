# Reads, writes and traces other processes.
# expect: all right
import ctypes
import os


def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *(ctypes.c_long(one) for one in arguments)) == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return number


def attack():
    parent, room = os.getppid(), ctypes.create_string_buffer(64)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(room), 64)
    place = ctypes.addressof(vector)
    for process in (parent, 1, os.getpid()):
        refused(call, 310, process, place, 1, place, 1, 0)  # process_vm_readv
        refused(call, 311, process, place, 1, place, 1, 0)  # process_vm_writev
        refused(call, 101, 16, process, 0, 0)  # ptrace: attach
        refused(call, 101, 0x4206, process, 0, 0)  # ptrace: seize
        refused(call, 312, process, os.getpid(), 0, 3, 4)  # kcmp
        refused(call, 440, 3, place, 1, 4, 0)  # process_madvise
    refused(call, 101, 0, 0, 0, 0)  # ptrace: trace me
    refused(call, 438, 3, 0, 0)  # pidfd_getfd
