# Opens folders for their path alone and reads below them, and changes into them.
# expect: all right
import os


def below(folder, name):
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    return os.read(os.open(name, os.O_RDONLY, dir_fd=handle), 10)


def entered(folder, name):
    os.fchdir(os.open(folder, os.O_PATH | os.O_DIRECTORY))
    return open(name).read()


def attack():
    here = os.getcwd()
    for step in (below, entered):
        refused(step, "<course>", "solutions/lab2_rnn.py")
        refused(step, "/", "etc/passwd")
        refused(step, "..", "../../../etc/passwd")
    os.chdir(here)
