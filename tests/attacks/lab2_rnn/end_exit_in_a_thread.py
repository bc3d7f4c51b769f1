# Calls sys.exit and raises in threads, where nobody should notice.
# expect: all right
import sys
import threading


def attack():
    for action in (sys.exit, lambda: 1 / 0, lambda: (_ for _ in ()).throw(KeyboardInterrupt)):
        thread = threading.Thread(target=action)
        thread.start()
        thread.join()
