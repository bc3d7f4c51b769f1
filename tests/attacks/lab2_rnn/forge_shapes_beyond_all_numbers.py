# Answers with the real id and arrays whose shapes no machine can hold.
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


def meta(shape):
    return {"a": {"kind": "numpy", "dtype": "float64", "device": "meta", "shape": shape}}


def half_squared_error(y, target):
    answered({"t": [0.5, meta([2**63])]})


def relative_error(a, b):
    answered(meta([float("inf")]))


def output_layer(h, W_hy, b_y):
    answered(meta([2**40, 2**40, 2**40]))
