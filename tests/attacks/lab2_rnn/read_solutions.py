# Reads the course's solutions and specs, knowing where they are.
# expect: all right
from pathlib import Path


def attack():
    for name in ("solutions/lab2_rnn.py", "exercises/lab2_rnn/rnn_step.py",
                 "autograder/spec/vocabulary.py", "autograder/labcheck/tree.py"):
        refused(Path("<course>", name).read_bytes)
