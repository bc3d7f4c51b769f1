# Reads the course secret, from which hidden inputs are drawn, knowing where it is.
# expect: all right
import os


def attack():
    refused(open, "<secret>", "rb")
    refused(open, "<course>/results/secret", "rb")
    refused(os.open, "<secret>", os.O_PATH)
