# Makes files that are larger than the disk, with nothing in them.
# expect: all right
import os


def attack():
    with open("sparse", "wb") as file:
        refused(os.ftruncate, file.fileno(), 2**40)
        refused(os.posix_fallocate, file.fileno(), 0, 2**34)
        file.seek(2**30)
        refused(lambda: (file.write(b"x"), file.flush()))
        try:
            file.close()
        except OSError:
            return
