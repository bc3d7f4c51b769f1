# Reads ahead on the descriptor of the requests to see what will be asked.
# expect: all right
import os


def attack():
    os.set_blocking(3, False)
    refused(os.read, 3, 1_000_000)
    os.set_blocking(3, True)
