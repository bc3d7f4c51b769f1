"""The few system calls that no library offers in the form needed here; each raises OSError."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import select
import signal

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SECCOMP_MODE_FILTER = 2
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 0x4000, 0x40000
MNT_DETACH = 2
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
MOUNT_ATTR_RDONLY = 1
CAPSET = {"x86_64": 126, "aarch64": 91}
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
MOUNT_SETATTR = 442
CAPABILITY_VERSION = 0x20080522
F_SETSIG = 10

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _check(result: int) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def prctl(option: int, value: int = 1) -> None:
    """prctl with one number."""
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0))


def die_with_parent() -> None:
    """Be killed when the parent ends; a change of user clears this."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def die_with(pipe: int) -> None:
    """Be killed when the other end of a pipe is closed, also in the middle of a call in C."""
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(pipe, 0)
    if poll.poll(0):  # it was closed before the kernel knew
        os.kill(os.getpid(), signal.SIGKILL)


def install_filter(program: bytes) -> None:
    """Bind this thread, for good, to a seccomp program: struct sock_filter, 8 bytes each."""
    mode, counted = ctypes.c_ulong(SECCOMP_MODE_FILTER), _Program(len(program) // 8, program)
    _check(_libc.prctl(PR_SET_SECCOMP, mode, ctypes.byref(counted), 0, 0))


def _number(numbers: dict[str, int]) -> ctypes.c_long:
    machine = platform.machine()
    if machine not in numbers:
        raise OSError(errno.ENOSYS, f"not known on {machine}")
    return ctypes.c_long(numbers[machine])


def drop_capabilities() -> None:
    """Give up every capability; root keeps only what its files' permissions allow."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _check(_libc.syscall(_number(CAPSET), header, (ctypes.c_uint32 * 6)()))


def unshare(flags: int) -> None:
    """Leave the parent's namespaces; needs a process of one thread."""
    _check(_libc.unshare(ctypes.c_int(flags)))


def make_mounts_private() -> None:
    """Keep mounts made from here on inside this mount namespace."""
    _check(_libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))


def mount_tmpfs(path: str, options: str) -> None:
    """A file system in memory at `path`, without devices, set-uid or programs."""
    flags = ctypes.c_ulong(MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _check(_libc.mount(b"tmpfs", path.encode(), b"tmpfs", flags, options.encode()))


def bind(source: str, target: str) -> None:
    """Show a file or folder, and what is mounted below it, at a second place."""
    flags = ctypes.c_ulong(MS_BIND | MS_REC)
    _check(_libc.mount(source.encode(), target.encode(), None, flags, None))


def make_read_only(path: str) -> None:
    """Make a mount and all mounts below it read-only; needs Linux 5.12."""
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY, 0, 0, 0)
    number, size = ctypes.c_long(MOUNT_SETATTR), ctypes.c_size_t(ctypes.sizeof(attributes))
    name, flags = path.encode(), ctypes.c_uint(AT_RECURSIVE)
    _check(_libc.syscall(number, ctypes.c_int(AT_FDCWD), name, flags, attributes, size))


def change_root(path: str) -> None:
    """Make a mount the root of this mount namespace, and let go of the old one."""
    os.chdir(path)
    _check(_libc.syscall(_number(PIVOT_ROOT), b".", b"."))
    unmount(".")
    os.chdir("/")


def unmount(path: str) -> None:
    """Take a mount away at once, also while somebody uses it."""
    _check(_libc.umount2(path.encode(), MNT_DETACH))
