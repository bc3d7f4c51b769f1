# Answers for its own cell while it runs, so that the judge is one answer behind for ever after.
# expect: others crash|missing|right
import gc
import json
import os
import struct

_session = next(one for one in gc.get_objects() if type(one).__name__ == "RequestLoop")
_names = ("rnn_step", "rnn_forward", "half_squared_error", "relative_error")
_text = json.dumps({"op": "ran", "id": _session.current, "error": None,
                    "defined": dict.fromkeys(_names, "function")}).encode()
os.write(4, struct.pack("<4sIQ", b"AGK1", len(_text), 0) + _text)
