# Changes, truncates, renames and removes files of the course, the secret and another submission.
# expect: all right
import os
import shutil


def attack():
    for name in ("<course>/solutions/lab2_rnn.py", "<secret>", "<other>", "<course>/pyproject.toml"):
        refused(open, name, "a")
        refused(open, name, "r+")
        refused(os.truncate, name, 0)
        refused(os.rename, name, f"{name}.<mark>")
        refused(os.replace, "x", name)
        refused(os.unlink, name)
        refused(os.chmod, name, 0o777)
        refused(os.chown, name, 0, 0)
        refused(os.utime, name)
    shutil.rmtree("<course>", ignore_errors=True)
    shutil.rmtree("/", ignore_errors=True)
