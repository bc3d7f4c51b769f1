# Switches the garbage collector off and fills the process with cycles.
# expect: all right
import gc
import sys


def attack():
    gc.disable()
    gc.set_threshold(0)
    sys.setswitchinterval(1000)
    for _ in range(1000):
        cycle = []
        cycle.append(cycle)
