# Undoes what binds it to its parent, and takes other names and roles.
# expect: all right
import ctypes


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((1, 0), (4, 1), (36, 1), (8, 1), (22, 0), (38, 0), (15, 0), (35, 1),
                          (0x59616D61, -1)):
        if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0:
            raise Escaped(f"prctl {option}")
