# Reads environments, command lines, memory and open files of the processes around it.
# expect: all right
import os


def attack():
    parent = os.getppid()
    for process in ("1", str(parent), str(parent - 1), "self", "thread-self", str(os.getpid())):
        for name in ("environ", "cmdline", "mem", "maps", "status", "fd/0", "fd/3", "fdinfo/3",
                     "mountinfo", "stack", "auxv", "task", "fd", "ns/net", "smaps"):
            refused(os.open, f"/proc/{process}/{name}", os.O_RDONLY)
    refused(os.listdir, "/proc")
