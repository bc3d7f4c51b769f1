# Answers with the real id and arrays of dtypes that only look like some.
# expect: half_squared_error=crash|wrong, relative_error=crash|wrong, output_layer=crash|wrong
import gc
import json
import os
import struct
import time


def answered(node):
    session = next(one for one in gc.get_objects() if type(one).__name__ == "RequestLoop")
    answer = {"op": "result", "id": session.current, "result": node, "arguments": None,
              "seconds": 0.1}
    text = json.dumps(answer).encode()
    os.write(4, struct.pack("<4sIQ", b"AGK1", len(text), 0) + text)
    time.sleep(0.05)
    os._exit(0)


def meta(dtype, **more):
    return {"a": {"kind": "numpy", "dtype": dtype, "device": "meta", "shape": [3, 4], **more}}


def half_squared_error(y, target):
    answered({"t": [0.5, meta("O")]})


def relative_error(a, b):
    answered(meta("bfloat16", kind="scalar"))


def output_layer(h, W_hy, b_y):
    answered(meta("float128", layout="turned"))
