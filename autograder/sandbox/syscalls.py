"""The system calls that a worker may make: an allow-list, everything else gives EPERM.

The list is enough for NumPy, PyTorch (training, attention, packed sequences), threads, asyncio and
matplotlib.  Left out on purpose: starting programs and processes, signals, sockets, tracing,
shared memory, locks on files, and whatever changes a file's owner, mode or times.
"""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Collection

ALLOWED = (
    "read write readv writev pread64 pwrite64 close close_range fstat newfstatat stat lstat statx "
    "lseek poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait open openat "
    "access faccessat faccessat2 readlink readlinkat getdents64 getcwd chdir fchdir mmap munmap "
    "mprotect mremap madvise brk msync mincore membarrier rt_sigaction rt_sigprocmask "
    "rt_sigreturn sigaltstack rt_sigtimedwait setitimer getitimer alarm pause futex "
    "set_robust_list get_robust_list rseq set_tid_address sched_yield sched_getaffinity "
    "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage "
    "sysinfo uname getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid "
    "getgroups getpgrp getrandom dup dup2 dup3 pipe pipe2 eventfd2 ftruncate unlink unlinkat "
    "rename renameat renameat2 mkdir mkdirat rmdir fsync fdatasync fadvise64 umask exit "
    "exit_group restart_syscall arch_prctl statfs fstatfs getcpu "
)

CUDA = (
    "mlock munlock mbind get_mempolicy set_mempolicy sched_setaffinity sched_getparam "
    "sched_getscheduler sched_get_priority_max sched_get_priority_min memfd_create fallocate "
    "ioctl "
)

CLONE_THREAD = 0x10000
AF_UNIX = 1
FCNTL = (0, 1, 2, 3, 4, 1030)  # DUPFD, GETFD, SETFD, GETFL, SETFL, DUPFD_CLOEXEC
IOCTL = (0x5401, 0x5413, 0x541B, 0x5451, 0x5450, 0x5421)  # TCGETS … FIOCLEX, FIONCLEX, FIONBIO

Condition = tuple[int, int, int]
"""(argument's number, mask, value): the argument's masked bits must equal the value."""

WORD, LONG = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF

CONDITIONAL: list[tuple[str, Condition]] = [
    ("clone", (0, CLONE_THREAD, CLONE_THREAD)),
    ("prlimit64", (2, LONG, 0)),
    ("socketpair", (0, WORD, AF_UNIX)),
    ("sendto", (4, LONG, 0)),
    ("recvfrom", (4, LONG, 0)),
    *(("fcntl", (1, WORD, command)) for command in FCNTL),
    *(("ioctl", (1, WORD, command)) for command in IOCTL),
]


def program(device: str, without: Collection[str]) -> tuple[bytes, str]:
    """The seccomp program, and which library made it; (b"", why) where none can.

    device: "cuda" adds what its driver needs, which is more than a CPU's workers get.  without:
    libraries not to be used.
    """
    allowed = (ALLOWED + (CUDA if device == "cuda" else "")).split()
    why = []
    for name, make in (("libseccomp", _by_libseccomp), ("seccompy", _by_seccompy)):
        try:
            if name in without:
                raise ImportError("left out")
            return make(allowed), name
        except (ImportError, RuntimeError, OSError, AttributeError, ValueError) as error:
            why.append(f"{name}: {error}")
    return b"", "; ".join(why)


def _by_libseccomp(allowed: list[str]) -> bytes:
    import pyseccomp

    made = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    with contextlib.suppress(OSError):
        made.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, 2)
    for name in allowed:
        made.add_rule(pyseccomp.ALLOW, name)
    made.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    for name, (number, mask, value) in CONDITIONAL:
        if name not in allowed:
            argument = pyseccomp.Arg(number, pyseccomp.MASKED_EQ, mask, value)
            made.add_rule(pyseccomp.ALLOW, name, argument)
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()


def _by_seccompy(allowed: list[str]) -> bytes:
    from seccompy import Action, ArgCmp, CmpOp, Filter, syscall_nr

    made = Filter(default=Action.ERRNO | errno.EPERM)
    for name in allowed:
        try:
            made.allow(syscall_nr(name))
        except ValueError:
            continue
    made.errno("clone3", errno.ENOSYS)
    for name, (number, mask, value) in CONDITIONAL:
        if name not in allowed:
            made.allow(name, args=[ArgCmp(number, CmpOp.MASKED_EQ, value, mask)])
    return bytes(made.program)
