# Changes its folder upwards and reads by names relative to it.
# expect: all right
import os


def attack():
    here = os.getcwd()
    for _ in range(20):
        try:
            os.chdir("..")
        except OSError:
            break
        refused(open, "etc/passwd")
        refused(open, "<course>/solutions/lab2_rnn.py"[1:])
    os.chdir(here)
