# Makes symbolic and hard links to what it may not read, and reads through them.
# expect: all right
import os


def attack():
    for place, target in enumerate(("<course>/solutions/lab2_rnn.py", "/etc/passwd", "<secret>",
                                    "/proc/self/environ", "/")):
        refused(os.symlink, target, f"soft{place}")
        refused(os.link, target, f"hard{place}")
