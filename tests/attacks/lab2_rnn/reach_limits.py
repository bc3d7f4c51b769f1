# Raises its limits, its priority and its share of the processors.
# expect: all right
import os
import resource


def attack():
    for name in ("AS", "CPU", "FSIZE", "NOFILE", "NPROC", "CORE", "STACK", "DATA", "MEMLOCK"):
        kind = getattr(resource, f"RLIMIT_{name}")
        refused(resource.setrlimit, kind, (-1, -1), errors=(OSError, ValueError))
        refused(resource.setrlimit, kind, (0, 0), errors=(OSError, ValueError))
        refused(resource.prlimit, os.getppid(), kind, (0, 0))
    refused(os.nice, -20)
    refused(os.setpriority, os.PRIO_PROCESS, os.getppid(), 19)
    refused(os.sched_setaffinity, 0, {0})
    refused(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
