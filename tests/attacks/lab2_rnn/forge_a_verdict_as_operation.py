# Answers the call with operations that do not exist, but sound well.
# expect: half_squared_error=crash
import gc
import json
import os
import struct


def half_squared_error(y, target):
    session = next(one for one in gc.get_objects() if type(one).__name__ == "RequestLoop")
    for word in ("passed", "right", "skip", "skipped", "not_graded", "verdict"):
        text = json.dumps({"op": word, "id": session.current, "score": 5.0}).encode()
        os.write(4, struct.pack("<4sIQ", b"AGK1", len(text), 0) + text)
    return 0.0, y
