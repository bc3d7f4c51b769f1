# Leaves a thread behind that spoils NumPy for the exercises after it.
# expect: output_layer=wrong
import threading
import time

import numpy as np


def spoil():
    while True:
        np.sum = np.tanh = np.max = lambda *a, **k: 0.0
        time.sleep(0.0001)


def output_layer(h, W_hy, b_y):
    threading.Thread(target=spoil, daemon=True).start()
    return h
