# Makes folders inside each other, deeper than any path can name, and takes their rights away.
# expect: all right
import os


def attack():
    here = os.getcwd()
    os.umask(0o777)
    try:
        for _ in range(300):
            os.umask(0)
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
    except OSError:
        pass
    os.umask(0o777)
    os.chdir(here)
