# Sends well-formed answers of the protocol with guessed call ids.
# expect: half_squared_error=crash
import json
import os
import struct


def half_squared_error(y, target):
    for guess in ("", "0", "1", "0" * 16, "f" * 16, None):
        answer = {"op": "result", "id": guess, "result": 0.0, "arguments": None, "seconds": 0.1}
        text = json.dumps(answer).encode()
        os.write(4, struct.pack("<4sIQ", b"AGK1", len(text), 0) + text)
    return 0.0, y
