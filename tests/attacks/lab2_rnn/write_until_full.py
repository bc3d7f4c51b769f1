# Fills its folder with bytes until nothing more goes in.
# expect: all right
import errno


def attack():
    try:
        for number in range(200):
            with open(f"large{number}", "wb") as file:
                file.write(bytes(2**20))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            return
        raise
    raise Escaped("200 MiB were written")
