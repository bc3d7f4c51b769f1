# Asks which files exist, how large they are and when they were changed.
# expect: all right; only A+
import os


def attack():
    for name in ("<course>/solutions/lab2_rnn.py", "<secret>", "<other>", "<home>",
                 "/etc/passwd", "/root/.ssh", "/home"):
        refused(os.stat, name)
        refused(os.lstat, name)
        refused(os.statvfs, name)
        refused(os.readlink, name)
        if os.access(name, os.F_OK):
            raise Escaped(name)
