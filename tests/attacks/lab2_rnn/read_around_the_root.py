# Takes every detour to the root: dots, /proc/self/root, /proc/self/cwd, descriptors of folders.
# expect: all right
import os


def attack():
    up = "../" * 40
    for start in ("", "/", "/proc/self/root/", "/proc/self/cwd/", "/proc/thread-self/root/",
                  "/dev/fd/0/", "/usr/lib/../../"):
        refused(open, f"{start}{up}<course>/solutions/lab2_rnn.py")
    for folder in ("/", "..", "../..", "/usr", "<course>"):
        refused(os.listdir, folder)
