# Finds the id of the call in the worker's memory and answers itself, with a verdict beside it.
# expect: half_squared_error=crash
import gc
import json
import os
import struct


def half_squared_error(y, target):
    session = next(one for one in gc.get_objects() if type(one).__name__ == "RequestLoop")
    answer = {"op": "result", "id": session.current, "result": 0.0, "arguments": None,
              "seconds": 0.1, "passed": True, "score": 5.0}
    text = json.dumps(answer).encode()
    os.write(4, struct.pack("<4sIQ", b"AGK1", len(text), 0) + text)
    return 0.0, y
