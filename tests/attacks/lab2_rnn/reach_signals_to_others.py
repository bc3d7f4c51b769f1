# Sends signals to its parent, to all processes, to groups and through descriptors.
# expect: all right
import os
import signal


def attack():
    parent = os.getppid()
    for number in (0, signal.SIGCONT, signal.SIGURG):
        for target in (parent, -1, 1, 0, -parent, parent - 1):
            refused(os.kill, target, number)
        refused(os.killpg, parent, number)
    refused(os.pidfd_open, parent)
    refused(signal.pidfd_send_signal, 3, 0)
    refused(os.waitid, os.P_ALL, 0, os.WEXITED | os.WNOHANG)
