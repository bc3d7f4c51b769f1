# Answers with the real id and in the right form, but has no right numbers to put into it.
# expect: half_squared_error=wrong|crash
import gc
import json
import os
import struct
import time


def half_squared_error(y, target):
    session = next(one for one in gc.get_objects() if type(one).__name__ == "RequestLoop")
    answer = {"op": "result", "id": session.current, "result": {"t": [0.0, None]},
              "arguments": None, "seconds": 0.1}
    text = json.dumps(answer).encode()
    os.write(4, struct.pack("<4sIQ", b"AGK1", len(text), 0) + text)
    time.sleep(0.01)
    os._exit(0)
