# Makes files in every folder where files could be left.
# expect: all right
import os


def attack():
    here = os.path.dirname(os.getcwd())
    for folder in ("<course>", "<course>/solutions", "<course>/results", "<home>", "/tmp",
                   "/var/tmp", "/dev/shm", "/", here, "/etc", "/run", "/usr/lib"):
        refused(open, f"{folder}/<mark>", "w")
        refused(os.mkdir, f"{folder}/<mark>")
        refused(os.mkfifo, f"{folder}/<mark>")
        refused(os.mknod, f"{folder}/<mark>")
