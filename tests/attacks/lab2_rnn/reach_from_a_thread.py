# Tries from a thread that it starts itself, hoping that walls bind only the first.
# expect: all right
import os
import socket
import threading


def attack():
    def inside():
        refused(open, "/etc/passwd")
        refused(open, "<course>/solutions/lab2_rnn.py")
        refused(socket.socket)
        refused(os.fork)
        refused(os.kill, os.getppid(), 0)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
