# Makes files whose names are control characters, dots, markup and no text at all.
# expect: all right
import os


def attack():
    for name in (b"\xff\xfe", b"\x1b[2J", b"-rf", b"...", b"\n", b"a" * 255, b"<b>", b"*"):
        with open(name, "w") as file:
            file.write("x")
    os.rename(b"-rf", b"--help")
