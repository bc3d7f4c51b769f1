# Prints what moves the cursor and ends lines, and bytes that are no text.
# expect: all right
import os


def attack():
    print("\x1b[2J\x1b]52;c;ZWNobyBvd25lZA==\x07\u202e\ud800")
    os.write(1, b"\xff\xfe\x00\x9b31m" * 100)
