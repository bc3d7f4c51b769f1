# Reads what another student handed in, and lists the folder it is in.
# expect: all right
import os
from pathlib import Path


def attack():
    refused(Path("<other>").read_text)
    refused(os.listdir, os.path.dirname("<other>"))
    refused(os.scandir, os.path.dirname("<other>"))
