# Asks the judge in odd ways while it is willing to answer: numbers out of order, rubbish, names.
# expect: rnn_step=wrong, rnn_forward=crash|wrong|error
import gc
import json
import os
import struct


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    return x @ W_xh


def rnn_forward(x, h0, W_xh, W_hh, b_h):
    session = next(one for one in gc.get_objects() if type(one).__name__ == "RequestLoop")
    if not session.may_ask:
        return rnn_step(x[:, 0], h0, W_xh, W_hh, b_h)
    question = {"op": "ask", "id": session.current, "number": 1, "name": "rnn_step",
                "args": [{"a": {"kind": "numpy", "dtype": "float64", "device": "meta",
                                "shape": [2**62, 2**62]}}],
                "kwargs": [["../x", {"d": [[1, [2]]]}]]}
    text = json.dumps(question).encode()
    os.write(4, struct.pack("<4sIQ", b"AGK1", len(text), 0) + text)
    return session.ask("__import__", ("os",), {})
