# Runs shell commands, whose exit status says that they did not run.
# expect: all right
import os


def attack():
    status = os.system("echo owned > /tmp/<mark>")
    if status == 0:
        raise Escaped("a shell ran")
