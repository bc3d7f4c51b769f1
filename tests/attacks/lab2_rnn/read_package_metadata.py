# Looks for the course through installed packages, editable installs and entry points.
# expect: all right
import glob
import sys

FOLDERS = list(sys.path)


def found_in(name):
    with open(name) as file:
        return "<course>" in file.read() or 1 / 0


def attack():
    for folder in FOLDERS:
        for pattern in ("__editable__*", "*.egg-link", "autograder*", "solutions*", "labcheck*",
                        "*.pth", "rnn_labs*/direct_url.json"):
            for name in glob.glob(f"{folder}/{pattern}"):
                refused(found_in, name, errors=(OSError, ZeroDivisionError))
