# Fills its folder with empty files until no more can be made.
# expect: all right; only A+
import errno


def attack():
    try:
        for number in range(20_000):
            open(f"small{number}", "w").close()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return
        raise
    raise Escaped("20,000 files were made")
