# Lets a thread write an answer after the call has ended, for whatever is asked next.
# expect: half_squared_error=right|partly|crash|wrong|missing; others right|crash|error|missing
import gc
import json
import os
import struct
import threading
import time

_error = half_squared_error


def late():
    session = next(one for one in gc.get_objects() if type(one).__name__ == "RequestLoop")
    for _ in range(200):
        text = json.dumps({"op": "missing", "id": session.current}).encode()
        time.sleep(0.002)
        os.write(4, struct.pack("<4sIQ", b"AGK1", len(text), 0) + text)


def half_squared_error(y, target):
    threading.Thread(target=late, daemon=True).start()
    return _error(y, target)
