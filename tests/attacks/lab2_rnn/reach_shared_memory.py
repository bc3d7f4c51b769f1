# Makes memory, semaphores and queues that outlive the process.
# expect: all right
import ctypes
import mmap
import os


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    for make in (lambda: libc.shmget(4711, 4096, 0o1666), lambda: libc.semget(4711, 1, 0o1666),
                 lambda: libc.msgget(4711, 0o1666), lambda: libc.shm_open(b"/<mark>", 66, 0o666),
                 lambda: libc.mq_open(b"/<mark>", 66, 0o666, None),
                 lambda: libc.shmat(0, None, 0)):
        if make() != -1:
            raise Escaped(str(make))
    refused(os.memfd_create, "<mark>")
    mmap.mmap(-1, 4096).close()
