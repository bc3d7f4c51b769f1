# Opens its own memory as a file, to read and write what Python would not show.
# expect: all right
import os


def attack():
    for name in ("/proc/self/mem", f"/proc/{os.getpid()}/mem", "/dev/mem", "/dev/kmem",
                 "/proc/kcore", "/dev/port", "/proc/self/pagemap", "/proc/self/clear_refs",
                 "/proc/self/oom_score_adj", "/proc/self/coredump_filter"):
        for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR):
            refused(os.open, name, flags)
