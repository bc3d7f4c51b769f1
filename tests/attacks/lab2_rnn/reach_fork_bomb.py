# Forks and forks again, from threads as well.
# expect: all right
import os
import threading


def bomb():
    for _ in range(20):
        try:
            if os.fork() == 0:
                os._exit(0)
        except OSError:
            continue
        ESCAPES.append("a process was forked")


def attack():
    threads = [threading.Thread(target=bomb) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
