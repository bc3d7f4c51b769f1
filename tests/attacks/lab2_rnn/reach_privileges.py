# Asks for rights: other users, capabilities, name spaces, mounts, roots.
# expect: all right
import ctypes
import os


def attack():
    for user in (0, 65534, 1000):
        refused(os.setuid, user)
        refused(os.setgid, user)
        refused(os.setresuid, user, user, user)
        refused(os.setgroups, [user])
    for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x8000000):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(flag) == 0:
            raise Escaped(f"unshare {flag:x}")
    if libc.mount(b"none", b".", b"tmpfs", 0, None) == 0 or libc.umount2(b".", 2) == 0:
        raise Escaped("mounts")
    refused(os.chroot, ".")
    if libc.prctl(24, 21, 0, 0, 0) == 0 or libc.capset(None, None) == 0:
        raise Escaped("capabilities")
