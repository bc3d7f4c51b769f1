# Sends signals to its own process in every way that Python knows.
# expect: all right
import os
import signal
import threading


def attack():
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGABRT):
        refused(os.kill, os.getpid(), number)
        refused(signal.raise_signal, number)
        refused(signal.pthread_kill, threading.get_ident(), number)
    refused(os.killpg, 0, signal.SIGKILL)
