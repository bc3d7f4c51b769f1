# Changes the libraries that every later submission imports.
# expect: all right
import os
import sys

import numpy as np


def attack():
    for name in (np.__file__, os.__file__, np.linalg.__file__, sys.executable):
        refused(open, name, "a")
        refused(os.truncate, name, 0)
        refused(os.unlink, name)
        refused(os.rename, name, name + ".<mark>")
    for folder in (os.path.dirname(os.__file__), os.path.dirname(np.__file__)):
        refused(open, f"{folder}/<mark>.py", "w")
        refused(open, f"{folder}/__pycache__/<mark>.pyc", "wb")
