# Reads keys and settings in the home folder of the grader and of root.
# expect: all right
import os


def attack():
    for home in ("<home>", "/root", "/home"):
        refused(os.listdir, home)
        for name in (".ssh/id_rsa", ".netrc", ".bash_history", ".jupyter", ".aws/credentials"):
            refused(open, f"{home}/{name}")
