# Leaves files, modules, attributes and settings for the submission after it.
# expect: all right
import builtins
import gc
import os
import sys
import tempfile
import threading
import time

import numpy as np

for _one in (builtins, sys, np, os, gc):
    _one.left_by_an_attack = True
sys.modules["left_by_an_attack"] = sys


def attack():
    for folder in (".", tempfile.gettempdir(), os.environ["HOME"]):
        with open(f"{folder}/left_by_an_attack.py", "w") as file:
            file.write("raise SystemExit\n")
    os.makedirs("sitecustomize/left/by/an/attack", exist_ok=True)
    os.environ["ATTACK"] = "1"
    os.umask(0)
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
