# Calls the parts of the kernel in which holes are found most often.
# expect: all right
import ctypes

CALLS = {
    "io_uring_setup": 425, "io_uring_enter": 426, "bpf": 321, "userfaultfd": 323,
    "perf_event_open": 298, "memfd_create": 319, "memfd_secret": 447, "keyctl": 250,
    "add_key": 248, "request_key": 249, "modify_ldt": 154, "personality": 135, "unshare": 272,
    "setns": 308, "seccomp": 317, "prctl": 157, "landlock_create_ruleset": 444, "iopl": 172,
    "ioperm": 173, "init_module": 175, "finit_module": 313, "kexec_load": 246, "quotactl": 179,
    "acct": 163, "syslog": 103, "fanotify_init": 300, "inotify_init1": 294, "vmsplice": 278,
    "splice": 275, "tee": 276, "pkey_alloc": 330, "mq_open": 240, "nfsservctl": 180,
    "lookup_dcookie": 212, "remap_file_pages": 216, "execveat": 322, "rt_tgsigqueueinfo": 297,
}


def call(number):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, 0, 0, 0, 0, 0, 0) == -1:
        number = ctypes.get_errno()
        if number in (1, 38):
            raise PermissionError(number, "refused")
    return number


def attack():
    for number in CALLS.values():
        refused(call, number)
